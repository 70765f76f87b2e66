import Analysis
import Catalogue
import JSON
import Models
import Tensors

extension AnalysisKind {
    public static let patchPCA: AnalysisKind = {
        let foreground = DeclaredParameter.flag(
            "foreground", default: true,
            "Whether the first component tells foreground from background and the next three are the colours; with "
                + "false every patch has the colours of the first three.")
        let threshold = DeclaredParameter.number(
            "threshold", in: -100...100, default: 0,
            "Above so many standard deviations of the first component a patch is foreground.")
        let refit = DeclaredParameter.flag(
            "refit", default: false,
            "Whether the colours are the first three components of the foreground alone, as in DINOv2's images.")
        let clip = DeclaredParameter.number(
            "clip", in: 0...0.4, default: 0.01,
            "The share of the foreground that has the least of a colour, and the share that has the most.")
        let spec = AnalysisSpec(
            "patch-pca", group: .representation, title: "Patches in colours",
            summary: "Patches coloured by the directions in which they vary most",
            reading:
                "Patches of one colour are represented alike, within an image and across all of them. What is black lies "
                + "behind the threshold of the first component, which is mostly the background.",
            cost: "One pass of each image, and a decomposition of all patches at each depth.",
            parameters: [
                NormedDepths.depthsParameter, NormedDepths.normParameter, foreground, threshold, refit, clip,
            ], givesMaps: true)
        return AnalysisKind(spec) { values, subjects in
            let layout = TokenLayout(subjects.model.model.config), images = subjects.images
            let points = saturatingProduct(images, layout.grid.count), limits = PCATask.limits
            if images != .max, !limits.contains(points) {
                values.add(
                    "image",
                    points > limits.upperBound
                        ? "These are \(points) patches, and \(limits.upperBound) can be decomposed. Ask for fewer images."
                        : "One patch does not vary. Give more images.")
            }
            let rule = PatchColours.Rule(
                threshold: values[foreground] ? values[threshold] : nil, isRefitted: values[refit], clip: values[clip])
            if !values[foreground] {
                if values.isGiven(threshold) {
                    values.add(threshold, "With foreground=false every patch has colours; leave the threshold out.")
                }
                if values[refit] {
                    values.add(refit, "With foreground=false there is nothing to refit to; write false.")
                }
                values.omit(threshold)
            }
            return NormedDepths(&values, subjects.model).map {
                PatchPCATask(model: subjects.model, places: $0, layout: layout, rule: rule, images: images)
            }
        }
    }()
}

/// Patches as colours, by their principal components (docs/science.md#patch-pca).
struct PatchPCATask: AnalysisTask {
    let model: NamedModel
    let places: NormedDepths
    let layout: TokenLayout
    let rule: PatchColours.Rule
    let images: Int

    var models: [NamedModel] { [model] }

    var mapSize: MapSize? {
        MapSize(maps: places.depths.count, numbers: saturatingProduct(places.depths.count, layout.grid.count, 5))
    }

    /// A singular value decomposition of (patches, embedDim) at each depth.
    var secondsBeside: Double {
        let (n, d) = (Double(layout.grid.count) * Double(images), Double(model.model.config.embedDim))
        return Double(places.depths.count) * n * d * min(n, d) * 6 / 5e9
    }

    func need(images: Int) -> MemoryNeed? {
        let tokens = saturatingProduct(images, layout.numTokens, model.model.config.embedDim)
        return MemoryNeed(
            bytes: saturatingSum(
                ForwardCost(model.model.config).bytes(images: images),
                saturatingProduct(tokens, 4, places.depths.count), saturatingProduct(tokens, 8, 6)),
            alternative: "Ask for fewer images or depths.")
    }

    func answer(_ context: AnalysisContext) async throws -> AnalysisAnswer {
        let cost = ForwardCost(model.model.config), layout = layout, rule = rule
        let found = try await context.admitted(need(images: context.images.count)) { slices in
            let batches = try await context.forEachBatch(
                of: Array(context.images.indices), model: model.model, batchSize: cost.batchSize(), slices
            ) { batch in try places.look(batch) { $0 } }
            var found: [PatchColours?] = []
            for place in places.depths.indices {
                found.append(
                    try await slices.run { slice in
                        try slice.checkCancellation()
                        let samples = batches.map { DoubleMatrix(tokens: $0[place], in: layout.patches) }
                        return PatchColours(.stacking(samples), layout: layout, rule: rule)
                    })
            }
            return found
        }
        return answer(found, images: context.images.count)
    }

    private func answer(_ found: [PatchColours?], images: Int) -> AnalysisAnswer {
        let grid = layout.grid, count = grid.count, depths = found.count
        /// (image, depth, row, col, …) of what is (image, …) at each depth.
        func maps(_ each: Int, _ part: (PatchColours) -> [Double]) -> Tensor {
            var numbers: [Float] = []
            numbers.reserveCapacity(images * depths * count * each)
            let parts = found.map { $0.map(part) }, size = count * each
            for image in 0..<images {
                for depth in parts {
                    for index in image * size..<(image + 1) * size {
                        numbers.append(depth.map { Float($0[index]) } ?? .nan)
                    }
                }
            }
            return Tensor(shape: [images, depths, grid.rows, grid.cols] + (each > 1 ? [each] : []), numbers)
        }
        func field(_ name: String, _ numbers: Tensor, _ axes: [String]) -> AnalysisResult.Field {
            (
                name,
                .array(NamedArray(shape: numbers.shape, axes: ["image", "depth"] + axes, numbers: .float32(numbers)))
            )
        }
        var answer = AnalysisAnswer(
            fields: [
                ("channels", .strings(["red", "green", "blue"])),
                ("components", .strings(["first", "red", "green", "blue"])),
                field("colours", maps(3, \.colours), ["row", "col", "channel"]),
                field("first_component", maps(1, \.scores), ["key_row", "key_col"]),
                field("is_foreground", maps(1, \.foreground), ["key_row", "key_col"]),
                (
                    "explained_ratio",
                    .numbers(
                        found.flatMap { $0?.explainedRatio ?? [.nan, .nan, .nan, .nan] }, by: ["depth", "component"],
                        shape: [depths, 4])
                ),
            ], mainField: "colours")
        answer.reasons = reasons(found)
        answer.figures = [
            ResultFigure(.colours, "colours", title: "components of patches", series: "depths"),
            ResultFigure(.maps, "first_component", title: "first component", series: "depths"),
        ]
        return answer
    }

    private func reasons(_ found: [PatchColours?]) -> [Reason] {
        var reasons: [Reason] = []
        let fields = ["/colours", "/first_component", "/is_foreground", "/explained_ratio"]
        if found.contains(where: { $0?.isDefined != true }) {
            reasons += fields.map {
                Reason(
                    pointer: $0,
                    reason:
                        "Where there is no number, all patches of the depth are the same but for rounding, or their "
                        + "numbers are not finite.")
            }
        } else if found.contains(where: { $0?.explainedRatio.allSatisfy(\.isFinite) == false }) {
            reasons.append(
                Reason(
                    pointer: "/explained_ratio",
                    reason: "Where there is no number, the patches have no such direction left, and all of them have "
                        + "half of that colour."))
        }
        if found.contains(where: { $0?.isDefined == true && $0?.foreground.contains(1) == false }) {
            reasons.append(
                Reason(
                    pointer: "/colours",
                    reason:
                        "At some depth no patch lies above the threshold, so all is background. Ask for a lower one."))
        }
        return reasons
    }
}
