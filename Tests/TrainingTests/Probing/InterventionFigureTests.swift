import Analysis
import Checkpoints
import Foundation
import Models
import Platform
import Tensors
import TestSupport
import Testing
import Training

/// What lesions, noise of frequency bands and cues that disagree do to a classifier, beside PyTorch and NumPy on a split
/// that is given: Fixtures/analysis/interventions.py.
@Suite struct InterventionFigureTests {
    private struct Told: Decodable {
        let logits: [Double]
        let decisions: [Int]
        let accuracy: Double
    }

    private struct Cues: Decodable {
        let discarded: Int
        let shape: Int
        let texture: Int
        let other: Int
        let bias: Double
        let error: Double
        let headed: [Int]
    }

    private struct Figures: Decodable {
        let images: Int
        let train: [Int]
        let test: [Int]
        let labels: [Int]
        let textures: [Int]
        let classes: Int
        let eps: Double
        let halfWindow: Double
        let clean: Told
        let lesions: [String: Told]
        let noises: [String: Told]
        let shapeBias: Cues
    }

    private static let size = ImageSize(height: 8, width: 12)
    private let pool = ThreadPool(threads: 2)
    private let figures: Figures
    private let network: VisionTransformer
    /// (images, 3, height, width), normalized.
    private let images: Tensor

    init() throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let json = try Data(contentsOf: URL(fileURLWithPath: fixture("analysis/interventions.json")))
        figures = try decoder.decode(Figures.self, from: json)
        var config = VisionTransformerConfig(
            imgSize: Self.size, patchSize: 4, embedDim: 12, depth: 3, numHeads: 3, mlpHidden: 20)
        config.numClasses = 5
        let weights = try SafeTensors.decode(MappedFile.open(fixture("analysis/gradient_rollout.safetensors"))).tensors
        network = try VisionTransformer(config: config, stateDict: weights)
        images = Tensor(
            shape: [figures.images, 3, Self.size.height, Self.size.width],
            (0..<figures.images).flatMap { number in
                Self.plane(number) { c, y, x in
                    let value = x * x * (3 + number) + y * (7 + 5 * number + 2 * c) + x * y * (1 + c) + 31 * c
                    return (Float((value + 17 * number) % 256) / 255 - 0.5) / 0.5
                }
            })
    }

    private static func plane(_ number: Int, _ value: (Int, Int, Int) -> Float) -> [Float] {
        (0..<3).flatMap { c in
            (0..<size.height).flatMap { y in (0..<size.width).map { x in value(c, y, x) } }
        }
    }

    /// What a classifier reads: the mean patch after the last block.
    private func features(_ images: Tensor, skipping: Set<ResidualBranch> = []) throws -> Tensor {
        var request = IntermediatesRequest()
        request.hiddenStates = [network.config.depth]
        request.skipping = skipping
        let seen = network.forwardIntermediates(images, request: request, pool: pool)
        return try #require(seen.hiddenStates[network.config.depth]).meanTokens(from: 1)
    }

    private var asked: Tensor { .stacking(figures.test.map { images.part($0) }) }

    /// What a classifier that learned from the given images says of `features`.
    private func logits(_ asked: Tensor) throws -> Tensor {
        let learned = try features(.stacking(figures.train.map { images.part($0) }))
        return FeatureProbe.logits(
            train: .init(features: [learned], labels: figures.train.map { figures.labels[$0] }), on: [asked],
            classes: figures.classes, pool: pool)[0]
    }

    private func expect(_ features: Tensor, _ told: Told, _ what: String) throws {
        let found = try logits(features), decided = found.largestColumns
        #expect(pairs(found.array.map(Double.init), told.logits).everyOne { abs($0 - $1) < 2e-3 }, "\(what)")
        #expect(decided == told.decisions.map(Optional.some), "\(what)")
        let right = figures.test.map { figures.labels[$0] }
        #expect(FeatureProbe.share(decided, right: right) == told.accuracy, "\(what)")
    }

    @Test func theSplitHasNoImageOnBothSides() {
        #expect(Set(figures.train + figures.test).count == figures.images)
        #expect(figures.train.count + figures.test.count == figures.images)
    }

    @Test func unchangedImagesAgree() throws { try expect(features(asked), figures.clean, "clean") }

    @Test func lesionsAgree() throws {
        try #require(figures.lesions.count == 6)
        for block in 0..<network.config.depth {
            for (part, branch) in [("attn", ResidualBranch.attention(block)), ("mlp", .mlp(block))] {
                let told = try #require(figures.lesions["\(part) \(block)"])
                #expect(told.logits != figures.clean.logits)
                try expect(features(asked, skipping: [branch]), told, "\(part) \(block)")
            }
        }
    }

    @Test func noiseOfABandAgrees() throws {
        try #require(figures.noises.count == 2)
        for (frequency, told) in figures.noises {
            let band = FrequencyBandNoise(
                height: Self.size.height, width: Self.size.width, frequency: try #require(Double(frequency)),
                halfWindow: figures.halfWindow)
            let added = figures.test.flatMap { number in
                (0..<3).flatMap { c in band.band(of: noise(number, c), pool: pool).values.map { Float($0) } }
            }
            let noisy = Tensor(shape: asked.shape, zip(asked.array, added).map { $0 + $1 })
            try expect(features(noisy), told, frequency)
        }
    }

    /// ±eps by a formula.
    private func noise(_ number: Int, _ channel: Int) -> DoubleMatrix {
        let (height, width) = (Self.size.height, Self.size.width)
        let values = (0..<height).flatMap { y in
            (0..<width).map { x in
                let value = (7 * y * y + 3 * x * x + 5 * x * y + 11 * channel + 13 * number + x) % 7
                return value < 3 ? figures.eps : -figures.eps
            }
        }
        return DoubleMatrix(rows: height, cols: width, values)
    }

    @Test func shapeBiasAgrees() throws {
        let decided = try logits(features(asked)).largestColumns
        var cues = CueDecisions(classes: figures.classes)
        for (decision, image) in zip(decided, figures.test) {
            cues.add(
                decision: try #require(decision), shape: figures.labels[image], texture: figures.textures[image])
        }
        let told = figures.shapeBias
        #expect(cues.discarded == told.discarded && cues.otherCount == told.other)
        #expect(cues.shapeCount == told.shape && cues.textureCount == told.texture)
        #expect(abs(try #require(cues.shapeBias) - told.bias) < 1e-12)
        #expect(abs(try #require(cues.standardError) - told.error) < 1e-12)
    }

    /// A head of ImageNet's classes decides among sixteen as NumPy does.
    @Test func sixteenClassesAgree() throws {
        for (image, decision) in figures.shapeBias.headed.enumerated() {
            let i = Double(image)
            let logits = (0..<1000).map { (column: Int) -> Float in
                let j = Double(column)
                return Float(4 * (sin(0.37 * i + 0.11 * j + 0.00071 * i * j) + cos(0.013 * j * (i + 1))))
            }
            #expect(SixteenClasses.decision(logits) == decision, "\(image)")
        }
        #expect(figures.shapeBias.headed.count == 24 && Set(figures.shapeBias.headed).count > 8)
    }

    /// By hand: attention adds 1 to every number, the MLP 2, so a lesion takes just that away, and an image that was on
    /// the one side of 2.5 falls to the other.
    @Test func aLesionByHand() throws {
        var config = VisionTransformerConfig(
            imgSize: ImageSize(height: 1, width: 1), patchSize: 1, embedDim: 2, depth: 1, numHeads: 1, mlpHidden: 2)
        config.posEmbed = .none
        var weights = StateDict()
        for parameter in VisionTransformer.parameters(of: config) {
            let shape = parameter.name == "patch_embed.proj.weight" ? [2, 3, 1, 1] : parameter.shape
            let number: Float =
                switch parameter.name {
                case "blocks.0.attn.proj.bias": 1
                case "blocks.0.mlp.fc2.bias": 2
                case "patch_embed.proj.weight": 1
                default: 0
                }
            weights[parameter.name] = StateDict.Entry(Tensor(shape: shape, repeating: number))
        }
        let model = try VisionTransformer(config: config, stateDict: weights)
        func decisions(_ skipping: Set<ResidualBranch>) throws -> [Bool] {
            var request = IntermediatesRequest()
            request.hiddenStates = [1]
            request.skipping = skipping
            // Pixels add up to 0 and to 1 over the channels.
            let input = Tensor(shape: [2, 3, 1, 1], [0, 0, 0, 0.5, 0.25, 0.25])
            let seen = model.forwardIntermediates(input, request: request, pool: pool)
            return try #require(seen.hiddenStates[1]).meanTokens(from: 1).array.map { $0 > 2.5 }
        }
        #expect(try decisions([]) == [true, true, true, true])
        #expect(try decisions([.attention(0)]) == [false, false, true, true])
        #expect(try decisions([.mlp(0)]) == [false, false, false, false])
    }

    /// By hand, on 4×4 pixels: a band that holds frequencies −1 and 0 keeps what is constant, half of a wave whose other
    /// half lies at +1, and nothing of a checkerboard.
    @Test func aBandByHand() {
        let band = FrequencyBandNoise(height: 4, width: 4, frequency: 0, halfWindow: 0.5)
        #expect(band.count == 4)
        func kept(_ value: (Int, Int) -> Double) -> [Double] {
            band.band(of: DoubleMatrix(rows: 4, cols: 4, (0..<16).map { value($0 / 4, $0 % 4) }), pool: pool).values
        }
        #expect(kept { _, _ in 3 }.everyOne { abs($0 - 3) < 1e-12 })
        #expect(kept { y, x in (x + y) % 2 == 0 ? 1 : -1 }.everyOne { abs($0) < 1e-12 })
        let wave = [1.0, 0, -1, 0]
        #expect(pairs(kept { _, x in wave[x] }, (0..<16).map { wave[$0 % 4] / 2 }).everyOne { abs($0 - $1) < 1e-12 })
    }
}
