import Checkpoints
import Foundation
import Jobs
import JSON
import Platform
import Testing
import Training

/// Weights for analyses, and lines that are told.
@Suite struct SnapshotTests {
    static let analysis = #""analysis": {"every_epochs": 2, "probe_set": "p"}"#

    func snapshots(_ events: [TrainingEvent]) -> [Int] {
        events.compactMap { if case .snapshot(let step, _, _) = $0 { step } else { nil } }
    }

    func lines(_ events: [TrainingEvent]) -> [Int] {
        events.compactMap { if case .metric(let line, _, _, _) = $0 { line } else { nil } }
    }

    @Test func snapshotsComeAtTheBeginningBetweenAndAtTheEnd() throws {
        let plain = RunFolder(), folder = RunFolder(), run = TinyRun("simmim", Self.analysis)
        try TinyRun("simmim").run(in: plain)
        #expect(plain.snapshotFiles.isEmpty)
        let events = try run.run(in: folder).events
        #expect(snapshots(events) == [0, 8, 12])
        #expect(folder.snapshotFiles == ["step-0.safetensors", "step-12.safetensors", "step-8.safetensors"])
        #expect(
            FileManager.default.contents(atPath: folder.snapshots.path + "/step-12.safetensors")
                == folder.bytes("model.safetensors"))
        let path = folder.snapshots.path + "/step-8.safetensors"
        #expect(events.contains(.snapshot(step: 8, epoch: 2, path: path)))
        // Nothing that is learned has changed; the configuration's digest is in the metadata.
        #expect(folder.bytes("metrics.jsonl") == plain.bytes("metrics.jsonl"))
    }

    /// What was not written down is asked for again, what was is not.
    @Test func snapshotsThatAreTakenAreNotAskedForAgain() throws {
        let folder = RunFolder(), run = TinyRun("simmim", Self.analysis)
        #expect(snapshots(try run.run(in: folder, stopAfter: 3).events) == [0])
        #expect(!folder.snapshots.isTaken(0))
        try folder.snapshots.markTaken(0)
        #expect(folder.snapshots.isTaken(0))
        #expect(snapshots(try run.run(in: folder, stopAfter: 8).events) == [8])
        // The process died before anybody heard of it.
        #expect(snapshots(try run.run(in: folder, stopAfter: 9).events) == [8])
        try folder.snapshots.markTaken(8)
        #expect(snapshots(try run.run(in: folder).events) == [12])
        #expect(snapshots(try run.run(in: folder).events) == [12])
        try folder.snapshots.markTaken(12)
        #expect(snapshots(try run.run(in: folder).events).isEmpty)
    }

    @Test func runThatIsContentLeavesItsLastWeights() throws {
        let folder = RunFolder(), run = TinyRun("simmim", Self.analysis)
        #expect(snapshots(try run.run(in: folder, stopAfter: 5, wish: .finish).events) == [0, 5])
        #expect(snapshots(try run.run(in: RunFolder(), stopAfter: 5, wish: .cancel).events) == [0])
    }

    @Test func linesAreNumberedThroughStopsAndCrashes() throws {
        let folder = RunFolder()
        var run = TinyRun("hybrid")
        run.poisonedStep = 6
        #expect(throws: TrainingError.self) { try run.run(in: folder) }
        run.poisonedStep = nil
        // Lines 4 and 5 were of steps that come again.
        #expect(lines(try run.run(in: folder, stopAfter: 9).events) == [4, 5, 6, 7, 8])
        // Somebody who heard of seven lines hears of two more before new ones.
        let events = try run.run(in: folder, linesTold: 7).events
        #expect(lines(events) == [7, 8, 9, 10, 11])
        let written = try #require(folder.bytes("metrics.jsonl")).split(separator: 10)
        for event in events {
            guard case .metric(let line, let step, let epoch, let values) = event else { continue }
            // Foundation's own reader misses the nearest number now and then.
            let found = try JSONValue.parse(Array(written[line]))
            #expect(found["step"]?.int == step && found["epoch"]?.double == epoch)
            for metric in values { #expect(found[metric.key]?.double == metric.value) }
        }
    }

    /// NaN is told to whoever follows, before the run fails.
    @Test func lossThatIsNoNumberIsAWarningFirst() throws {
        let folder = RunFolder()
        var run = TinyRun("simmim")
        run.poisonedStep = 2
        let configuration = try run.configuration()
        let directory = try RunDirectory(folder.path)
        _ = try directory.enter(configuration, identity: run.identity, allowInexact: false)
        var trainer = try run.trainer(), events: [TrainingEvent] = []
        #expect(throws: TrainingError.notFinite(what: "loss", step: 3)) {
            try trainer.run(
                in: directory, batches: { _ in { step, part in run.batch(step, part, views: 1) } }
            ) { events.append($0) }
        }
        guard case .warning(code: "loss_not_finite", let message)? = events.last else {
            Issue.record("no warning")
            return
        }
        #expect(message.contains("step 3"))
    }

    /// What ends a run after a step, here its validation, leaves the step among what was told.
    @Test func theLastStepIsToldBeforeWhatEndsTheRun() throws {
        let folder = RunFolder(), run = TinyRun("supervised")
        let directory = try RunDirectory(folder.path)
        _ = try directory.enter(try run.configuration(), identity: run.identity, allowInexact: false)
        var trainer = try run.trainer(), events: [TrainingEvent] = []
        #expect(throws: TrainingError.badData("no pictures")) {
            try trainer.run(
                in: directory, batches: { _ in { step, part in run.batch(step, part, views: 1) } },
                validation: { _ in throw TrainingError.badData("no pictures") }
            ) { events.append($0) }
        }
        let steps = events.compactMap { event -> Int? in
            if case .progress(let progress) = event { return progress.step }
            return nil
        }
        #expect(steps == [1, 2, 3, 4])
    }
}
