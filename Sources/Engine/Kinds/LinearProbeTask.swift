import Analysis
import Catalogue
import JSON
import Tensors
import Training

extension AnalysisKind {
    public static let linearProbe: AnalysisKind = {
        let usual = FeatureProbe.Schedule()
        let normalizer = DeclaredParameter.choice(
            "normalizer", default: ProbeHeads.Normalizer.batchNorm,
            "What stands before the classifier, without affine part.")
        let epochs = DeclaredParameter.integer("epochs", in: 1...10_000, default: usual.epochs, "Of the classifier.")
        let rate = DeclaredParameter.number(
            "base_lr", in: 1e-6...100, default: usual.learningRate, "Learning rate of the classifier.")
        let batch = DeclaredParameter.integer(
            "batch_size", in: 2...1_000_000, default: usual.batchSize, "Images in a step of the classifier.")
        let fraction = DeclaredParameter.trainFraction, seed = DeclaredParameter.seed
        let spec = AnalysisSpec(
            "linear-probe", group: .layers, title: "Linear probe by depth",
            summary: "Accuracy of a linear classifier by depth",
            reading: "What separates linearly after each block.",
            cost: "One pass of each image, and the fit of a classifier to each depth.",
            parameters: [
                DeclaredParameter.layers, DepthFeatures.poolParameter, normalizer, fraction, seed, epochs, rate, batch,
                DeclaredParameter.convention,
            ], images: .labelled)
        return AnalysisKind(spec) { values, subjects in
            var schedule = usual
            schedule.epochs = values[epochs]
            schedule.batchSize = values[batch]
            schedule.learningRate = values[rate]
            schedule.seed = values.seed
            schedule.normalizer = values[normalizer]
            return DepthFeatures(&values, subjects.model).map { [schedule] in
                LinearProbeTask(
                    model: subjects.model, features: $0, trainFraction: values[fraction], schedule: schedule)
            }
        }
    }()
}

/// Accuracy of a linear classifier by depth, behind a norm without affine part (docs/science.md#linear-probe).
struct LinearProbeTask: AnalysisTask {
    let model: NamedModel
    let features: DepthFeatures
    let trainFraction: Double
    let schedule: FeatureProbe.Schedule

    var models: [NamedModel] { [model] }

    func answer(_ context: AnalysisContext) async throws -> AnalysisAnswer {
        let images = try LabelledImages(context.images, trainFraction: trainFraction, seed: schedule.seed)
        let bytes = saturatingSum(
            ForwardCost(model.model.config).bytes(images: context.images.count),
            saturatingProduct(features.bytes(images: context.images.count), 2))
        let right = try await context.admitted(bytes: bytes, alternative: "Ask for fewer images or layers.") { slices in
            let gathered = try await features.gather(context, model.model, slices)
            return try await slices.run { slice in
                try slice.checkCancellation()
                let logits = FeatureProbe.logits(
                    train: .init(
                        features: gathered.map { $0.gatheringRows(images.train) },
                        labels: images.train.map { images.labels[$0] }),
                    on: gathered.map { $0.gatheringRows(images.test) }, classes: images.classes.count,
                    schedule: schedule, pool: slice.pool)
                let labels = images.test.map { images.labels[$0] }
                return logits.map { logits in
                    [1, 5].map { count in
                        logits.hits(labels, among: count).map { hit in hit.map { $0 ? 1.0 : 0 } ?? .nan }
                    }
                }
            }
        }
        let statistics = right.map { Statistics($0[0]) }, amongFive = right.map { Statistics($0[1]) }
        // Among five classes every decision is right.
        let tellsFive = images.classes.count > 5
        var answer = AnalysisAnswer(
            fields: [
                ("depths", .ints(features.depths)), ("classes", .strings(images.classes)),
                ("n_train", .int(images.train.count)), ("n_test", .int(images.test.count)),
                ("chance", .double(1 / Double(images.classes.count))),
                ("top1", .numbers(statistics.map(\.mean), by: ["depth"])),
                ("top1_sem", .numbers(statistics.map(\.standardError), by: ["depth"])),
                ("top5", .numbers(amongFive.map { tellsFive ? $0.mean ?? .nan : .nan }, by: ["depth"])),
                ("top5_sem", .numbers(amongFive.map { tellsFive ? $0.standardError ?? .nan : .nan }, by: ["depth"])),
            ], mainField: "top1")
        if statistics.contains(where: { $0.mean == nil }) {
            answer.reasons += Reason.undecided(
                ["/top1", "/top1_sem"] + (tellsFive ? ["/top5", "/top5_sem"] : []), of: "depths")
        }
        if images.test.count == 1 {
            answer.reasons += Reason.oneImage(["/top1_sem"] + (tellsFive ? ["/top5_sem"] : []))
        }
        if !tellsFive {
            answer.reasons += ["/top5", "/top5_sem"].map {
                Reason(
                    pointer: $0, reason: "There are \(images.classes.count) classes, so every decision is among five.")
            }
        }
        answer.figures = [
            ResultFigure(
                .lines, "top1", title: "linear probe", x: "depths", band: "top1_sem", xLabel: "depth", yLabel: "top-1")
        ]
        return answer
    }
}

extension Tensor {
    /// Whether each row's own class is among its `count` largest logits; of equals, the one with the smaller index goes
    /// first. Nil where a logit of the row is not finite.
    fileprivate func hits(_ labels: [Int], among count: Int) -> [Bool?] {
        let classes = shape[1], numbers = array
        return labels.enumerated().map { image, label in
            let row = numbers[image * classes..<(image + 1) * classes], own = numbers[image * classes + label]
            guard row.allSatisfy(\.isFinite) else { return nil }
            let before = row.enumerated().count { $1 > own || ($1 == own && $0 < label) }
            return before < count
        }
    }
}
