import Foundation
import Jobs
import Testing
import Training

/// Ends before the last step, by rules and by wishes.
@Suite struct EarlyEndTests {
    static let files = ["model.safetensors", "metrics.jsonl", "config.json"]

    func early(_ events: [TrainingEvent]) -> (outcome: TrainingOutcome, step: Int, reason: String?)? {
        if case .end(let outcome, let step, let reason)? = events.last { (outcome, step, reason) } else { nil }
    }

    /// Met by any loss from step 6 on, which is one and a half epochs.
    func rule(_ more: String = "") -> String {
        #""stop_when": [{"metric": "loss", "above": -1, "after_epochs": 1.5}]\#(more)"#
    }

    @Test func metRuleFinishesTheRun() throws {
        let folder = RunFolder(), run = TinyRun("simmim", rule())
        let found = try run.run(in: folder)
        #expect(found.outcome == .succeeded)
        let end = try #require(early(found.events))
        #expect(end.step == 6 && end.reason?.hasPrefix("loss was ") == true)
        #expect(folder.checkpoints.last == "step-6.safetensors" && folder.bytes("model.safetensors") != nil)
        // It is finished, and stays so.
        try FileManager.default.removeItem(atPath: folder.path + "/model.safetensors")
        let again = try run.run(in: folder)
        #expect(again.outcome == .alreadyFinished)
        #expect(early(again.events)?.reason == end.reason && early(again.events)?.step == 6)
        #expect(folder.bytes("model.safetensors") != nil)
    }

    /// Wherever the run is interrupted, the rule is met at the same step with the same bytes.
    @Test(arguments: ["", #", "checkpoint": {"every_steps": 1}"#]) func interruptedRunMeetsTheRuleAtTheSameStep(
        more: String
    ) throws {
        let straight = RunFolder(), run = TinyRun("moco_v3", rule(more))
        try run.run(in: straight)
        for last in 1...5 {
            let broken = RunFolder()
            #expect(try run.run(in: broken, stopAfter: last).outcome == .stopped)
            #expect(try run.run(in: broken).outcome == .succeeded)
            for name in Self.files { #expect(broken.bytes(name) == straight.bytes(name), "\(name) after \(last)") }
        }
        // A stop that comes together with the rule does not keep the run from its end.
        let both = RunFolder()
        #expect(try run.run(in: both, stopAfter: 6).outcome == .succeeded)
        #expect(both.bytes("model.safetensors") == straight.bytes("model.safetensors"))
    }

    /// A crash after the checkpoint of the step that met the rule, before the run was said to be over.
    @Test func ruleMetBeforeACrashIsJudgedAgain() throws {
        let straight = RunFolder(), broken = RunFolder()
        let run = TinyRun("simmim", rule(#", "checkpoint": {"every_steps": 1}"#))
        try run.run(in: straight)
        try run.run(in: broken)
        let record = try #require(broken.bytes("state.json"))
        var value = try #require(try JSONSerialization.jsonObject(with: record) as? [String: Any])
        value["finished"] = false
        value["finished_early"] = nil
        value["seal"] = nil
        try JSONSerialization.data(withJSONObject: value).write(
            to: URL(fileURLWithPath: broken.path + "/state.json"))
        try FileManager.default.removeItem(atPath: broken.path + "/model.safetensors")
        let found = try run.run(in: broken)
        #expect(found.outcome == .succeeded && early(found.events)?.step == 6)
        for name in Self.files { #expect(broken.bytes(name) == straight.bytes(name), "\(name)") }
    }

    /// The line of a validation may be what a rule waits for, and comes after the checkpoint of its epoch.
    @Test func validationMeetsRulesToo() throws {
        struct Crash: Error {}
        let more =
            #""augmentation": {"mixup": 0}, "validation_dataset": "v", "stop_when": [{"metric": "val_accuracy", "above": 0.4}]"#
        let straight = RunFolder(), broken = RunFolder(), run = TinyRun("supervised", more)
        let found = try run.run(in: straight) { _ in [Metric("val_accuracy", 0.5)] }
        #expect(found.outcome == .succeeded && early(found.events)?.step == 4)
        #expect(straight.checkpoints == ["step-4.safetensors"])
        #expect(throws: TrainingError.self) { try run.run(in: broken) { _ in throw Crash() } }
        let resumed = try run.run(in: broken) { _ in [Metric("val_accuracy", 0.5)] }
        #expect(early(resumed.events)?.step == 4)
        for name in Self.files { #expect(broken.bytes(name) == straight.bytes(name), "\(name)") }
    }

    @Test func finishIsContentWithWhatThereIs() throws {
        let folder = RunFolder(), run = TinyRun("simmim")
        let found = try run.run(in: folder, stopAfter: 5, wish: .finish)
        #expect(found.outcome == .succeeded && early(found.events)?.step == 5)
        #expect(folder.checkpoints == ["step-4.safetensors", "step-5.safetensors"])
        #expect(folder.bytes("model.safetensors") != nil)
        #expect(try run.run(in: folder).outcome == .alreadyFinished)
    }

    /// A run whose last checkpoint was spoiled afterwards is not over.
    @Test func earlyEndGoesWithItsCheckpoint() throws {
        let folder = RunFolder(), run = TinyRun("simmim")
        try run.run(in: folder, stopAfter: 5, wish: .finish)
        try FileManager.default.removeItem(atPath: folder.path + "/checkpoints/step-5.safetensors")
        let found = try run.run(in: folder)
        #expect(found.outcome == .succeeded && early(found.events)?.step == 12 && early(found.events)?.reason == nil)
    }

    @Test func cancelSavesNothing() throws {
        let folder = RunFolder(), run = TinyRun("simmim")
        #expect(try run.run(in: folder, stopAfter: 6, wish: .cancel).outcome == .stopped)
        #expect(folder.checkpoints == ["step-4.safetensors"] && folder.bytes("model.safetensors") == nil)
        let flag = StopFlag()
        flag.raise(.cancel)
        flag.raise(.stop)
        #expect(flag.wish == .cancel)
    }

    /// Rules and analyses are no reason to refuse a run.
    @Test func rulesMayChangeBetweenTwoStarts() throws {
        let folder = RunFolder()
        try TinyRun("simmim").run(in: folder, stopAfter: 5)
        let found = try TinyRun("simmim", rule(#", "analysis": {"probe_set": "p"}"#)).run(in: folder)
        #expect(found.outcome == .succeeded && early(found.events)?.step == 6)
    }
}
