import Images
import Tensors
import TestSupport
import Testing
import Training

/// What one rank has of a batch is what one process would have at the same places.
@Suite struct BatchPartTests {
    private static func plan(_ mixing: Mixing?) -> ViewPlan {
        ViewPlan(
            views: [.simMIM(imgSize: 32)], masking: .simMIM(patchSize: 8, maskPatchSize: 8, maskRatio: 0.6),
            mixing: mixing)
    }

    @Test(arguments: [1, 2, 3, 6], [false, true]) func partsTogetherAreTheWhole(ranks: Int, mixes: Bool) throws {
        let dataset = TrainingDataset.shapesTextures(try ShapesTextures(count: 40, imgSize: 32, seed: 3))
        let plan = Self.plan(mixes ? Mixing(classes: 10) : nil)
        let whole = try BatchMaker(dataset, plan: plan, batchSize: 12, seed: 5).batch(epoch: 1, batch: 2)
        #expect(whole.slots == nil)
        var seen: [Int] = []
        for rank in 0..<ranks {
            let maker = try BatchMaker(
                dataset, plan: plan, batchSize: 12, part: BatchPart(rank: rank, of: ranks), seed: 5)
            let part = try maker.batch(epoch: 1, batch: 2), slots = part.slots ?? Array(0..<12)
            seen += slots
            #expect(part.count == 12 / ranks)
            for (place, slot) in slots.enumerated() {
                #expect(part.indices[place] == whole.indices[slot] && part.labels[place] == whole.labels[slot])
                #expect(part.views[0].part(place).array == whole.views[0].part(slot).array)
                #expect(part.mask?.rows(place..<place + 1).array == whole.mask?.rows(slot..<slot + 1).array)
                #expect(
                    part.softTargets?.rows(place..<place + 1).array == whole.softTargets?.rows(slot..<slot + 1).array)
            }
        }
        #expect(seen.sorted() == Array(0..<12))
    }
}
