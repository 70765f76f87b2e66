import Analysis
import Catalogue
import JSON
import Models
import Platform
import Tensors

extension AnalysisKind {
    public static let attentionSimilarity = AnalysisKind(
        AnalysisSpec(
            "attention-similarity", group: .attention, title: "Similarity of attention maps",
            summary: "Cosine similarity of attention maps between queries, heads and layers",
            reading: "Cosine between the maps of queries, heads and neighbouring layers. Near 1 everywhere = collapse.",
            parameters: [DeclaredParameter.layers, DeclaredParameter.convention], isShardable: true)
    ) { values, subjects in
        let config = subjects.model.model.config
        return values.blocks(subjects.model, ascending: true).map {
            ImageMeasureTask(
                model: subjects.model,
                measure: AttentionSimilarityMeasure(
                    layout: TokenLayout(config), layers: $0, heads: config.numHeads))
        }
    }

}

/// Cosine similarity of attention maps: between the queries of a head, between heads, and to the next layer.
struct AttentionSimilarityMeasure: ImageMeasure {
    let layout: TokenLayout
    /// Ascending.
    let layers: [Int]
    let heads: Int

    var request: IntermediatesRequest {
        var request = IntermediatesRequest()
        for layer in layers { request.attentions[layer] = AttentionSelection(queries: Array(layout.patches)) }
        return request
    }

    var workBytesPerImage: Int { layers.count * heads * layout.grid.count * layout.grid.count * 4 }

    var outputs: [MeasureOutput] {
        [
            MeasureOutput(name: "across_queries", shape: [layers.count], axes: ["layer"]),
            MeasureOutput(name: "across_heads", shape: [layers.count], axes: ["layer"]),
            MeasureOutput(name: "across_layers", shape: [max(layers.count - 1, 0)], axes: ["layer_pair"]),
        ]
    }

    func measure(_ seen: Intermediates, images: Int, pool: ThreadPool) -> [[[Double]]] {
        // Prefix keys dropped, rows divided by what is left: as everywhere in the paper.
        let maps = layers.compactMap { layer in
            seen.attentions[layer].map {
                $0.attentionRows(droppingKeys: layout.numPrefixTokens, eps: AttentionDistance.eps, pool: pool).0
            }
        }
        let patches = layout.grid.count
        let queries = maps.map { PairCosine.amongRows($0).grouped(images) }
        let heads = maps.map { map in
            PairCosine.amongRows(map.reshaped([images, map.shape[1], patches * patches])).grouped(images)
        }
        let next = zip(maps, maps.dropFirst()).map { a, b in
            PairCosine.pairwise(
                a.reshaped([images, a.shape[1], patches * patches]),
                b.reshaped([images, b.shape[1], patches * patches])
            ).grouped(images)
        }
        return (0..<images).map { image in
            [queries.map { $0[image] }, heads.map { $0[image] }, next.map { $0[image] }]
        }
    }

    var fields: [AnalysisResult.Field] {
        [
            ("tensor", .string("attention maps")),
            ("layer_pairs", .strings(zip(layers, layers.dropFirst()).map { "\($0)–\($1)" })),
        ]
    }

    var figures: [ResultFigure] {
        [
            ResultFigure(
                .lines, "across_queries", title: "cosine similarity of maps across queries", x: "layers",
                band: "across_queries_std", xLabel: "block", yLabel: "cosine"),
            ResultFigure(
                .lines, "across_heads", title: "cosine similarity of maps across heads", x: "layers",
                band: "across_heads_std", xLabel: "block", yLabel: "cosine"),
            ResultFigure(
                .lines, "across_layers", title: "cosine similarity to the next block's maps", x: "layer_pairs",
                band: "across_layers_std", xLabel: "blocks", yLabel: "cosine"),
        ]
    }

    var reasons: [Reason] {
        Reason.lone(patches: layout.grid.count, ["across_queries"], heads: heads, ["across_heads"])
    }
}
