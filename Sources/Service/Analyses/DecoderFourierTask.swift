import Analysis
import JSON
import Models
import Platform
import Tensors
import Training

/// Frequencies inside the decoder of a masked autoencoder (Park et al. 2023, figure 11; science: B.7).
struct DecoderFourierTask: AnalysisTask {
    private let model: NamedModel
    private let analysis: FourierAnalysis
    private let hasMap: Bool
    private let maskRatio: Double
    private let seed: UInt64
    private let heads: Int?
    private let images: Int

    var models: [NamedModel] { [model] }
    var turnKey: String? { nil }
    /// The decoder is as much work as the encoder, about, and both are written for training.
    var secondsBeside: Double { Double(images) * model.model.config.forwardFLOPs * 2 / 5e10 }

    /// Reads the parameters; nil, with a fault noted, where they do not fit the model.
    static func read(_ parameters: inout ParameterReader, _ model: NamedModel, images: Int) -> DecoderFourierTask? {
        let config = model.model.config
        let convention = parameters.choice("convention", default: Convention.corrected)
        let hasMap = parameters.flag("map")
        let ratio = parameters.number("mask_ratio", in: 0...0.99) ?? 0.75
        let seed = parameters.integer("seed", in: 0...1_000_000_000) ?? 0
        let heads = parameters.integer("decoder_heads", in: 1...1024)
        if parameters.text("layers") != nil {
            parameters.add("layers", "part=decoder answers for every block of the decoder; leave layers out.")
        }
        guard config.patchEmbed == .linear, config.relPos == .none, config.numPrefixTokens == 1 else {
            parameters.add("part", "“\(model.name)” is no encoder of MAE, so it has no decoder.")
            return nil
        }
        return DecoderFourierTask(
            model: model, analysis: FourierAnalysis(grid: config.grid, convention: convention), hasMap: hasMap,
            maskRatio: ratio, seed: UInt64(seed), heads: heads, images: images)
    }

    var canonical: [String] {
        [
            "part decoder", "mask_ratio \(maskRatio)", "seed \(seed)", "decoder_heads \(heads.map(String.init) ?? "")",
            "convention \(analysis.convention.rawValue)", "map \(hasMap)",
        ]
    }

    func answer(_ context: AnalysisContext) async throws -> AnalysisAnswer {
        let config = model.model.config, cost = ForwardCost(config)
        // Maps and streams of a decoder's block are kept until its batch is done; MAE's has eight.
        let extra = saturatingProduct(
            8, saturatingSum(saturatingProduct(16, config.numTokens, config.numTokens), config.numTokens * 8192), 4)
        let bytes = saturatingSum(
            saturatingProduct(model.model.transformer.parameterCount, 8),
            cost.bytes(images: context.images.count, extraBytesPerImage: extra))
        return try await context.admitted(bytes: bytes, alternative: "Ask for a smaller model.") { slices in
            let decoder = try await slices.run { _ in try DecoderWeights(model, heads: heads) }
            let depth = decoder.objective.config.decoderDepth
            let curves = FourierCurves(
                analysis: analysis, hasMap: hasMap,
                names: ["decoder_embed"] + (0..<depth).map { "decoder_blocks.\($0)" },
                halfSteps: (0...depth).map { 2 * $0 })
            let start = (0...depth).map { _ in VectorStatistics(count: curves.width) }
            let sums = try await context.fold(
                into: start, model: model.model, batchSize: 1, slices
            ) { batch in
                let streams = try context.time.measure("forward") {
                    try batch.checkCancellation()
                    return decoder.objective.decoderStreams(
                        batch.pixels, kept: kept(batch.sources), weights: decoder.weights, pool: batch.pool)
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
                    ("part", .string("decoder")), ("mask_ratio", .double(maskRatio)), ("seed", .int(Int(seed))),
                    ("decoder_heads", .int(decoder.objective.config.decoderHeads)),
                    ("decoder_dim", .int(decoder.objective.config.decoderDim)),
                ], at: 0)
            return answer
        }
    }

    /// The patches that the encoder sees of each image: an image keeps its own wherever it stands in a set.
    private func kept(_ sources: [ImageSource]) -> [[Int]] {
        let patches = model.model.config.grid.count
        let noise = sources.flatMap { source in
            var random = RandomStream(seed: seed, "mae.mask " + source.key)
            return (0..<patches).map { _ in Float(random.uniform()) }
        }
        return MAE.keptPatches(noise: Tensor(shape: [sources.count, patches], noise), ratio: maskRatio)
    }
}

/// Which half of a masked autoencoder is looked into. Raw values are those of the parameter `part`.
enum AutoencoderPart: String, Sendable, CaseIterable {
    case encoder, decoder
}
