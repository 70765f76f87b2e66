import Models
import Platform
import Tensors
import Testing

/// An image's numbers are the same bits in any batch, at any place in it, on any number of threads, and whatever else is
/// asked for. Compared by bits: no tolerance.
@Suite struct SameBitsTests {
    /// Networks whose extents fill no vector, fill them, and need several pieces an image.
    enum Kind: String, CaseIterable, CustomTestStringConvertible {
        case odd, registers, convStem, relativePositions, swiglu, manyTokens, wide, withoutClassToken

        var testDescription: String { rawValue }

        var config: VisionTransformerConfig {
            func config(_ height: Int, _ width: Int, patch: Int = 4, embed: Int, heads: Int, hidden: Int)
                -> VisionTransformerConfig
            {
                var config = VisionTransformerConfig(
                    imgSize: ImageSize(height: height, width: width), patchSize: patch, embedDim: embed, depth: 2,
                    numHeads: heads, mlpHidden: hidden)
                config.numClasses = 7
                return config
            }
            var result: VisionTransformerConfig
            switch self {
            case .odd: result = config(12, 20, embed: 36, heads: 3, hidden: 50)
            case .registers:
                result = config(24, 16, embed: 24, heads: 2, hidden: 96)
                result.numRegisters = 3
                result.layerScale = true
            case .convStem:
                result = config(48, 64, patch: 16, embed: 64, heads: 4, hidden: 96)
                result.patchEmbed = .convStem
            case .relativePositions:
                result = config(16, 24, embed: 30, heads: 5, hidden: 61)
                result.relPos = .shared
                result.posEmbed = .none
            case .swiglu:
                result = config(28, 28, embed: 48, heads: 3, hidden: 66)
                result.mlp = .swiglu
            case .manyTokens: result = config(84, 72, embed: 40, heads: 2, hidden: 100)
            case .wide: result = config(16, 16, embed: 400, heads: 8, hidden: 1500)
            case .withoutClassToken:
                result = config(20, 20, embed: 44, heads: 2, hidden: 90)
                result.classToken = false
                result.globalPool = .avg
            }
            return result
        }

        /// Everything that the network shows.
        func request(_ config: VisionTransformerConfig) -> IntermediatesRequest {
            var request = IntermediatesRequest()
            request.hiddenStates = [0, 1, 2]
            request.attentionResiduals = [0, 1]
            request.attentions = [0: .all, 1: .all]
            request.headOutputs = [0, 1]
            request.logits = true
            return request
        }
    }

    /// Five images, of which the last two are the same.
    private func images(_ config: VisionTransformerConfig) -> [Tensor] {
        let size = config.imgSize, count = 3 * size.height * size.width
        var images = (0..<4).map { index in
            var random = SplitMix64(seed: 40 + UInt64(index))
            return Tensor(
                shape: [1, 3, size.height, size.width], (0..<count).map { _ in random.uniform() * 4 - 2 })
        }
        images.append(images[3])
        return images
    }

    /// Every tensor of one image's pass, by name, as bits.
    private func bits(_ shown: Intermediates, image: Int) -> [String: [UInt32]] {
        func part(_ tensor: Tensor) -> [UInt32] { tensor.part(image).array.map(\.bitPattern) }
        var bits: [String: [UInt32]] = [:]
        for (index, tensor) in shown.hiddenStates { bits["hidden \(index)"] = part(tensor) }
        for (index, tensor) in shown.attentionResiduals { bits["residual \(index)"] = part(tensor) }
        for (index, tensor) in shown.attentions { bits["attention \(index)"] = part(tensor) }
        for (index, tensor) in shown.headOutputs { bits["head output \(index)"] = part(tensor) }
        bits["logits"] = shown.logits.map(part)
        return bits
    }

    private func pool(_ threads: Int) -> ThreadPool {
        ThreadPool(threads: threads) { NumericLibraries.prepareThread() }
    }

    /// Those that this processor has.
    static let precisions = Precision.allCases.filter { $0.lacking == nil }

    @Test(arguments: Kind.allCases, precisions)
    func inAnyBatchAtAnyPlaceOnAnyThreads(kind: Kind, precision: Precision) throws {
        NumericLibraries.prepareThread()
        let config = kind.config, request = kind.request(config), images = images(config)
        let model = try VisionTransformer.random(config, seed: 3, precision: precision)
        let alone = images.map {
            bits(model.forwardIntermediates($0, request: request, pool: pool(1)), image: 0)
        }
        #expect(alone[0].count == 3 + 2 + 2 + 2 + 1)
        #expect(alone[3] == alone[4])
        #expect(alone[0] != alone[1])
        let orders = [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 0], [3, 1, 4, 3, 3, 0, 2, 1], [1]]
        for threads in [1, 2, 3, 5] {
            let pool = pool(threads)
            for order in orders {
                let batch = Tensor.concatenating(order.map { images[$0] })
                let shown = model.forwardIntermediates(batch, request: request, pool: pool)
                for (place, image) in order.enumerated() {
                    for (name, own) in bits(shown, image: place) {
                        #expect(
                            own == alone[image][name],
                            "\(name) of image \(image) at place \(place) of \(order), \(threads) threads")
                    }
                }
            }
        }
    }

    /// One row of one head asked for alone, the last thing computed, against all rows of all heads.
    @Test(arguments: Kind.allCases, precisions) func whateverElseIsAsked(kind: Kind, precision: Precision) throws {
        NumericLibraries.prepareThread()
        let config = kind.config, pool = pool(2), images = images(config)
        let model = try VisionTransformer.random(config, seed: 3, precision: precision)
        let whole = model.forwardIntermediates(images[0], request: kind.request(config), pool: pool)
        for block in 0..<2 {
            let map = try #require(whole.attentions[block])
            for query in [0, config.numTokens - 1] {
                var request = IntermediatesRequest()
                request.attentions = [block: AttentionSelection(heads: [1], queries: [query])]
                let shown = model.forwardIntermediates(
                    Tensor.concatenating([images[2], images[0]]), request: request, pool: pool)
                let row = try #require(shown.attentions[block])
                #expect(row.shape == [2, 1, 1, config.numTokens])
                for key in 0..<config.numTokens {
                    #expect(row[1, 0, 0, key].bitPattern == map[0, 1, query, key].bitPattern)
                }
            }
        }
    }

    /// OpenBLAS stands in where oneDNN refuses a processor: the promise holds there, too.
    @Test(arguments: [PackedLinear.Backend.oneDNN, .openBLAS]) func productsOfAnImage(backend: PackedLinear.Backend) {
        NumericLibraries.prepareThread()
        for (rows, inputs, outputs) in [(1, 5, 3), (7, 36, 108), (197, 96, 384), (300, 50, 400), (530, 33, 17)] {
            var random = SplitMix64(seed: 1)
            func tensor(_ shape: [Int]) -> Tensor {
                Tensor(shape: shape, (0..<shape.reduce(1, *)).map { _ in random.uniform() - 0.5 })
            }
            let layer = PackedLinear(weight: tensor([outputs, inputs]), bias: tensor([outputs]), backend: backend)
            let images = (0..<3).map { _ in tensor([1, rows, inputs]) }
            for activation in [PackedLinear.Activation.none, .gelu] {
                let alone = images.map { layer.forward($0, activation: activation, pool: pool(1)) }
                for threads in [1, 2, 4] {
                    let together = layer.forward(
                        Tensor.concatenating([images[2], images[0], images[1]]), activation: activation,
                        pool: pool(threads))
                    for (place, image) in [2, 0, 1].enumerated() {
                        #expect(together.part(place).array == alone[image].array)
                    }
                    var sum = together
                    layer.accumulate(
                        Tensor.concatenating([images[2], images[0], images[1]]), into: &sum, pool: pool(threads))
                    var own = alone[0]
                    layer.accumulate(images[0], into: &own, pool: pool(1))
                    #expect(sum.part(1).array == own.array)
                }
            }
        }
    }
}
