import Analysis
import Catalogue
import Models
import Tensors

/// Frequencies of the representations after the embedding, each attention and each MLP.
struct FourierTask: ShardableTask {
    private let model: NamedModel
    private let layers: [Int]
    private let analysis: FourierAnalysis
    /// Whether the mean log amplitude at every frequency is given, too.
    private let hasMap: Bool

    var models: [NamedModel] { [model] }
    var turnKey: String? { "fourier \(model.model.fingerprint) \(layers) \(hasMap) " }

    init(model: NamedModel, layers: [Int], analysis: FourierAnalysis, hasMap: Bool) {
        self.hasMap = hasMap
        self.model = model
        self.layers = layers
        self.analysis = analysis
    }

    private var curves: FourierCurves {
        FourierCurves(analysis: analysis, hasMap: hasMap, names: places.names, halfSteps: taps)
    }

    private var places: ResidualTaps { ResidualTaps(layers: layers) }
    private var taps: [Int] { places.indices }

    func sums(_ context: AnalysisContext) async throws -> [VectorStatistics] {
        let taps = taps
        var statistics = taps.map { _ in VectorStatistics(count: curves.width) }
        try await context.forEachImage(
            model: model.model, keeping: context.keepsActivations && !hasMap,
            bytesPerImage: saturatingProduct(taps.count, curves.width, 16), alternative: "Ask for fewer layers.",
            kept: { kept($0, context) }, look: { try look($0, context) }
        ) { spectra in
            for (place, spectrum) in spectra.enumerated() { statistics[place].add(spectrum) }
        }
        return statistics
    }

    func answer(_ statistics: [VectorStatistics], images: Int) -> AnalysisAnswer {
        curves.answer(statistics, images: images)
    }

    private func kept(_ source: ImageSource, _ context: AnalysisContext) -> [[Double]]? {
        guard context.keepsActivations, !hasMap else { return nil }
        var all: [[Double]] = []
        for tap in taps {
            guard let spectrum = context.engine.activations.numbers(key(source, tap)) else { return nil }
            all.append(spectrum)
        }
        return all
    }

    /// The spectra of a batch by tap, each image's with its index.
    private func look(_ batch: ForwardBatch, _ context: AnalysisContext) throws -> [(Int, [[Double]])] {
        let prefix = model.model.config.numPrefixTokens
        var found: [Int: DoubleMatrix] = [:]
        try batch.forward(places.request) { intermediate in
            switch intermediate {
            case .hiddenState(let index, let tensor):
                found[2 * index] = curves.numbers(tensor, prefix, batch.pool)
            case .attentionResidual(let block, let tensor):
                found[2 * block + 1] = curves.numbers(tensor, prefix, batch.pool)
            case .attention, .headOutput, .logits, .pooling: break
            }
        }
        return batch.indices.enumerated().map { place, index in
            let spectra = taps.compactMap { tap in
                found[tap].map { matrix in (0..<matrix.cols).map { matrix[place, $0] } }
            }
            for (tap, spectrum) in zip(taps, spectra) where context.keepsActivations && !hasMap {
                context.engine.activations.keep(.numbers(spectrum), for: key(context.images[index], tap))
            }
            return (index, spectra)
        }
    }

    private func key(_ source: ImageSource, _ tap: Int) -> ActivationKey {
        .spectrum(model: model.model.fingerprint, image: source.key, tap: tap)
    }
}
