import TestSupport
import Images
import Tensors
import Testing

@Suite struct ViewRecipeTests {
    private let image: Image
    private let recipes: [ViewRecipe] = [
        .mocoV3(view: 1, imgSize: 32), .mocoV3(view: 2, imgSize: 32), .simMIM(imgSize: 32), .mae(imgSize: 32),
        .linearProbe(imgSize: 32), .maeLinearProbe(imgSize: 32), .fineTuning(imgSize: 32), .evaluation(imgSize: 32),
    ]

    init() throws { image = try AugmentationFixtures.image("noise") }

    private func stream(_ index: Int) -> RandomStream { RandomStream(seed: 9, index: index) }

    @Test(arguments: 0..<8)
    func viewsAreFunctionsOfTheirStream(_ number: Int) {
        let recipe = recipes[number]
        let views = (0..<20).map { recipe.image(of: image, random: stream($0)) }
        #expect(views == (0..<20).map { recipe.image(of: image, random: stream($0)) })
        #expect(views.everyOne { $0.height == 32 && $0.width == 32 })
        // Only the evaluation's view is always the same.
        #expect(Set(views).count == (number == 7 ? 1 : 20))
    }

    @Test func factoriesSayWhatTheCatalogueSays() {
        for view in 1...2 {
            let recipe = ViewRecipe.mocoV3(view: view, imgSize: 224)
            #expect(recipe.crop == .random(scale: 0.08...1, ratio: 3 / 4...4 / 3))
            #expect(recipe.interpolation == .bilinear && recipe.flip == 0.5 && recipe.grayscale == 0.2)
            #expect(
                recipe.colorJitter
                    == ColorJitter(probability: 0.8, brightness: 0.4, contrast: 0.4, saturation: 0.2, hue: 0.1))
            #expect(recipe.blur == GaussianBlur(probability: view == 1 ? 1 : 0.1, sigma: 0.1...2))
            #expect(recipe.solarize == (view == 1 ? 0 : 0.2))
        }
        #expect(ViewRecipe.mocoV3(view: 1, imgSize: 224, cropMin: 0.2).crop == .random(scale: 0.2...1))
        #expect(ViewRecipe.simMIM(imgSize: 192).crop == .random(scale: 0.67...1))
        #expect(ViewRecipe.simMIM(imgSize: 192).colorJitter == nil)
        #expect(ViewRecipe.mae(imgSize: 224).crop == .random(scale: 0.2...1))
        #expect(ViewRecipe.mae(imgSize: 224).interpolation == .bicubic)
        #expect(ViewRecipe.fineTuning(imgSize: 224).randomErasing?.probability == 0.25)
        #expect(ViewRecipe.fineTuning(imgSize: 224).randAugment == RandAugment())
    }

    @Test func stepsDrawFromStreamsOfTheirOwn() {
        // Without the flip, the crop and the colours stay what they were.
        var plain = ViewRecipe.mocoV3(view: 2, imgSize: 32)
        plain.flip = 0
        var flipped = plain
        flipped.flip = 1
        for index in 0..<20 {
            let view = plain.image(of: image, random: stream(index))
            #expect(flipped.image(of: image, random: stream(index)) == view.flippedHorizontally())
        }
    }

    @Test func probabilitiesHold() {
        var recipe = ViewRecipe(height: 1, width: 2, crop: .random(scale: 1...1, ratio: 2...2))
        let two = Image(height: 1, width: 2, pixels: [250, 20, 30, 40, 50, 60])
        func share(_ change: (inout ViewRecipe) -> Void) -> Int {
            var changed = recipe
            change(&changed)
            return (0..<2000).count { changed.image(of: two, random: stream($0)) != two }
        }
        recipe.interpolation = .box
        #expect(share { _ in } == 0)
        // 2,000 draws, give or take five standard deviations.
        #expect(abs(share { $0.flip = 0.5 } - 1000) < 112)
        #expect(abs(share { $0.grayscale = 0.2 } - 400) < 90)
        #expect(abs(share { $0.solarize = 0.2 } - 400) < 90)
        #expect(abs(share { $0.blur = GaussianBlur(probability: 0.1, sigma: 1...2) } - 200) < 68)
        #expect(abs(share { $0.colorJitter = ColorJitter(probability: 0.8, brightness: 0.4) } - 1600) < 100)
    }

    @Test func cropsKeepToTheirAreaAndProportions() {
        var areas: [Double] = []
        for index in 0..<2000 {
            var random = stream(index)
            let box = CropBox.random(height: 400, width: 500, scale: 0.08...1, ratio: 3 / 4...4 / 3, random: &random)
            #expect(box.top >= 0 && box.left >= 0 && box.top + box.height <= 400 && box.left + box.width <= 500)
            let ratio = Double(box.width) / Double(box.height)
            #expect(ratio > 0.745 && ratio < 1.342)
            areas.append(Double(box.height * box.width) / 200_000)
        }
        #expect((areas.min() ?? 0) > 0.079 && (areas.min() ?? 1) < 0.1)
        #expect((areas.max() ?? 0) > 0.9)
    }

    @Test func stripsFallBackToTheMiddle() {
        var random = stream(1)
        let long = CropBox.random(height: 10, width: 1000, scale: 0.9...1, ratio: 3 / 4...4 / 3, random: &random)
        #expect(long == CropBox(top: 0, left: 493, height: 10, width: 13))
        let tall = CropBox.random(height: 1000, width: 12, scale: 0.9...1, ratio: 3 / 4...4 / 3, random: &random)
        #expect(tall == CropBox(top: 492, left: 0, height: 16, width: 12))
        let dot = CropBox.random(height: 1, width: 1, scale: 0.08...1, ratio: 3 / 4...4 / 3, random: &random)
        #expect(dot == CropBox(top: 0, left: 0, height: 1, width: 1))
        let clipped = CropBox.clipped(height: 10, width: 1000, scale: 0.9...1, ratio: 3 / 4...4 / 3, random: &random)
        #expect(clipped.height == 10 && clipped.width > 70 && clipped.width < 120)
    }

    @Test func writtenViewsAreNormalizedInTheirPlace() {
        let recipe = recipes[1]
        var batch = Tensor(shape: [3, 3, 32, 32], repeating: 7)
        recipe.write(image, random: stream(4), into: &batch, at: 1)
        let transform = EvaluationTransform(height: 32, width: 32)
        let expected = transform.normalized(recipe.image(of: image, random: stream(4)))
        #expect(batch.part(1) == expected)
        #expect(recipe.tensor(of: image, random: stream(4)) == expected)
        #expect(batch.part(0).array.everyOne { $0 == 7 } && batch.part(2).array.everyOne { $0 == 7 })
        #expect(recipes[7].tensor(of: image, random: stream(4)) == transform.tensor(of: image))
    }

    @Test func erasingReplacesABoxByNoise() throws {
        var recipe = ViewRecipe.evaluation(imgSize: 32)
        let plain = recipe.tensor(of: image, random: stream(0))
        recipe.randomErasing = RandomErasing(probability: 1)
        var noise: [Float] = []
        for index in 0..<50 {
            let erased = recipe.tensor(of: image, random: stream(index))
            let changed = (0..<erased.count).filter { erased[flat: $0] != plain[flat: $0] }
            let share = Double(changed.count) / 3072
            #expect(share > 0.01 && share < 0.36)
            let rows = Set(changed.map { $0 / 32 % 32 }), columns = Set(changed.map { $0 % 32 })
            #expect(rows.count * columns.count * 3 == changed.count)
            noise += changed.map { erased[flat: $0] }
        }
        let mean = noise.reduce(0, +) / Float(noise.count)
        let variance = noise.reduce(0) { $0 + $1 * $1 } / Float(noise.count)
        #expect(noise.count > 5000 && abs(mean) < 0.07 && abs(variance - 1) < 0.1)
        recipe.randomErasing = RandomErasing(probability: 0.25)
        let erased = (0..<1000).count { recipe.tensor(of: image, random: stream($0)) != plain }
        #expect(abs(erased - 250) < 69)
    }

    @Test func randAugmentChangesThreeViewsInFour() {
        // Two draws of probability ½ each; a few of those change nothing that shows.
        let augment = RandAugment()
        let changed = (0..<1000).count { augment.applied(to: image, random: stream($0)) != image }
        #expect(changed > 640 && changed < 820)
        let seen = Set((0..<300).map { augment.applied(to: image, random: stream($0)) })
        #expect(seen.count > 150)
    }
}
