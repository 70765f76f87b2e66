import Analysis
import JSON
import Models
import Platform
import Tensors

/// Frequencies of tokens at several places of a network, as an answer gives them.
struct FourierCurves: Sendable {
    let analysis: FourierAnalysis
    /// Whether the mean log amplitude at every frequency is given, too.
    let hasMap: Bool
    /// Of the places.
    let names: [String]
    /// Of the places: 0 for the embedding, 2i for the output of block i − 1, odd inside of blocks.
    let halfSteps: [Int]

    /// Numbers of an image and place: the half diagonal, then the map.
    var width: Int { analysis.frequencyCount + (hasMap ? analysis.grid.count : 0) }

    /// What is measured of `tokens` (batch, tokens, channels), an image a row.
    func numbers(_ tokens: Tensor, _ prefix: Int, _ pool: ThreadPool) -> DoubleMatrix {
        let diagonal = analysis.relativeLogAmplitude(tokens, numPrefixTokens: prefix, pool: pool)
        guard hasMap else { return diagonal }
        let map = analysis.logAmplitudeMap(tokens, numPrefixTokens: prefix, pool: pool)
        let rows = (0..<map.rows).flatMap { image in
            (0..<diagonal.cols).map { diagonal[image, $0] } + (0..<map.cols).map { map[image, $0] }
        }
        return DoubleMatrix(rows: map.rows, cols: width, rows)
    }

    /// The mean over images, with spread and error.
    func answer(_ statistics: [VectorStatistics], images: Int) -> AnalysisAnswer {
        let taps = halfSteps, frequencies = analysis.frequencyCount
        func curves(_ values: (VectorStatistics) -> [Double?]) -> JSONValue {
            let numbers = statistics.flatMap { values($0).prefix(frequencies).map { $0 ?? .nan } }
            return .array(
                NamedArray(shape: [taps.count, frequencies], axes: ["tap", "frequency"], numbers: .float64(numbers)))
        }
        func last(_ values: (VectorStatistics) -> [Double?]) -> [Double] {
            statistics.map { values($0)[frequencies - 1] ?? .nan }
        }
        func byTap(_ numbers: [Double], axis: String = "tap") -> JSONValue { .numbers(numbers, by: [axis]) }
        let high = last(\.mean), errors = last(\.standardError)
        // The outputs of whole blocks: the curve of the paper's figure 8.
        let whole = taps.indices.filter { taps[$0] % 2 == 0 }
        let depthCurve = JSONValue.object([
            .init("depth", .ints(whole.map { taps[$0] / 2 })),
            .init("high_frequency", byTap(whole.map { high[$0] }, axis: "depth")),
            .init("high_frequency_sem", byTap(whole.map { errors[$0] }, axis: "depth")),
        ])
        var answer = AnalysisAnswer(
            fields: [
                ("taps", .strings(names)),
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
                "/depth_curve/high_frequency_sem",
            ])
        }
        answer.figures += [
            ResultFigure(
                .lines, "delta_log_amplitude", title: "Fourier analysis", x: "frequency_pi", series: "taps",
                xLabel: "frequency (π)", yLabel: "Δ log amplitude", isOrdered: true),
            ResultFigure(
                .lines, "depth_curve.high_frequency", title: "high-frequency log amplitude", x: "depths",
                band: "depth_curve.high_frequency_sem", xLabel: "depth", yLabel: "Δ log amplitude"),
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
                .heatMap, "last_log_amplitude_map", title: "log amplitude after \(names.last ?? "")",
                xLabel: "frequency, zero in the middle", yLabel: "frequency")
        ]
    }
}
