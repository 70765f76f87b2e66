import Reproduction
import TestSupport
import Testing

@Suite struct ChecklistTests {
    /// Four blocks; each list a little larger than that of a model with a smaller `level`.
    private func model(_ name: String, _ level: Double) -> ModelMeasurement {
        var model = ModelMeasurement(name: name)
        let blocks = [0.1, 0.2, 0.3, 0.4].map { $0 * level }, depths = [0] + blocks
        (model.attentionDistancePx, model.attentionNmi) = (blocks, blocks)
        (model.cosineHeads, model.cosineTokens, model.cosineDepths) = (blocks, blocks, blocks.dropLast())
        (model.highFrequency, model.singularTokens, model.singularImages) = (depths, depths, depths)
        (model.shapeProbe, model.shapeProbeCls, model.noiseDrop) = (depths, 0.4 * level, blocks)
        (model.shapeBias, model.shapeBiasDecided) = (0.4 * level, 1)
        return model
    }

    private func checklist(_ change: (inout ModelMeasurement) -> Void) -> Checklist {
        var moco = model("moco", 2)
        change(&moco)
        return Checklist(
            moco: moco, simMIM: model("simmim", 1), hybrid: model("hybrid", 1.5), uniformDistance: 1,
            probeError: 0.01, sweep: [])
    }

    /// Nothing is above or below what is no number, so such a claim is neither shown nor refuted.
    @Test func claimsAboutNoNumberAreNotMeasured() {
        let sound = checklist { _ in }
        let open = sound.items.count { $0.verdict == .notMeasured }
        #expect(sound.items.contains { $0.verdict == .shown } && sound.items.contains { $0.verdict == .notShown })
        let broken = checklist { moco in
            moco.attentionDistancePx[3] = .nan
            moco.shapeProbe[4] = .nan
            moco.shapeBias = .nan
        }
        // Both claims about the distance, that about the last layer, and that about shape bias.
        #expect(broken.items.count { $0.verdict == .notMeasured } == open + 4)
        #expect(broken.items.everyOne { !$0.evidence.contains("nan") })
    }
}
