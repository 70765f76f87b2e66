import Tensors
import Testing
import Training

@Suite struct MixingTests {
    /// Four images of 3 × 8 × 8 whose every number is the image's.
    private let batch = Batch(
        views: [Tensor(shape: [4, 3, 8, 8], (0..<4).flatMap { [Float](repeating: Float($0), count: 192) })],
        labels: [0, 1, 2, 1])

    @Test func mixupBlendsWithTheImageFromTheEnd() throws {
        let mixing = Mixing(mixup: 0.8, cutmix: 0, smoothing: 0.1, classes: 4)
        for seed in 0..<50 {
            let mixed = mixing.mixed(batch, random: RandomStream(seed: 1, index: seed))
            let view = mixed.views[0], targets = try #require(mixed.softTargets)
            // Images 0 and 3: image 0 becomes 3 · (1 − λ).
            let share = 1 - view[0, 0, 0, 0] / 3
            #expect(share >= -1e-6 && share <= 1)
            #expect(abs(view[1, 2, 7, 7] - (share * 1 + (1 - share) * 2)) < 1e-5)
            #expect(abs(view[3, 1, 3, 3] - share * 3) < 1e-5)
            #expect(abs(targets[0, 0] - (share * 0.925 + (1 - share) * 0.025)) < 1e-5)
            #expect(abs(targets[0, 1] - ((1 - share) * 0.925 + share * 0.025)) < 1e-5)
            for image in 0..<4 { #expect(abs(targets.part(image).array.reduce(0, +) - 1) < 1e-5) }
        }
    }

    @Test func cutmixPastesABoxOfThatShare() throws {
        let mixing = Mixing(mixup: 0, cutmix: 1, smoothing: 0, classes: 3)
        var shares = Set<Float>()
        for seed in 0..<50 {
            let mixed = mixing.mixed(batch, random: RandomStream(seed: 1, index: seed))
            let view = mixed.views[0], targets = try #require(mixed.softTargets)
            let own = view.part(0).array.count { $0 == 0 }, pasted = view.part(0).array.count { $0 == 3 }
            #expect(own + pasted == 192 && pasted % 3 == 0)
            #expect(view.part(2).array.count { $0 == 1 } == pasted)
            #expect(abs(targets[0, 0] - Float(own) / 192) < 1e-6 && abs(targets[0, 1] - Float(pasted) / 192) < 1e-6)
            shares.insert(targets[0, 0])
        }
        #expect(shares.count > 10)
    }

    /// λ of mixup is read off a mixed batch; Beta(α, α) has mean ½ and variance 1 / (8α + 4).
    @Test(arguments: [0.2, 0.8, 1, 3])
    func sharesAreBetaDistributed(_ alpha: Double) {
        let mixing = Mixing(mixup: alpha, cutmix: 0, classes: 3)
        let shares = (0..<4000).map {
            1 - Double(mixing.mixed(batch, random: RandomStream(seed: 2, index: $0)).views[0][0, 0, 0, 0]) / 3
        }
        let mean = shares.reduce(0, +) / 4000, variance = 1 / (8 * alpha + 4)
        let found = shares.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 3999
        #expect(abs(mean - 0.5) < 5 * (variance / 4000).squareRoot())
        // A variance of 4,000 numbers between 0 and 1 is off by 2 % at the most, five times over.
        #expect(abs(found / variance - 1) < 0.12)
    }

    @Test func bothHappen() {
        let mixing = Mixing(classes: 3)
        let cuts = (0..<400).count { seed in
            let view = mixing.mixed(batch, random: RandomStream(seed: 3, index: seed)).views[0]
            return Set(view.part(0).array).isSubset(of: [0, 3])
        }
        #expect((150...250).contains(cuts))
    }

    @Test func noneLeavesTheImages() {
        let mixed = Mixing(mixup: 0, cutmix: 0, smoothing: 0, classes: 3).mixed(
            batch, random: RandomStream(seed: 1, "x"))
        #expect(mixed.views == batch.views)
        #expect(mixed.softTargets?.array == [1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 0])
    }
}
