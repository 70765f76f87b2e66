import Catalogue
import Engine
import Images
import JSON
import Models

/// Asks of a model what the paper's figures show, on the built-in images: the same kinds of analysis as HTTP's, with
/// the same numbers.
struct ModelProbing: Sendable {
    /// How many images are looked at.
    struct Sizes: Sendable {
        /// For attention, frequencies and singular values.
        var analysed = 500
        /// To train linear probes.
        var probeTrain = 4000
        /// To test them.
        var probeTest = 2000
    }

    private let analysis: StandaloneAnalysis
    private let model: NamedModel
    private let sizes: Sizes
    private let analysed, shapes, textures, conflict: [ImageSource]

    /// - Throws: `ImageError.setting` for sizes that make no sense.
    init(_ model: NamedModel, sizes: Sizes, by analysis: StandaloneAnalysis) throws {
        self.analysis = analysis
        self.model = model
        self.sizes = sizes
        // None of these is an image that the models learned from: the jobs draw theirs from seed 100.
        let probed = sizes.probeTrain + sizes.probeTest
        analysed = try Self.sources(model, sizes.analysed, seed: 2)
        shapes = try Self.sources(model, probed, seed: 1, by: .shape)
        textures = try Self.sources(model, probed, seed: 1, by: .texture)
        conflict = try Self.sources(model, sizes.probeTest, seed: 4, cue: .conflict)
    }

    private static func sources(
        _ model: NamedModel, _ count: Int, seed: UInt64, cue: ShapesTextures.Cue = .independent,
        by label: BuiltInDataset.Label? = nil
    ) throws -> [ImageSource] {
        let side = model.model.config.imgSize.height
        let dataset = BuiltInDataset(
            try ShapesTextures(count: count, imgSize: side, seed: seed, cue: cue), by: label)
        return (0..<count).map { index in
            // Named by what decides the pixels: these are drawn for these questions alone.
            let name = "reproduction:\(side):\(seed):\(cue):\(index)"
            return ImageSource(ref: name, sha256: name, origin: .builtIn(dataset, index: index))
        }
    }

    /// What was measured, and the distance of attention that is spread evenly, pixels.
    ///
    /// - Throws: what the analyses throw.
    func measure() async throws -> (model: ModelMeasurement, uniformDistance: Double) {
        var found = ModelMeasurement(name: model.name)
        let distance = try await ask(.attentionDistance, analysed), nmi = try await ask(.attentionNMI, analysed)
        found.attentionDistancePx = distance.numbers("mean")
        found.attentionDistanceSem = distance.numbers("sem")
        found.attentionNmi = nmi.numbers("mean")
        found.attentionNmiSem = nmi.numbers("sem")
        let cosine = try await ask(.tokenSimilarity, analysed)
        found.cosineHeads = cosine.numbers("across_heads")
        found.cosineTokens = cosine.numbers("across_tokens")
        found.cosineDepths = cosine.numbers("across_depth")
        found.highFrequency = try await ask(.fourier, analysed).numbers("depth_curve.high_frequency")
        let singular = try await ask(.singularValues, analysed)
        found.singularTokens = singular.numbers("token_mean")
        found.singularImages = singular.numbers("image_mean")
        try await probe(&found)
        return (found, distance.number("uniform"))
    }

    /// What separates linearly, and what noise and disagreeing cues do to it.
    private func probe(_ found: inout ModelMeasurement) async throws {
        let share = Double(sizes.probeTrain) / Double(sizes.probeTrain + sizes.probeTest)
        let split = [AnalysisParameter("train_fraction", "\(min(max(share, 0.01), 0.99))")]
        found.shapeProbe = try await ask(.linearProbe, shapes, split).numbers("top1")
        found.textureProbe = try await ask(.linearProbe, textures, split).numbers("top1")
        guard model.model.config.classToken else {
            throw ServiceError.conflict("“\(model.name)” has no class token, which the paper's probes read.")
        }
        let last = split + [AnalysisParameter("pool", "cls"), AnalysisParameter("layers", "-1")]
        found.shapeProbeCls = try await ask(.linearProbe, shapes, last).numbers("top1").last ?? .nan
        found.textureProbeCls = try await ask(.linearProbe, textures, last).numbers("top1").last ?? .nan
        let bias = try await ask(
            .shapeBias, conflict, [.init("n_train", "\(sizes.probeTest)"), .init("pool", "cls")])
        found.shapeBias = bias.number("shape_bias")
        found.shapeBiasDecided = bias.number("shape_fraction") + bias.number("texture_fraction")
        let size = model.model.config.imgSize
        guard size.height % 2 == 0, size.width % 2 == 0 else { return }
        let noise = try await ask(.frequencyRobustness, shapes, split)
        found.noiseFrequencies = noise.numbers("frequency_pi")
        found.noiseDrop = noise.numbers("accuracy_drop")
    }

    private func ask(
        _ kind: AnalysisKind, _ images: [ImageSource], _ parameters: [AnalysisParameter] = []
    ) async throws -> AnalysisResult {
        try await analysis.run(try analysis.prepare(kind, [model], images, parameters))
    }
}

extension AnalysisResult {
    /// The numbers of an array, also of one inside an object under a dotted name; none where there is no such array.
    fileprivate func numbers(_ name: String) -> [Double] {
        allArrays.first { $0.name == name }?.array.doubles ?? []
    }

    /// NaN where there is no such number.
    fileprivate func number(_ name: String) -> Double { self[name]?.double ?? .nan }
}
