import Analysis
import Catalogue
import Images
import JSON
import Models
import Platform
import Tensors
import Training

extension AnalysisKind {
    public static let segmentationProbe: AnalysisKind = {
        let usual = FeatureProbe.Schedule(epochs: 20)
        let depths = DeclaredParameter.indices(
            "depths", aliases: ["depth"], default: "all",
            "Which depths: `all`, or indices and ranges; 0 is the embedding, 1 the first block's output, -1 the last.")
        let method = DeclaredParameter.choice(
            "method", default: SegmentationProbeTask.Method.linear,
            "A linear classifier of patches, or a vote of the nearest ones.")
        let neighbours = DeclaredParameter.integer(
            "k", in: 1...1000, default: 20, "method=knn: neighbours that vote, at most as many as there are.")
        let temperature = DeclaredParameter.number(
            "temperature", in: 0.001...1000, default: 0.07,
            "method=knn: of the votes; smaller = nearer neighbours weigh more.")
        let epochs = DeclaredParameter.integer(
            "epochs", in: 1...10_000, default: usual.epochs, "method=linear: of the classifier.")
        let rate = DeclaredParameter.number(
            "base_lr", in: 1e-6...100, default: usual.learningRate, "method=linear: learning rate of the classifier.")
        let patches = DeclaredParameter.integer(
            "train_patches", in: 2...100_000, default: 4096,
            "Patches that are learned from at the most; of more, so many are drawn.")
        let fraction = DeclaredParameter<Double>.number(
            "train_fraction", in: 0.01...0.99, default: 0.5,
            "Share of the images whose patches are learned from; the others are asked.")
        let seed = DeclaredParameter.seed
        let spec = AnalysisSpec(
            "segmentation-probe", group: .layers, title: "Segmentation probe by depth",
            summary: "How well patches tell what they show, by depth",
            reading:
                "Mean intersection over union of masks that a probe of single patches draws: high where the dense features "
                + "of a depth know things and their outlines; the ceiling is what whole patches can reach at all.",
            cost: "One pass of each image, and the fit of a classifier to each depth.",
            parameters: [depths, method, neighbours, temperature, epochs, rate, patches, fraction, seed],
            images: .masked)
        return AnalysisKind(spec) { values, subjects in
            let model = subjects.model, isLinear = values[method] == .linear
            for parameter in (isLinear ? [neighbours, temperature] : [epochs, rate]) as [any AnyDeclaredParameter] {
                if values.isGiven(parameter) {
                    values.add(
                        parameter,
                        "\(parameter.declaration.name) belongs to method=\(isLinear ? "knn" : "linear"); leave it out.")
                }
                values.omit(parameter)
            }
            var schedule = usual
            schedule.epochs = values[epochs]
            schedule.learningRate = values[rate]
            schedule.seed = values.seed
            return values.indices(values[depths], of: depths, count: model.model.config.depth + 1, noun: "depth").map {
                [schedule] in
                SegmentationProbeTask(
                    model: model, depths: $0,
                    probe: isLinear
                        ? .linear(schedule) : .knn(k: values[neighbours], temperature: values[temperature]),
                    trainPatches: values[patches], trainFraction: values[fraction], seed: values.seed)
            }
        }
    }()
}

/// Segmentation by single patches, by depth (docs/science.md#segmentation-probe).
struct SegmentationProbeTask: AnalysisTask {
    /// Raw values are those of the parameter `method`.
    enum Method: String, Sendable, CaseIterable { case linear, knn }

    let model: NamedModel
    let depths: [Int]
    let probe: PatchProbe.Form
    let trainPatches: Int
    let trainFraction: Double
    let seed: UInt64

    /// Images whose masks are shown at the most.
    private static let shown = 16

    var models: [NamedModel] { [model] }

    /// The images, their labels and who learns from which patches.
    private struct Split: Sendable {
        let masks: [LabelImage]
        /// Labels of patches of each image.
        let patches: [[UInt8]]
        /// Ascending, without the one that says that there is none.
        let labels: [UInt8]
        let train: [Int]
        let test: [Int]
        /// Image and patch of each that is learned from.
        let learned: [(image: Int, patch: Int)]
    }

    func answer(_ context: AnalysisContext) async throws -> AnalysisAnswer {
        let config = model.model.config, cost = ForwardCost(config), layout = TokenLayout(config)
        let count = context.images.count
        guard count > 1 else {
            throw ServiceError.conflict("It takes two images at least: one to learn from, one to ask.")
        }
        let most = min(trainPatches, saturatingProduct(count, layout.grid.count))
        let tokens = saturatingProduct(depths.count, config.numTokens, config.embedDim, 12)
        let known = saturatingProduct(most, depths.count, config.embedDim, 12)
        let bytes = saturatingSum(
            known, saturatingProduct(256, most, 8),
            saturatingProduct(count, config.imgSize.height, config.imgSize.width),
            cost.bytes(images: count, extraBytesPerImage: tokens))
        let size = cost.batchSize(extraBytesPerImage: tokens)
        // [image][depth], the labels of patches; nil where nothing was decided.
        let (split, decided): (Split, [[[UInt8]?]]) = try await context.admitted(
            bytes: bytes, alternative: "Ask for fewer images, depths or train_patches."
        ) { slices in
            let split = try await self.split(context, layout, slices)
            let features = try await learned(split, context, size, slices)
            let places = split.learned.map { split.patches[$0.image][$0.patch] }
            let classes = places.compactMap { split.labels.firstIndex(of: $0) }
            let probe = try await slices.run { slice in
                try slice.checkCancellation()
                return PatchProbe(
                    self.probe, features: features, classes: classes, count: split.labels.count, pool: slice.pool)
            }
            let decided = try await context.forEachBatch(of: split.test, model: model.model, batchSize: size, slices) {
                batch in
                let found = try patches(of: batch)
                let all = depths.indices.map { depth in
                    let tensor = found[depth]
                    return probe.decisions(
                        depth, on: tensor.reshaped([tensor.count / config.embedDim, config.embedDim]), pool: batch.pool)
                }
                return batch.indices.indices.map { image in
                    all.map { decisions in
                        let own = decisions[image * layout.grid.count..<(image + 1) * layout.grid.count]
                        let labels = own.compactMap { $0.map { split.labels[$0] } }
                        return labels.count == own.count ? labels : nil
                    }
                }
            }.flatMap(\.self)
            return (split, decided)
        }
        return answer(split, decided, layout)
    }

    /// The patch tokens of each depth, (batch, patches, embedDim).
    private func patches(of batch: ForwardBatch) throws -> [Tensor] {
        var request = IntermediatesRequest(), found: [Int: Tensor] = [:]
        request.hiddenStates = Set(depths)
        let first = model.model.config.numPrefixTokens
        try batch.forward(request) { intermediate in
            if case .hiddenState(let depth, let tensor) = intermediate { found[depth] = tensor.tokens(from: first) }
        }
        return depths.compactMap { found[$0] }
    }

    /// Of each depth the features of the patches that are learned from, in their order.
    private func learned(
        _ split: Split, _ context: AnalysisContext, _ size: Int, _ slices: ComputeSlices
    ) async throws -> [Tensor] {
        var wanted: [Int: [Int]] = [:]
        for (image, patch) in split.learned { wanted[image, default: []].append(patch) }
        let places = wanted, images = split.train.filter { places[$0] != nil }
        let parts = try await context.forEachBatch(of: images, model: model.model, batchSize: size, slices) { batch in
            let rows = batch.indices.enumerated().flatMap { place, image in
                (places[image] ?? []).map { place * model.model.config.grid.count + $0 }
            }
            return try patches(of: batch).map { tensor in
                tensor.reshaped([tensor.shape[0] * tensor.shape[1], tensor.shape[2]]).gatheringRows(rows)
            }
        }
        return depths.indices.map { depth in .concatenating(parts.map { $0[depth] }) }
    }

    private func split(
        _ context: AnalysisContext, _ layout: TokenLayout, _ slices: ComputeSlices
    ) async throws -> Split {
        let count = context.images.count, transform = model.model.transform
        var masks: [LabelImage] = []
        for image in context.images {
            masks.append(
                try await slices.run { slice in
                    try slice.checkCancellation()
                    return transform.view(of: try image.labels())
                })
        }
        let patches = masks.map { PatchLabels.majority($0.labels, width: $0.width, layout: layout) }
        let order = RandomStream(seed: seed, "segmentation.split").permuted(count)
        let share =
            Int(
                rounding: Double(count) * trainFraction, .toNearestOrAwayFromZero, into: 1...count - 1) ?? 1
        let train = order.prefix(share).sorted(), test = order.dropFirst(share).sorted()
        var learned = train.flatMap { image in
            patches[image].indices.filter { patches[image][$0] != PatchLabels.ignored }
                .map { (image: image, patch: $0) }
        }
        guard learned.count > 1 else {
            throw ServiceError.conflict("The images to learn from have fewer than two patches with a label.")
        }
        if learned.count > trainPatches {
            let kept = RandomStream(seed: seed, "segmentation.patches").permuted(learned.count).prefix(trainPatches)
            learned = kept.sorted().map { learned[$0] }
        }
        var isThere = [Bool](repeating: false, count: 256)
        for mask in masks { for label in mask.labels { isThere[Int(label)] = true } }
        let labels = (UInt8.min..<PatchLabels.ignored).filter { isThere[Int($0)] }
        return Split(masks: masks, patches: patches, labels: labels, train: train, test: test, learned: learned)
    }

    private func answer(_ split: Split, _ decided: [[[UInt8]?]], _ layout: TokenLayout) -> AnalysisAnswer {
        func score(_ patches: (Int) -> [UInt8]?) -> SegmentationScore? {
            var score = SegmentationScore(labels: split.labels)
            for (place, image) in split.test.enumerated() {
                guard let own = patches(place) else { return nil }
                let mask = split.masks[image]
                score.add(own, truth: mask.labels, width: mask.width, layout: layout)
            }
            return score
        }
        let scores = depths.indices.map { depth in score { decided[$0][depth] } }
        let ceiling = score { split.patches[split.test[$0]] }
        let best = depths.indices.max { (scores[$0]?.mean ?? -1, $1) < (scores[$1]?.mean ?? -1, $0) } ?? 0
        let shown = split.test.indices.prefix(Self.shown)
        func maps(_ labels: (Int) -> [UInt8]?) -> JSONValue {
            let numbers = shown.flatMap { place -> [Float] in
                labels(place)?.map { Float($0) } ?? [Float](repeating: .nan, count: layout.grid.count)
            }
            let shape = [shown.count, layout.grid.rows, layout.grid.cols]
            return .array(
                NamedArray(
                    shape: shape, axes: ["image", "row", "col"], numbers: .float32(Tensor(shape: shape, numbers))))
        }
        var answer = AnalysisAnswer(
            fields: [
                ("labels", .ints(split.labels.map(Int.init))),
                ("n_train", .int(split.train.count)), ("n_test", .int(split.test.count)),
                ("train_images", .ints(split.train)), ("n_learned_patches", .int(split.learned.count)),
                ("miou", .numbers(scores.map { $0?.mean }, by: ["depth"])),
                ("pixel_accuracy", .numbers(scores.map { $0?.pixelAccuracy }, by: ["depth"])),
                (
                    "iou",
                    .numbers(
                        scores.flatMap { score in
                            score?.intersectionOverUnion ?? [Double?](repeating: nil, count: split.labels.count)
                        }, by: ["depth", "label"], shape: [depths.count, split.labels.count])
                ),
                ("ceiling", .double(ceiling?.mean ?? .nan)),
                ("best_depth", .int(depths[best])),
                ("panels", .strings(["truth", "prediction"])),
                ("shown_images", .ints(shown.map { split.test[$0] })),
                ("truth", maps { split.patches[split.test[$0]] }), ("prediction", maps { decided[$0][best] }),
            ], mainField: "miou")
        if scores.contains(where: { $0 == nil }) {
            answer.reasons += Reason.undecided(["/miou", "/pixel_accuracy", "/iou", "/prediction"], of: "depths")
        } else if scores.contains(where: { $0?.intersectionOverUnion.contains { $0 == nil } == true }) {
            answer.reasons.append(
                Reason(
                    pointer: "/iou",
                    reason: "Where there is no number, no pixel of the images that are asked has the label "
                        + "or was given it."))
        }
        if ceiling?.mean == nil {
            answer.reasons += ["/ceiling", "/miou", "/pixel_accuracy"].map {
                Reason(pointer: $0, reason: "No pixel of the images that are asked has a label.")
            }
        }
        answer.figures = [
            ResultFigure(
                .lines, "miou", title: "segmentation probe", x: "depths", reference: "ceiling", xLabel: "depth",
                yLabel: "mean intersection over union"),
            ResultFigure(.labels, "prediction", title: "labels at depth \(depths[best])", series: "panels"),
        ]
        return answer
    }
}

extension RandomStream {
    /// The numbers below `count` in an order drawn at random.
    fileprivate func permuted(_ count: Int) -> [Int] {
        var random = self
        return random.permutation(count)
    }
}
