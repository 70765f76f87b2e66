import Analysis
import Catalogue
import JSON
import Models
import Platform

extension AnalysisKind {
    public static let clsAttention = AnalysisKind(
        AnalysisSpec(
            "cls-attention", group: .attention, title: "Attention to the class token",
            summary: "Share of attention that goes to the class token and to registers",
            reading: "How much of the patches' attention goes to the class token and to registers.",
            parameters: [DeclaredParameter.layers, DeclaredParameter.convention], isShardable: true)
    ) { values, subjects in
        let config = subjects.model.model.config
        return values.blocks(subjects.model).map {
            ImageMeasureTask(
                model: subjects.model,
                measure: AttentionShareMeasure(layout: TokenLayout(config), layers: $0, heads: config.numHeads))
        }
    }

}

/// Where attention goes beside the patches, by layer and head.
struct AttentionShareMeasure: ImageMeasure {
    let layout: TokenLayout
    let layers: [Int]
    let heads: Int

    var request: IntermediatesRequest {
        var request = IntermediatesRequest()
        for layer in layers { request.attentions[layer] = .all }
        return request
    }

    private static let names = ["patches_to_cls", "patches_to_registers", "cls_to_cls"]

    var outputs: [MeasureOutput] {
        Self.names.map { MeasureOutput(name: $0, shape: [layers.count], axes: ["layer"]) }
            + Self.names.map {
                MeasureOutput(name: $0 + "_per_head", shape: [layers.count, heads], axes: ["layer", "head"])
            }
    }

    func measure(_ seen: Intermediates, images: Int, pool: ThreadPool) -> [[[Double]]] {
        let shares = layers.compactMap { seen.attentions[$0].map { AttentionShares($0, layout: layout) } }
        let parts: [(AttentionShares) -> HeadValues] = [\.patchesToClass, \.patchesToRegisters, \.classToClass]
        return (0..<images).map { image in
            parts.map { part in shares.map { part($0).imageMeans[image] } }
                + parts.map { part in shares.flatMap { share in (0..<heads).map { part(share)[image, $0] } } }
        }
    }

    var fields: [AnalysisResult.Field] {
        [
            ("heads", .ints(Array(0..<heads))), ("unit", .string("share")),
        ]
    }

    var figures: [ResultFigure] {
        [
            ResultFigure(
                .lines, "patches_to_cls", title: "attention of patches to the class token", x: "layers",
                band: "patches_to_cls_std", xLabel: "block", yLabel: "share"),
            ResultFigure(
                .heatMap, "patches_to_cls_per_head", title: "attention to the class token", x: "heads",
                series: "layers", xLabel: "head", yLabel: "block"),
        ]
    }

    var reasons: [Reason] {
        let cls = ["patches_to_cls", "cls_to_cls"], registers = ["patches_to_registers"]
        return Reason.prefix(
            layout, cls: cls + cls.map { $0 + "_per_head" }, registers: registers + registers.map { $0 + "_per_head" })
    }
}
