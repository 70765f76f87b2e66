import TestSupport
import Images
import Tensors
import Testing
import Training

@Suite struct BatchMakerTests {
    private static let mocoViews: [ViewRecipe] = [.mocoV3(view: 1, imgSize: 24), .mocoV3(view: 2, imgSize: 24)]
    private static let simMIM = ViewPlan.Masking.simMIM(patchSize: 4, maskPatchSize: 8, maskRatio: 0.6)

    private func builtIn(_ count: Int = 40) throws -> TrainingDataset {
        .shapesTextures(try ShapesTextures(count: count, imgSize: 32, seed: 5))
    }

    @Test func batchesAreFunctionsOfSeedEpochAndNumber() throws {
        let plan = ViewPlan(views: Self.mocoViews)
        let maker = try BatchMaker(builtIn(), plan: plan, batchSize: 8, seed: 1)
        let again = try BatchMaker(builtIn(), plan: plan, batchSize: 8, seed: 1, cacheBytes: 0)
        _ = try maker.batch(epoch: 0, batch: 0)
        let batch = try maker.batch(epoch: 3, batch: 2), same = try again.batch(epoch: 3, batch: 2)
        #expect(DataFixtures.numbers(batch) == DataFixtures.numbers(same))
        #expect(batch.indices == same.indices && batch.labels == same.labels)
        #expect(batch.indices != (try maker.batch(epoch: 4, batch: 2).indices))
        let other = try BatchMaker(builtIn(), plan: plan, batchSize: 8, seed: 2).batch(epoch: 3, batch: 2)
        #expect(batch.indices != other.indices)
        let set = try builtIn()
        #expect(batch.labels == batch.indices.map { set.label(at: $0) })
    }

    @Test func epochsVisitEachImageOnceAndDropTheRest() throws {
        let maker = try BatchMaker(builtIn(43), plan: ViewPlan(views: [.simMIM(imgSize: 16)]), batchSize: 8, seed: 1)
        #expect(maker.batchesPerEpoch == 5)
        for epoch in 0..<2 {
            let seen = try (0..<5).flatMap { try maker.batch(epoch: epoch, batch: $0).indices }
            #expect(Set(seen).count == 40)
            #expect(seen != seen.sorted())
        }
        let still = try BatchMaker(
            builtIn(), plan: ViewPlan(views: [.evaluation(imgSize: 16)]), batchSize: 8, seed: 1, shuffles: false)
        #expect(try still.batch(epoch: 0, batch: 1).indices == Array(8..<16))
    }

    @Test func viewsOfAnImageDoNotDependOnItsBatch() throws {
        let plan = ViewPlan(views: [.simMIM(imgSize: 16)])
        let small = try BatchMaker(builtIn(), plan: plan, batchSize: 4, seed: 1)
        let large = try BatchMaker(builtIn(), plan: plan, batchSize: 8, seed: 1)
        let halves = [try small.batch(epoch: 2, batch: 0), try small.batch(epoch: 2, batch: 1)]
        let whole = try large.batch(epoch: 2, batch: 0)
        #expect(whole.indices == halves[0].indices + halves[1].indices)
        #expect(whole.views[0].array == halves[0].views[0].array + halves[1].views[0].array)
    }

    @Test func hybridSeesWhatItsPartsSee() throws {
        let masked = ViewRecipe.simMIM(imgSize: 24)
        func batch(_ plan: ViewPlan) throws -> Batch {
            try BatchMaker(builtIn(), plan: plan, batchSize: 8, seed: 7).batch(epoch: 1, batch: 3)
        }
        let hybrid = try batch(ViewPlan(views: Self.mocoViews + [masked], masking: Self.simMIM))
        let moco = try batch(ViewPlan(views: Self.mocoViews))
        let simMIM = try batch(ViewPlan(views: [masked], masking: Self.simMIM))
        #expect(hybrid.views.count == 3)
        #expect(hybrid.views[0] == moco.views[0] && hybrid.views[1] == moco.views[1])
        #expect(hybrid.views[2] == simMIM.views[0])
        #expect(hybrid.mask == simMIM.mask && hybrid.mask != nil)
        #expect(moco.mask == nil && moco.noise == nil)
        #expect(moco.views[0] != moco.views[1])
    }

    @Test func masksAndNoiseHaveANumberForEachPatch() throws {
        let plan = ViewPlan(views: [.simMIM(imgSize: 24)], masking: Self.simMIM)
        let mask = try #require(
            try BatchMaker(builtIn(), plan: plan, batchSize: 8, seed: 7).batch(epoch: 0, batch: 0).mask)
        #expect(mask.shape == [8, 36])
        // ⌈9 · 0.6⌉ = 6 cells of four patches.
        for image in 0..<8 { #expect(mask.part(image).array.reduce(0, +) == 24) }
        #expect(mask.part(0) != mask.part(1))
        let mae = ViewPlan(views: [.mae(imgSize: 24)], masking: .mae(patchSize: 8))
        let noise = try #require(
            try BatchMaker(builtIn(), plan: mae, batchSize: 8, seed: 7).batch(epoch: 0, batch: 0).noise)
        #expect(noise.shape == [8, 9])
        #expect(Set(noise.array).count == 72)
        #expect(noise.array.everyOne { (0...1).contains($0) })
    }

    /// SimMIM's counts: 30 cells of 49 at 224 pixels, 22 of 36 at 192.
    @Test(arguments: [(224, 16, 32, 30, 120), (192, 16, 32, 22, 88), (48, 6, 6, 39, 39)])
    func maskCountsAreThoseOfSimMIM(side: Int, patch: Int, cell: Int, cells: Int, patches: Int) {
        let generator = MaskGenerator(
            height: side, width: side, patchSize: patch, maskPatchSize: cell, maskRatio: 0.6)
        #expect(generator.count == cells)
        var random = RandomStream(seed: 1, "mask")
        let mask = generator.mask(random: &random), scale = cell / patch, columns = side / patch
        #expect(mask.count == generator.patches && mask.count == columns * columns)
        #expect(mask.count { $0 == 1 } == patches && mask.count { $0 == 0 } == mask.count - patches)
        for (index, value) in mask.enumerated() {
            let row = index / columns / scale * scale, column = index % columns / scale * scale
            #expect(value == mask[row * columns + column])
        }
    }

    @Test func masksCoverAllCellsAlike() {
        let generator = MaskGenerator(height: 64, width: 32, patchSize: 16, maskPatchSize: 16, maskRatio: 0.5)
        var random = RandomStream(seed: 1, "mask"), sums = [Float](repeating: 0, count: 8)
        for _ in 0..<2000 { for (cell, value) in generator.mask(random: &random).enumerated() { sums[cell] += value } }
        // 1,000 each, give or take five standard deviations.
        #expect(sums.everyOne { abs($0 - 1000) < 112 })
    }

    @Test func batchLargerThanTheSetIsRefused() throws {
        let plan = ViewPlan(views: [.simMIM(imgSize: 16)])
        let error = #expect(throws: DataError.batchTooLarge(batchSize: 41, count: 40)) {
            try BatchMaker(builtIn(), plan: plan, batchSize: 41, seed: 0)
        }
        #expect(error?.description.contains("41") == true && error?.description.contains("batch_size") == true)
        #expect(try BatchMaker(builtIn(40), plan: plan, batchSize: 40, seed: 0).batchesPerEpoch == 1)
        #expect(try BatchMaker(builtIn(1), plan: plan, batchSize: 1, seed: 0).batch(epoch: 0, batch: 0).count == 1)
    }

    @Test func mixingNeedsPairsAndLabels() throws {
        let plan = ViewPlan(views: [.fineTuning(imgSize: 16)], mixing: Mixing(classes: 10))
        #expect(throws: DataError.oddBatch(batchSize: 3)) {
            try BatchMaker(builtIn(), plan: plan, batchSize: 3, seed: 0)
        }
        let batch = try BatchMaker(builtIn(), plan: plan, batchSize: 4, seed: 0).batch(epoch: 0, batch: 0)
        #expect(batch.softTargets?.shape == [4, 10])
        try DataFixtures.withFolder(["a.png", "b.png"]) { root in
            let flat = TrainingDataset.folder(try ImageFolder(root))
            #expect(throws: DataError.noLabels) { try BatchMaker(flat, plan: plan, batchSize: 2, seed: 0) }
        }
    }
}
