import Analysis
import Catalogue
import JSON
import Models
import Platform

extension AnalysisKind {
    public static let tokenNorms = AnalysisKind(
        AnalysisSpec(
            "token-norms", group: .representation, title: "Token norms",
            summary: "Lengths of the tokens by depth",
            reading: "Lengths of the tokens by depth; a few long ones are artefacts.",
            parameters: [DeclaredParameter.layers, DeclaredParameter.convention], isShardable: true)
    ) { values, subjects in
        let config = subjects.model.model.config
        return values.blocks(subjects.model).map {
            ImageMeasureTask(
                model: subjects.model,
                measure: TokenNormMeasure(layout: TokenLayout(config), depths: [0] + $0.map { $0 + 1 }))
        }
    }

}

/// Lengths of the tokens by depth.
struct TokenNormMeasure: ImageMeasure {
    let layout: TokenLayout
    /// 0 = after embedding, i = after block i − 1.
    let depths: [Int]

    var request: IntermediatesRequest {
        var request = IntermediatesRequest()
        request.hiddenStates = Set(depths)
        return request
    }

    var outputs: [MeasureOutput] {
        ["patch_norm", "patch_norm_spread", "cls_norm", "register_norm"].map {
            MeasureOutput(name: $0, shape: [depths.count], axes: ["depth"])
        }
    }

    func measure(_ seen: Intermediates, images: Int, pool: ThreadPool) -> [[[Double]]] {
        let values = depths.compactMap { seen.hiddenStates[$0].map { TokenNorms.values($0, layout: layout) } }
        let parts: [(TokenNorms.Values) -> Double] = [\.patchMean, \.patchSpread, \.cls, \.registers]
        return (0..<images).map { image in parts.map { part in values.map { part($0[image]) } } }
    }

    var fields: [AnalysisResult.Field] {
        [("depths", .ints(depths))]
    }

    var figures: [ResultFigure] {
        [
            ResultFigure(
                .lines, "patch_norm", title: "length of patch tokens", x: "depths", band: "patch_norm_std",
                xLabel: "depth", yLabel: "norm"),
            ResultFigure(
                .lines, "cls_norm", title: "length of the class token", x: "depths", band: "cls_norm_std",
                xLabel: "depth", yLabel: "norm"),
        ]
    }

    var reasons: [Reason] { Reason.prefix(layout, cls: ["cls_norm"], registers: ["register_norm"]) }
}

extension Reason {
    /// Why there is nothing to tell of prefix tokens.
    static func prefix(_ layout: TokenLayout, cls: [String], registers: [String]) -> [Reason] {
        let hasClass = layout.classToken && layout.numPrefixTokens > 0
        let hasRegisters = layout.numPrefixTokens > (hasClass ? 1 : 0)
        return (hasClass ? [] : cls).map { Reason(pointer: "/" + $0, reason: "This model has no class token.") }
            + (hasRegisters ? [] : registers).map {
                Reason(pointer: "/" + $0, reason: "This model has no registers.")
            }
    }
}
