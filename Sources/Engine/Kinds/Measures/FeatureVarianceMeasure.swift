import Analysis
import Catalogue
import JSON
import Models
import Platform

extension AnalysisKind {
    public static let featureVariance = AnalysisKind(
        AnalysisSpec(
            "feature-variance", group: .representation, title: "Variance of feature maps",
            summary: "Variance of the feature maps by depth",
            reading: "How much the tokens of an image differ. Attention smooths, the MLP spreads.",
            parameters: [DeclaredParameter.layers, DeclaredParameter.convention], isShardable: true)
    ) { values, subjects in
        let config = subjects.model.model.config
        return values.blocks(subjects.model).map {
            ImageMeasureTask(
                model: subjects.model,
                measure: FeatureVarianceMeasure(
                    taps: ResidualTaps(layers: $0), numPrefixTokens: config.numPrefixTokens,
                    patches: config.grid.count))
        }
    }

}

/// Variance of the feature maps after the embedding, each attention and each MLP.
struct FeatureVarianceMeasure: ImageMeasure {
    let taps: ResidualTaps
    let numPrefixTokens: Int
    let patches: Int

    var request: IntermediatesRequest { taps.request }
    var outputs: [MeasureOutput] { [MeasureOutput(name: "variance", shape: [taps.indices.count], axes: ["tap"])] }

    func measure(_ seen: Intermediates, images: Int, pool: ThreadPool) -> [[[Double]]] {
        let values = taps.tensors(seen).map { FeatureVariance.values($0, numPrefixTokens: numPrefixTokens) }
        return (0..<images).map { image in [values.map { $0[image] }] }
    }

    var fields: [AnalysisResult.Field] {
        [("taps", .strings(taps.names))]
    }

    var figures: [ResultFigure] {
        [
            ResultFigure(
                .lines, "variance", title: "variance of feature maps", x: "taps", band: "variance_std",
                xLabel: "half block", yLabel: "variance")
        ]
    }

    var reasons: [Reason] { Reason.lone(patches: patches, ["variance"], heads: 2, []) }
}
