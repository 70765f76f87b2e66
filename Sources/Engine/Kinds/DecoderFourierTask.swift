import Analysis
import Catalogue
import JSON
import Models
import Tensors
import Training

/// Frequencies inside the decoder of a masked autoencoder (Park et al. 2023, figure 11; docs/science.md#fourier).
struct DecoderFourierTask: AnalysisTask {
    private let model: NamedModel
    private let analysis: FourierAnalysis
    private let hasMap: Bool
    private let maskRatio: Double
    private let seed: UInt64
    private let heads: Int?
    private let images: Int

    var models: [NamedModel] { [model] }
    /// The decoder is as much work as the encoder, about, and both are written for training.
    var secondsBeside: Double { Double(images) * model.model.config.forwardFLOPs * 2 / 5e10 }

    init(
        model: NamedModel, analysis: FourierAnalysis, hasMap: Bool, maskRatio: Double, seed: UInt64, heads: Int?,
        images: Int
    ) {
        self.model = model
        self.analysis = analysis
        self.hasMap = hasMap
        self.maskRatio = maskRatio
        self.seed = seed
        self.heads = heads
        self.images = images
    }

    func answer(_ context: AnalysisContext) async throws -> AnalysisAnswer {
        let config = model.model.config, cost = ForwardCost(config)
        // Maps and streams of a decoder's block are kept until its batch is done; MAE's has eight.
        let extra = saturatingProduct(
            8, saturatingSum(saturatingProduct(16, config.numTokens, config.numTokens), config.numTokens * 8192), 4)
        let bytes = saturatingSum(
            saturatingProduct(model.model.parameterCount, 8),
            cost.bytes(images: context.images.count, extraBytesPerImage: extra))
        return try await context.admitted(bytes: bytes, alternative: "Ask for a smaller model.") { slices in
            let decoder = try await slices.run { _ in
                try DecoderWeights(model, try context.network(of: model.model), heads: heads)
            }
            let depth = decoder.objective.config.decoderDepth
            let curves = FourierCurves(
                analysis: analysis, hasMap: hasMap,
                names: ["decoder_embed"] + (0..<depth).map { "decoder_blocks.\($0)" },
                halfSteps: (0...depth).map { 2 * $0 })
            let masking = PatchMasking.scattered(patches: config.grid.count, ratio: maskRatio, seed: seed)
            let start = (0...depth).map { _ in VectorStatistics(count: curves.width) }
            let sums = try await context.fold(
                into: start, model: model.model, batchSize: 1, slices
            ) { batch in
                let streams = try context.time.measure("forward") {
                    try batch.checkCancellation()
                    return decoder.objective.decoderStreams(
                        batch.pixels, kept: batch.sources.map { masking.kept($0) }, weights: decoder.weights,
                        pool: batch.pool)
                }
                return streams.map { curves.numbers($0, 1, batch.pool) }
            } add: { sums, found in
                for (place, matrix) in found.enumerated() {
                    for image in 0..<matrix.rows { sums[place].add((0..<matrix.cols).map { matrix[image, $0] }) }
                }
            }
            var answer = curves.answer(sums, images: context.images.count)
            answer.fields.insert(
                contentsOf: [
                    ("decoder_heads", .int(decoder.objective.config.decoderHeads)),
                    ("decoder_dim", .int(decoder.objective.config.decoderDim)),
                ], at: 0)
            return answer
        }
    }
}

/// Which half of a masked autoencoder is looked into. Raw values are those of the parameter `part`.
enum AutoencoderPart: String, Sendable, CaseIterable {
    case encoder, decoder
}
