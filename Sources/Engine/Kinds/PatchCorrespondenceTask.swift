import Analysis
import Catalogue
import JSON
import Models
import Tensors

extension AnalysisKind {
    public static let patchCorrespondence: AnalysisKind = {
        let minimum = DeclaredParameter.number(
            "min_similarity", in: -1...1, default: -1, "The least cosine of a mutual pair.")
        let spec = AnalysisSpec(
            "patch-correspondence", group: .representation, title: "Corresponding patches",
            summary: "Patches of the first image and of each other that are each other's nearest",
            reading:
                "The first image has a colour for each place. A patch of another image has the colour of the patch that "
                + "it and that have in common as the nearest, and is black where the nearest of its nearest is another.",
            parameters: [NormedDepths.depthsParameter, NormedDepths.normParameter, minimum], givesMaps: true)
        return AnalysisKind(spec) { values, subjects in
            if subjects.images < 2 {
                values.add("image", "One image has no other to correspond to. Give two at least.")
            }
            let (images, least) = (subjects.images, values[minimum])
            return NormedDepths(&values, subjects.model).map {
                PatchCorrespondenceTask(model: subjects.model, places: $0, minimum: least, images: images)
            }
        }
    }()
}

/// Mutual nearest neighbours between the patches of the first image and of every other
/// (docs/science.md#patch-correspondence).
struct PatchCorrespondenceTask: AnalysisTask {
    let model: NamedModel
    let places: NormedDepths
    let minimum: Double
    let images: Int

    private var layout: TokenLayout { TokenLayout(model.model.config) }

    var models: [NamedModel] { [model] }

    var mapSize: MapSize? {
        MapSize(maps: places.depths.count, numbers: saturatingProduct(places.depths.count, layout.grid.count, 9))
    }

    /// The products of all patches of the first image with all of every other.
    var secondsBeside: Double {
        let n = Double(layout.grid.count), work = n * n * (2 * Double(model.model.config.embedDim) + 20)
        return Double(places.depths.count) * Double(images) * work / 5e9
    }

    func need(images: Int) -> MemoryNeed? {
        let tokens = saturatingProduct(layout.numTokens, model.model.config.embedDim), count = layout.grid.count
        return MemoryNeed(
            bytes: saturatingSum(
                ForwardCost(model.model.config).bytes(images: images),
                saturatingProduct(images, places.depths.count, saturatingSum(tokens, 16 * count), 4),
                saturatingProduct(tokens, 8, 4), saturatingProduct(count, count, 8)),
            alternative: "Ask for fewer images or depths.")
    }

    func answer(_ context: AnalysisContext) async throws -> AnalysisAnswer {
        let cost = ForwardCost(model.model.config), patches = layout.patches, minimum = minimum
        let found = try await context.admitted(need(images: context.images.count)) { slices in
            let batches = try await context.forEachBatch(
                of: Array(context.images.indices), model: model.model, batchSize: cost.batchSize(), slices
            ) { batch in try places.look(batch) { $0 } }
            // [image][depth] of (tokens, embedDim)
            let tokens = batches.flatMap { batch in
                (0..<(batch.first?.shape[0] ?? 0)).map { image in batch.map { $0.part(image) } }
            }
            var found: [[PatchCorrespondence]] = []
            for image in tokens {
                found.append(
                    try await slices.run { slice in
                        try zip(tokens[0], image).map { first, other in
                            try slice.checkCancellation()
                            return PatchCorrespondence(
                                DoubleMatrix(first.rows(patches)), DoubleMatrix(other.rows(patches)), minimum: minimum,
                                pool: slice.pool)
                        }
                    })
            }
            return found
        }
        return answer(found)
    }

    /// - Parameter found: [image][depth].
    private func answer(_ found: [[PatchCorrespondence]]) -> AnalysisAnswer {
        let grid = layout.grid, shape = [found.count, places.depths.count, grid.rows, grid.cols]
        func map(_ name: String, _ part: (PatchCorrespondence) -> [Double]) -> AnalysisResult.Field {
            let numbers = found.flatMap { $0.flatMap { part($0).map { Float($0) } } }
            return (
                name,
                .array(
                    NamedArray(
                        shape: shape, axes: ["image", "depth", "key_row", "key_col"],
                        numbers: .float32(Tensor(shape: shape, numbers))))
            )
        }
        let colours = Tensor(shape: shape + [3], found.flatMap { $0.flatMap { self.colours($0) } })
        var answer = AnalysisAnswer(
            fields: [
                ("channels", .strings(["red", "green", "blue"])),
                map("matches") { $0.backward.patches.map { $0.map(Double.init) ?? .nan } },
                map("similarity", \.backward.cosines),
                map("is_mutual") { found in
                    zip(found.isMutual, found.backward.patches).map { $1 == nil ? .nan : $0 ? 1 : 0 }
                },
                map("matches_of_first") { $0.forward.patches.map { $0.map(Double.init) ?? .nan } },
                map("similarity_of_first", \.forward.cosines),
                (
                    "places",
                    .array(
                        NamedArray(
                            shape: colours.shape, axes: ["image", "depth", "row", "col", "channel"],
                            numbers: .float32(colours)))
                ),
                (
                    "mutual_share",
                    .numbers(
                        found.flatMap { $0.map(\.mutualShare) }, by: ["image", "depth"],
                        shape: [found.count, places.depths.count])
                ),
            ], mainField: "matches")
        let names = [
            "matches", "similarity", "is_mutual", "matches_of_first", "similarity_of_first", "places", "mutual_share",
        ]
        if found.contains(where: { $0.contains { ($0.forward.patches + $0.backward.patches).contains(nil) } }) {
            answer.reasons = names.map {
                Reason(
                    pointer: "/" + $0,
                    reason: "Where there is no number, a patch is zero or not finite, so it has no direction.")
            }
        }
        answer.figures = [
            ResultFigure(.colours, "places", title: "where mutual neighbours lie in the first image", series: "depths"),
            ResultFigure(
                .maps, "similarity", title: "similarity to the nearest patch of the first image", series: "depths",
                range: -1...1),
        ]
        return answer
    }

    /// (patches, 3): of each patch the place in the first image of the mutual neighbour, left to right as red, top to
    /// bottom as green, and less blue the farther in both; black without one, NaN where nothing is nearest.
    private func colours(_ found: PatchCorrespondence) -> [Float] {
        let grid = layout.grid
        return zip(found.backward.patches, found.isMutual).flatMap { nearest, isMutual -> [Float] in
            guard let nearest else { return [.nan, .nan, .nan] }
            guard isMutual else { return [0, 0, 0] }
            let red = Float(nearest % grid.cols) / Float(max(grid.cols - 1, 1))
            let green = Float(nearest / grid.cols) / Float(max(grid.rows - 1, 1))
            return [red, green, 1 - (red + green) / 2]
        }
    }
}
