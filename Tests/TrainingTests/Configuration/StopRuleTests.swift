import JSON
import Testing
import Training

@Suite struct StopRuleTests {
    func faults(_ rules: String, _ analysis: String = "null", method: String = "hybrid") throws -> [String: String] {
        try TrainingConfigurationTests.faults(
            #"{"method": "\#(method)", "init_from": "a", "arch": "vit_tiny_patch16_224", "dataset": "d", "#
                + #""analysis": \#(analysis), "stop_when": \#(rules)}"#)
    }

    func rules(_ rules: String, _ analysis: String = "null") throws -> TrainingConfiguration {
        try TrainingConfigurationTests.parse(
            #"{"method": "hybrid", "arch": "vit_tiny_patch16_224", "dataset": "d", "#
                + #""analysis": \#(analysis), "stop_when": \#(rules)}"#)
    }

    @Test func rulesAreReadAndWrittenDown() throws {
        let text = #"[{"metric": "loss", "below": 0.5}, {"metric": "attention-nmi", "below": 0.02, "after_epochs": 3}]"#
        let found = try rules(text, #"{"probe_set": "p", "metrics": ["attention-nmi"]}"#)
        #expect(
            found.stopRules == [
                StopRule(metric: "loss", below: 0.5),
                StopRule(metric: "attention-nmi", layer: -1, below: 0.02, afterEpochs: 3),
            ])
        #expect(found.analysis?.everyEpochs == 5)
        let written = String(decoding: found.resolved.canonical, as: UTF8.self)
        #expect(written.contains(#"{"metric":"attention-nmi","layer":-1,"below":0.02,"after_epochs":3}"#))
        let again = try TrainingConfigurationTests.parse(written)
        #expect(again.stopRules == found.stopRules && again.resolved == found.resolved)
        // Silence writes nothing, so that older runs stay what they are.
        let silent = String(decoding: try rules("null").resolved.canonical, as: UTF8.self)
        #expect(!silent.contains("stop_when") && !silent.contains("analysis"))
    }

    @Test func everyFaultHasItsPlace() throws {
        let found = try faults(
            """
            [{"metric": "loss"}, {"below": 1}, {"metric": "loss", "below": 1, "above": 2},
             {"metric": "loss", "below": "low"}, {"metric": "lss", "below": 1}, {"metric": "loss", "below": 1, "layer": 2},
             {"metric": "attention-nmi", "below": 1}, {"metric": "loss", "below": 1, "after_epochs": -1, "more": 1}]
            """)
        #expect(
            Set(found.keys) == [
                "/stop_when/0", "/stop_when/1/metric", "/stop_when/2/above", "/stop_when/3/below",
                "/stop_when/4/metric",
                "/stop_when/5/layer", "/stop_when/6/metric", "/stop_when/7/after_epochs", "/stop_when/7/more",
            ])
        #expect(found["/stop_when/4/metric"]?.contains("“loss”") == true)
        #expect(try faults("3")["/stop_when"] != nil && faults("[3]")["/stop_when"] != nil)
        let analysis = #"{"probe_set": "p", "metrics": ["fourier"]}"#
        #expect(try faults(#"[{"metric": "attention-nmi", "below": 1}]"#, analysis)["/stop_when/0/metric"] != nil)
        let deep = #"[{"metric": "fourier", "below": 1, "layer": 40}]"#
        #expect(try faults(deep, analysis)["/stop_when/0/layer"] != nil)
    }

    @Test func analysesAreCheckedWhole() throws {
        #expect(
            try faults("null", #"{"every_epochs": 0, "probe_set": "", "metrics": ["fouriers"], "x": 1}"#).count == 4)
        #expect(try faults("null", #"{"probe_set": "p", "metrics": ["fouriers"]}"#)["/analysis/metrics"] != nil)
        #expect(
            try faults("null", #"{"probe_set": "p", "metrics": ["fourier", "fourier"]}"#)["/analysis/metrics"] != nil)
        #expect(try faults("null", #"{"probe_set": "p", "metrics": []}"#)["/analysis/metrics"] != nil)
        #expect(try faults("null", #"{"probe_set": "p", "metrics": ["attention-entropy"]}"#).isEmpty)
        #expect(try faults("null", "[1]").keys.sorted() == ["/analysis"])
    }

    @Test func metricsAreThoseOfTheMethod() throws {
        func known(_ metric: String, _ method: String, _ more: String = "") throws -> Bool {
            try TrainingConfigurationTests.faults(
                #"{"method": "\#(method)", "init_from": "a", "arch": "vit_tiny_patch16_224", "dataset": "d"\#(more), "#
                    + #""stop_when": [{"metric": "\#(metric)", "above": 0.9}]}"#
            ).isEmpty
        }
        #expect(try known("loss_moco", "hybrid") && !known("loss_moco", "moco_v3"))
        #expect(try !known("val_accuracy", "finetune"))
        #expect(try known("val_accuracy", "finetune", #", "validation_dataset": "v""#))
        #expect(try known("accuracy.12", "linear_probe") && !known("accuracy.13", "linear_probe"))
        #expect(try !known("accuracy.3", "linear_probe", #", "probe": {"layers": [-1]}"#))
        #expect(try known("gradient_norm", "mae"))
    }

    @Test func boundsAreStrictAndWaitForTheirEpoch() {
        let below = StopRule(metric: "loss", below: 0.5, afterEpochs: 2)
        #expect(below.isMet(by: 0.4, epoch: 2) && !below.isMet(by: 0.5, epoch: 2) && !below.isMet(by: 0.4, epoch: 1.9))
        #expect(!below.isMet(by: .nan, epoch: 3) && !below.isMet(by: -.infinity, epoch: 3))
        let above = StopRule(metric: "attention-nmi", above: 0.5)
        #expect(above.layer == -1 && above.analysis == .attentionNMI)
        #expect(above.valueMeeting(among: [0.9, 0.1], epoch: 0) == nil)
        #expect(above.valueMeeting(among: [0.1, 0.9], epoch: 0) == 0.9)
        let first = StopRule(metric: "attention-nmi", layer: 0, above: 0.5)
        #expect(first.valueMeeting(among: [0.9, 0.1], epoch: 0) == 0.9)
        #expect(first.valueMeeting(among: [], epoch: 0) == nil)
        #expect(below.valueMeeting(among: [0.1], epoch: 5) == nil)
        #expect(below.reason(0.25, step: 7) == "loss was 0.25 at step 7, which is below 0.5")
    }
}
