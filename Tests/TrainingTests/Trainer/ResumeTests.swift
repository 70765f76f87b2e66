import Checkpoints
import Foundation
import Models
import Platform
import Tensors
import Testing
import Training

/// A run that was stopped and taken up again ends with the same bytes as one that was not.
@Suite struct ResumeTests {
    static let runs =
        [
            TinyRun("moco_v3"), TinyRun("simmim"), TinyRun("mae", #""mae": {"decoder_dim": 8, "decoder_depth": 1}"#),
            TinyRun("hybrid", #""accumulation_steps": 2, "checkpoint": {"every_steps": 2}"#),
            TinyRun("moco_v3", #""optimizer": "lars""#),
            TinyRun("simmim", #""optimizer": "sgd", "schedule": "cosine""#),
            TinyRun("supervised", #""augmentation": {"mixup": 0}"#),
        ] + rounded
    /// Where the processor multiplies bf16.
    private static let rounded =
        Precision.bf16.lacking == nil
        ? ["moco_v3", "simmim", "mae"].map { TinyRun($0, #""precision": "bf16""#) } : []

    @Test(arguments: runs.indices) func stoppedRunsEndInTheSameBytes(index: Int) throws {
        let run = Self.runs[index]
        let straight = RunFolder(), broken = RunFolder()
        #expect(try run.run(in: straight).outcome == .succeeded)
        for step in [1, 4, 5, 11] {
            #expect(try run.run(in: broken, stopAfter: step).outcome == .stopped)
        }
        let last = try run.run(in: broken)
        #expect(last.outcome == .succeeded)
        #expect(last.events.contains(.resumed(step: 11)))
        for name in ["checkpoints/step-12.safetensors", "model.safetensors", "metrics.jsonl", "config.json"] {
            let bytes = try #require(straight.bytes(name))
            #expect(broken.bytes(name) == bytes, "\(name) differs")
        }
        #expect(try run.run(in: broken).outcome == .alreadyFinished)
    }

    /// A crash after some steps loses them, and nothing else.
    @Test func runsGoOnFromTheLastIntervalAfterACrash() throws {
        let straight = RunFolder(), broken = RunFolder()
        var run = TinyRun("hybrid")
        try run.run(in: straight)
        run.poisonedStep = 6
        #expect {
            try run.run(in: broken)
        } throws: { error in
            if case TrainingError.notFinite(_, step: 7) = error { true } else { false }
        }
        #expect(broken.checkpoints == ["step-4.safetensors"])
        // Two lines too many, and a torn one.
        let metrics = try #require(broken.bytes("metrics.jsonl"))
        #expect(metrics.split(separator: 10).count == 6)
        try (metrics + Data(#"{"step": 7, "lo"#.utf8)).write(to: URL(fileURLWithPath: broken.path + "/metrics.jsonl"))
        run.poisonedStep = nil
        let events = try run.run(in: broken).events
        #expect(events.contains(.resumed(step: 4)))
        for name in ["checkpoints/step-12.safetensors", "metrics.jsonl"] {
            #expect(broken.bytes(name) == straight.bytes(name))
        }
    }

    @Test func spoiledCheckpointFallsBackToTheOneBefore() throws {
        let straight = RunFolder(), broken = RunFolder()
        let run = TinyRun("moco_v3")
        try run.run(in: straight)
        try run.run(in: broken, stopAfter: 9)
        #expect(broken.checkpoints == ["step-4.safetensors", "step-8.safetensors", "step-9.safetensors"])
        let newest = broken.path + "/checkpoints/step-9.safetensors"
        var bytes = try #require(FileManager.default.contents(atPath: newest))
        bytes[bytes.count - 3] ^= 1
        try bytes.write(to: URL(fileURLWithPath: newest))
        try FileManager.default.removeItem(atPath: broken.path + "/checkpoints/step-8.safetensors")
        let events = try run.run(in: broken).events
        #expect(events.contains(.resumed(step: 4)))
        let warnings = events.filter { if case .warning(code: "checkpoint_unusable", _) = $0 { true } else { false } }
        #expect(warnings.count == 2)
        #expect(broken.bytes("model.safetensors") == straight.bytes("model.safetensors"))
    }

    /// What cannot be opened now may be fine a moment later: nothing is dropped, swept or trained over.
    @Test func checkpointThatCannotBeOpenedStays() throws {
        let straight = RunFolder(), broken = RunFolder(), run = TinyRun("simmim")
        try run.run(in: straight)
        try run.run(in: broken, stopAfter: 9)
        let newest = broken.path + "/checkpoints/step-9.safetensors", elsewhere = broken.path + ".elsewhere"
        let record = try #require(broken.bytes("state.json"))
        let files = FileManager.default
        try files.moveItem(atPath: newest, toPath: elsewhere)
        defer { try? files.removeItem(atPath: elsewhere) }
        // A link to itself cannot be opened even by root.
        try files.createSymbolicLink(atPath: newest, withDestinationPath: newest)
        let error = #expect(throws: TrainingError.self) { try run.run(in: broken) }
        #expect(error.map { "\($0)".contains("Nothing was changed") } == true)
        #expect(broken.bytes("state.json") == record)
        try files.removeItem(atPath: newest)
        try files.moveItem(atPath: elsewhere, toPath: newest)
        #expect(try run.run(in: broken).events.contains(.resumed(step: 9)))
        #expect(broken.bytes("model.safetensors") == straight.bytes("model.safetensors"))
    }

    /// Falling back is no reason to forget: a checkpoint that comes back before the next one is taken again.
    @Test func missingCheckpointIsNotForgotten() throws {
        let folder = RunFolder(), run = TinyRun("simmim")
        try run.run(in: folder, stopAfter: 9)
        let record = try #require(folder.bytes("state.json"))
        try FileManager.default.removeItem(atPath: folder.path + "/checkpoints/step-9.safetensors")
        var poisoned = run
        poisoned.poisonedStep = 8
        #expect(throws: TrainingError.self) { try poisoned.run(in: folder) }
        #expect(folder.bytes("state.json") == record)
    }

    /// A process that dies between an epoch's checkpoint and its validation validates when it comes back.
    @Test func validationComesAfterTheCheckpointAndIsMadeUpFor() throws {
        struct Unreadable: Error {}
        let straight = RunFolder(), broken = RunFolder(), run = TinyRun("supervised", #""augmentation": {"mixup": 0}"#)
        func measure(_ model: NetworkState) -> [Metric] { [Metric("val_accuracy", 0.5)] }
        try run.run(in: straight, validation: measure)
        for epoch in 1...3 {
            var calls = 0
            #expect(throws: TrainingError.self) {
                try run.run(in: broken) { model in
                    calls += 1
                    // The one of the epoch before is made up for.
                    if calls == (epoch == 1 ? 1 : 2) { throw Unreadable() }
                    return measure(model)
                }
            }
            #expect(broken.checkpoints.contains("step-\(epoch * 4).safetensors"))
        }
        #expect(try run.run(in: broken, validation: measure).outcome == .alreadyFinished)
        #expect(broken.bytes("metrics.jsonl") == straight.bytes("metrics.jsonl"))
        #expect(broken.bytes("model.safetensors") == straight.bytes("model.safetensors"))
    }

    @Test func onlyTheLastCheckpointsStay() throws {
        let folder = RunFolder()
        try TinyRun("simmim", #""checkpoint": {"every_steps": 1, "keep_last": 2}"#).run(in: folder)
        #expect(folder.checkpoints == ["step-11.safetensors", "step-12.safetensors"])
    }

    /// What a killed process leaves half-written is swept.
    @Test func leftoversAreSwept() throws {
        let folder = RunFolder(), run = TinyRun("simmim")
        try run.run(in: folder, stopAfter: 4)
        let leftovers = ["step-5.safetensors.tmp-1-ab", "step-5.safetensors"]
        for name in leftovers {
            try Data("x".utf8).write(to: URL(fileURLWithPath: folder.path + "/checkpoints/" + name))
        }
        try run.run(in: folder, stopAfter: 6)
        #expect(folder.checkpoints == ["step-4.safetensors", "step-6.safetensors"])
    }

    @Test func checkpointsAreModelsThatEveryCommandReads() throws {
        for run in Self.runs.prefix(4) {
            let folder = RunFolder()
            try run.run(in: folder)
            for name in ["model.safetensors", "checkpoints/step-12.safetensors"] {
                let checkpoint = try Checkpoint.open(folder.path + "/" + name)
                var hints = ModelHints()
                for (key, text) in checkpoint.metadata { hints.fields[key] = .string(text) }
                let model = try KeyMap.recognise(checkpoint.stateDicts(), hints: hints)
                #expect(model.report.verdict == .complete, "\(model.report.unexpected)")
                #expect(model.config.numHeads == 2 && model.config.depth == 2 && model.config.imgSize.height == 16)
                #expect(model.stateDict["patch_embed.proj.weight"]?.shape == [8, 3, 8, 8])
                _ = try VisionTransformer(config: model.config, stateDict: model.stateDict)
            }
        }
    }
}
