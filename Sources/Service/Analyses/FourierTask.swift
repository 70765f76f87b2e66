import Analysis
import Models
import Platform
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

    /// Reads the parameters; nil, with a fault noted, where they do not fit the model.
    static func read(_ parameters: inout ParameterReader, _ model: NamedModel) -> FourierTask? {
        let convention = parameters.choice("convention", default: Convention.corrected)
        let layers = parameters.resolved("layers", default: .all, count: model.model.config.depth, noun: "layer")
        let analysis = FourierAnalysis(grid: model.model.config.grid, convention: convention)
        let hasMap = parameters.flag("map")
        return layers.map { FourierTask(model: model, layers: $0, analysis: analysis, hasMap: hasMap) }
    }

    private init(model: NamedModel, layers: [Int], analysis: FourierAnalysis, hasMap: Bool) {
        self.hasMap = hasMap
        self.model = model
        self.layers = layers
        self.analysis = analysis
    }

    var canonical: [String] { ["layers \(layers)", "convention \(analysis.convention.rawValue)", "map \(hasMap)"] }

    /// Numbers of an image and tap: the half diagonal, then the map.
    private var width: Int { analysis.frequencyCount + (hasMap ? analysis.grid.count : 0) }

    private var places: ResidualTaps { ResidualTaps(layers: layers) }
    private var taps: [Int] { places.indices }

    func answer(_ context: AnalysisContext) async throws -> AnalysisAnswer {
        let cost = ForwardCost(model.model.config), taps = taps
        var statistics = taps.map { _ in VectorStatistics(count: width) }
        // A stretch at a time, so that memory does not grow with the number of images.
        let stretch = context.keepsActivations && !hasMap ? context.images.count : cost.batchSize()
        for start in stride(from: 0, to: context.images.count, by: max(stretch, 1)) {
            let indices = Array(start..<min(start + stretch, context.images.count))
            var found = indices.map { kept(context.images[$0], context) }
            let missing = found.indices.filter { found[$0] == nil }.map { indices[$0] }
            if !missing.isEmpty {
                let bytes = saturatingSum(
                    cost.bytes(images: missing.count),
                    saturatingProduct(found.count, taps.count, width, 16))
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
        return answer(statistics, images: context.images.count)
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
                found[2 * index] = numbers(tensor, prefix, batch.pool)
            case .attentionResidual(let block, let tensor):
                found[2 * block + 1] = numbers(tensor, prefix, batch.pool)
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

    /// An image a row.
    private func numbers(_ tokens: Tensor, _ prefix: Int, _ pool: ThreadPool) -> DoubleMatrix {
        let diagonal = analysis.relativeLogAmplitude(tokens, numPrefixTokens: prefix, pool: pool)
        guard hasMap else { return diagonal }
        let map = analysis.logAmplitudeMap(tokens, numPrefixTokens: prefix, pool: pool)
        let rows = (0..<map.rows).flatMap { image in
            (0..<diagonal.cols).map { diagonal[image, $0] } + (0..<map.cols).map { map[image, $0] }
        }
        return DoubleMatrix(rows: map.rows, cols: width, rows)
    }

    private func key(_ source: ImageSource, _ tap: Int) -> ActivationKey {
        .spectrum(model: model.model.fingerprint, image: source.key, tap: tap)
    }

    private func answer(_ statistics: [VectorStatistics], images: Int) -> AnalysisAnswer {
        let taps = taps, frequencies = analysis.frequencyCount
        func curves(_ values: (VectorStatistics) -> [Double?]) -> ResultValue {
            let numbers = statistics.flatMap { values($0).prefix(frequencies).map { $0 ?? .nan } }
            return .array(
                NamedArray(shape: [taps.count, frequencies], axes: ["tap", "frequency"], numbers: .float64(numbers)))
        }
        func last(_ values: (VectorStatistics) -> [Double?]) -> [Double] {
            statistics.map { values($0)[frequencies - 1] ?? .nan }
        }
        func byTap(_ numbers: [Double], axis: String = "tap") -> ResultValue {
            .array(NamedArray(shape: [numbers.count], axes: [axis], numbers: .float64(numbers)))
        }
        let high = last(\.mean), errors = last(\.standardError)
        // The outputs of whole blocks: the curve of the paper's figure 8.
        let whole = taps.indices.filter { taps[$0] % 2 == 0 }
        let depthCurve = ResultValue.object([
            .init("depth", .ints(whole.map { taps[$0] / 2 })),
            .init("high_frequency", byTap(whole.map { high[$0] }, axis: "depth")),
            .init("high_frequency_sem", byTap(whole.map { errors[$0] }, axis: "depth")),
        ])
        var answer = AnalysisAnswer(
            fields: [
                ("layers", .ints(layers)),
                ("convention", .string(analysis.convention.rawValue)),
                ("taps", .strings(places.names)),
                ("depths", .ints(whole.map { taps[$0] / 2 })),
                (
                    "frequency_pi",
                    .array(
                        NamedArray(
                            shape: [frequencies], axes: ["frequency"], numbers: .float64(analysis.frequencyPi)))
                ),
                ("delta_log_amplitude", curves(\.mean)),
                ("delta_log_amplitude_std", curves(\.standardDeviation)),
                ("delta_log_amplitude_sem", curves(\.standardError)),
                ("high_frequency", byTap(high)),
                ("high_frequency_std", byTap(last(\.standardDeviation))),
                ("high_frequency_sem", byTap(last(\.standardError))),
                ("depth_curve", depthCurve),
            ], mainField: "delta_log_amplitude")
        if hasMap { addMap(to: &answer, statistics) }
        if images == 1 {
            answer.reasons += Reason.oneImage([
                "/delta_log_amplitude_std", "/delta_log_amplitude_sem", "/high_frequency_std", "/high_frequency_sem",
            ])
        }
        answer.figures += [
            ResultFigure(
                .lines, "depth_curve.high_frequency", title: "high-frequency log amplitude", x: "depths",
                band: "depth_curve.high_frequency_sem", xLabel: "depth", yLabel: "Δ log amplitude"),
            ResultFigure(
                .lines, "delta_log_amplitude", title: "Fourier analysis", x: "frequency_pi", series: "taps",
                xLabel: "frequency (π)", yLabel: "Δ log amplitude", isOrdered: true),
        ]
        return answer
    }

    /// The mean log amplitudes at every frequency, and those of the last tap as a picture.
    private func addMap(to answer: inout AnalysisAnswer, _ statistics: [VectorStatistics]) {
        let grid = analysis.grid
        let maps = statistics.map { $0.mean.dropFirst(analysis.frequencyCount).map { $0 ?? .nan } }
        answer.fields += [
            (
                "log_amplitude_map",
                .array(
                    NamedArray(
                        shape: [maps.count, grid.rows, grid.cols], axes: ["tap", "row", "col"],
                        numbers: .float64(maps.flatMap(\.self))))
            ),
            (
                "last_log_amplitude_map",
                .array(
                    NamedArray(
                        shape: [grid.rows, grid.cols], axes: ["row", "col"], numbers: .float64(maps.last ?? [])))
            ),
        ]
        answer.mainField = "log_amplitude_map"
        answer.figures = [
            ResultFigure(
                .heatMap, "last_log_amplitude_map", title: "log amplitude after \(places.names.last ?? "")",
                xLabel: "frequency, zero in the middle", yLabel: "frequency")
        ]
    }
}
