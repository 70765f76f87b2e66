import Analysis
import JSON
import Models
import Platform
import Tensors

/// Variance of the feature maps after the embedding, each attention and each MLP.
struct FeatureVarianceMeasure: ImageMeasure {
    let taps: ResidualTaps
    let numPrefixTokens: Int
    let patches: Int
    let convention: Convention

    static func read(_ parameters: inout ParameterReader, _ model: NamedModel) -> FeatureVarianceMeasure? {
        let convention = parameters.choice("convention", default: Convention.corrected)
        let config = model.model.config
        let layers = parameters.resolved("layers", default: .all, count: config.depth, noun: "layer")
        return layers.map {
            FeatureVarianceMeasure(
                taps: ResidualTaps(layers: $0), numPrefixTokens: config.numPrefixTokens,
                patches: config.grid.count, convention: convention)
        }
    }

    var request: IntermediatesRequest { taps.request }
    var outputs: [MeasureOutput] { [MeasureOutput(name: "variance", shape: [taps.indices.count], axes: ["tap"])] }

    func measure(_ seen: Intermediates, images: Int, pool: ThreadPool) -> [[[Double]]] {
        let values = taps.tensors(seen).map { FeatureVariance.values($0, numPrefixTokens: numPrefixTokens) }
        return (0..<images).map { image in [values.map { $0[image] }] }
    }

    var fields: [AnalysisResult.Field] {
        [("layers", .ints(taps.layers)), ("convention", .string(convention.rawValue)), ("taps", .strings(taps.names))]
    }

    var figures: [ResultFigure] {
        [
            ResultFigure(
                .lines, "variance", title: "variance of feature maps", x: "taps", band: "variance_std",
                xLabel: "half block", yLabel: "variance")
        ]
    }

    var reasons: [Reason] { Reason.lone(patches: patches, ["variance"], heads: 2, []) }
    var canonical: [String] { ["layers \(taps.layers)", "convention \(convention.rawValue)"] }
}
