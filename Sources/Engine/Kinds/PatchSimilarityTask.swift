import Analysis
import Catalogue
import JSON
import Models
import Platform
import Tensors

extension AnalysisKind {
    public static let patchSimilarity: AnalysisKind = {
        let query = DeclaredParameter<AttentionQuery?>.query
        let across = DeclaredParameter.flag(
            "across", default: false,
            "Whether the first image's token is compared with the patches of every image, instead of each image's own.")
        let spec = AnalysisSpec(
            "patch-similarity", group: .representation, title: "Patch similarity",
            summary: "How alike one token and every patch are, at any depth",
            reading:
                "Cosines between the representation of a token and of every patch: where a patch of a thing is like "
                + "the rest of the thing, the representation knows it as one.",
            parameters: [NormedDepths.depthsParameter, query, NormedDepths.normParameter, across], givesMaps: true,
            isImmediate: true)
        return AnalysisKind(spec) { values, subjects in
            let model = subjects.model, config = model.model.config
            let asked = values[query] ?? (config.classToken ? .cls : .mean)
            values.resolve(query, to: .string(asked.text), canonical: asked.text)
            let depths = NormedDepths(&values, model)
            do throws(AnalysisError) {
                let similarity = try PatchSimilarity(query: asked, layout: TokenLayout(config))
                return depths.map {
                    PatchSimilarityTask(model: model, places: $0, similarity: similarity, isAcross: values[across])
                }
            } catch {
                values.add(query, ServiceError.sentence(error.message))
                return nil
            }
        }
    }()
}

/// Cosines between one token and every patch (docs/science.md#patch-similarity).
struct PatchSimilarityTask: AnalysisTask {
    let model: NamedModel
    let places: NormedDepths
    let similarity: PatchSimilarity
    /// Whether the first image's token asks all images.
    let isAcross: Bool

    var models: [NamedModel] { [model] }

    private var depths: [Int] { places.depths }

    var mapSize: MapSize? {
        MapSize(
            maps: depths.count,
            numbers: saturatingProduct(depths.count, similarity.queries, similarity.layout.grid.count))
    }

    func answer(_ context: AnalysisContext) async throws -> AnalysisAnswer {
        let config = model.model.config, cost = ForwardCost(config), images = context.images.count
        let tokens = config.numTokens * config.embedDim
        // Of each image its tokens, normed and in doubles, and the cosines themselves; across, all tokens at one time.
        let own = saturatingProduct(tokens, 4 + 4 + 8)
        let kept = isAcross ? saturatingProduct(images, depths.count, tokens, 4 + 8) : 0
        let cosines = saturatingProduct(images, depths.count, similarity.queries, config.grid.count, 8)
        let bytes = saturatingSum(cost.bytes(images: images, extraBytesPerImage: own), kept, cosines)
        let maps = try await context.admitted(
            bytes: bytes, alternative: "Ask for fewer images or depths, or for one query instead of all."
        ) { slices in
            let batches = try await context.forEachBatch(
                of: Array(context.images.indices), model: model.model,
                batchSize: cost.batchSize(extraBytesPerImage: own), slices
            ) { batch in
                try places.look(batch) { isAcross ? $0 : similarity.cosines($0) }
            }
            let all = depths.indices.map { place in Tensor.concatenating(batches.map { $0[place] }) }
            guard isAcross else { return all }
            return try await slices.run { slice in
                try all.map { tokens in
                    try slice.checkCancellation()
                    return similarity.cosines(tokens, asking: 0)
                }
            }
        }
        return answer(maps, images: images)
    }

    /// - Parameter maps: of each depth (images, queries, rows, cols).
    private func answer(_ maps: [Tensor], images: Int) -> AnalysisAnswer {
        let inner = maps.first.map { Array($0.shape.dropFirst()) } ?? []
        let rows = (0..<images).flatMap { image in maps.map { $0.part(image) } }
        let cosines = Tensor.stacking(rows).reshaped([images, depths.count] + inner)
        var answer = AnalysisAnswer(
            fields: [
                (
                    "similarity",
                    .array(
                        NamedArray(
                            shape: cosines.shape, axes: ["image", "depth", "query", "key_row", "key_col"],
                            numbers: .float32(cosines)))
                )
            ], mainField: "similarity")
        if !cosines.isFinite {
            answer.reasons = [
                Reason(
                    pointer: "/similarity",
                    reason: "Where there is no number, a representation is zero or not finite, so it has no direction.")
            ]
        }
        answer.figures = [
            ResultFigure(
                .maps, "similarity", title: "similarity to \(similarity.query.text)", series: "depths", range: -1...1)
        ]
        return answer
    }
}
