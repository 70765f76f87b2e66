import Analysis
import Catalogue
import Models
import Tensors

/// Frequencies of the representations after the embedding, each attention and each MLP.
struct FourierTask: AnalysisTask {
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

    func answer(_ context: AnalysisContext) async throws -> AnalysisAnswer {
        let cost = ForwardCost(model.model.config), taps = taps
        var statistics = taps.map { _ in VectorStatistics(count: curves.width) }
        // A stretch at a time, so that memory does not grow with the number of images.
        let stretch = context.keepsActivations && !hasMap ? context.images.count : cost.batchSize()
        for start in stride(from: 0, to: context.images.count, by: max(stretch, 1)) {
            let indices = Array(start..<min(start + stretch, context.images.count))
            var found = indices.map { kept(context.images[$0], context) }
            let missing = found.indices.filter { found[$0] == nil }.map { indices[$0] }
            if !missing.isEmpty {
                let bytes = saturatingSum(
                    cost.bytes(images: missing.count),
                    saturatingProduct(found.count, taps.count, curves.width, 16))
                let batches = try await context.admitted(bytes: bytes, alternative: "Ask for fewer layers.") { slices in
                    try await context.forEachBatch(
                        of: missing, model: model.model, batchSize: cost.batchSize(), slices
                    ) { try look($0, context) }
                }
                for (index, spectra) in batches.flatMap({ $0 }) { found[index - start] = spectra }
            }
            for spectra in found.compactMap(\.self) {
                for (place, spectrum) in spectra.enumerated() { statistics[place].add(spectrum) }
            }
        }
        return curves.answer(statistics, images: context.images.count)
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
            case .attention, .headOutput, .logits: break
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
