import Analysis
import JSON
import Platform
import Tensors
import Training

/// Accuracy of a linear classifier by depth, behind a norm without affine part (science: B.11).
struct LinearProbeTask: AnalysisTask {
    private let model: NamedModel
    private let features: DepthFeatures
    private let trainFraction: Double
    private let schedule: FeatureProbe.Schedule
    private let convention: Convention

    var models: [NamedModel] { [model] }
    var turnKey: String? { nil }
    var canonical: [String] {
        [
            "depths \(features.depths)", "pool \(features.pool.rawValue)", "train_fraction \(trainFraction)",
            "schedule \(schedule.epochs) \(schedule.batchSize) \(schedule.learningRate) \(schedule.seed)",
            "normalizer \(schedule.normalizer.rawValue)",
            "convention \(convention.rawValue)",
        ]
    }

    static func read(_ parameters: inout ParameterReader, _ model: NamedModel) -> LinearProbeTask? {
        let convention = parameters.choice("convention", default: Convention.corrected)
        let features = DepthFeatures.read(&parameters, model)
        let fraction = parameters.number("train_fraction", in: 0.01...0.99) ?? 0.5
        var schedule = FeatureProbe.Schedule()
        schedule.epochs = parameters.integer("epochs", in: 1...10_000) ?? schedule.epochs
        schedule.batchSize = parameters.integer("batch_size", in: 2...1_000_000) ?? schedule.batchSize
        schedule.learningRate = parameters.number("base_lr", in: 1e-6...100) ?? schedule.learningRate
        schedule.seed = UInt64(parameters.integer("seed", in: 0...1_000_000_000) ?? 0)
        schedule.normalizer = parameters.choice("normalizer", default: .batchNorm)
        let settings = schedule
        return features.map {
            LinearProbeTask(
                model: model, features: $0, trainFraction: fraction, schedule: settings, convention: convention)
        }
    }

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
                ("depths", .ints(features.depths)), ("pool", .string(features.pool.rawValue)),
                ("normalizer", .string(schedule.normalizer.rawValue)), ("train_fraction", .double(trainFraction)),
                ("seed", .int(Int(schedule.seed))), ("epochs", .int(schedule.epochs)),
                ("batch_size", .int(schedule.batchSize)), ("base_lr", .double(schedule.learningRate)),
                ("convention", .string(convention.rawValue)), ("classes", .strings(images.classes)),
                ("n_train", .int(images.train.count)), ("n_test", .int(images.test.count)),
                ("chance", .double(1 / Double(images.classes.count))),
                ("top1", byDepth(statistics.map { $0.mean ?? .nan })),
                ("top1_sem", byDepth(statistics.map { $0.standardError ?? .nan })),
                ("top5", byDepth(amongFive.map { tellsFive ? $0.mean ?? .nan : .nan })),
                ("top5_sem", byDepth(amongFive.map { tellsFive ? $0.standardError ?? .nan : .nan })),
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

    private func byDepth(_ values: [Double]) -> JSONValue {
        .array(NamedArray(shape: [values.count], axes: ["depth"], numbers: .float64(values)))
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
