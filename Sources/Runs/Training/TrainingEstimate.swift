import Catalogue
import Images
public import JSON
import Training

/// What a run would need: the answer of a dry run.
public struct TrainingEstimate: Sendable {
    let cost: TrainingCost
    let images: Int
    let classes: Int
    let stepsPerEpoch: Int
    let epochs: Int
    /// Measured on a few real steps.
    let secondsPerEpoch: Double
    let measuredSteps: Int
    /// Every setting with the value that counts.
    let settings: JSONValue
    let data: Data

    /// What there is to say about the images.
    struct Data: Sendable {
        /// Names and sentences of each kind at the most.
        private static let most = 20
        let inspection: DatasetInspection
        let rule: UnreadableRule
        let indexRule: String
        /// Classes without images, files that were left out, images that could not be read during the first steps.
        let warnings: [String]

        init(
            _ dataset: TrainingDataset, _ inspection: DatasetInspection, rule: UnreadableRule,
            warnings: [String]
        ) {
            self.inspection = inspection
            self.rule = rule
            self.warnings = Array(warnings.prefix(Self.most))
            if case .folder(let folder) = dataset {
                indexRule = DatasetInfo.indexRule(folder)
            } else {
                indexRule = DatasetInfo.drawnRule
            }
        }

        var value: JSONValue {
            func names(_ findings: [DatasetInspection.Finding]) -> JSONValue {
                .strings(
                    findings.prefix(Self.most).map { "\($0.file): \(ServiceError.sentence($0.reason))" })
            }
            return .object([
                .init("index_rule", .string(indexRule)), .init("on_error", .string(rule.rawValue)),
                .init("n_checked", .int(inspection.checked)),
                .init("n_unreadable", .int(inspection.unreadable.count)),
                .init("unreadable", names(inspection.unreadable)),
                .init("n_odd", .int(inspection.odd.count)),
                .init("odd", names(inspection.odd)), .init("warnings", .strings(warnings)),
            ])
        }

        /// The same in lines for people.
        var lines: [String] {
            let first = inspection.unreadable.prefix(3).map(\.description).joined(separator: "; ")
            return [
                "images: \(inspection.checked) of \(inspection.count) decoded, \(inspection.unreadable.count) cannot be "
                    + "read (on_error: \(rule.rawValue))" + (first.isEmpty ? "" : ": \(first)")
            ] + warnings.map { "  \($0)" }
        }
    }

    /// The estimate as JSON.
    public var value: JSONValue {
        .object(members + (cost.ranks > 1 ? [.init("ranks", .int(cost.ranks))] : []))
    }

    private var members: [JSONValue.Member] {
        [
            .init("parameters", .int(cost.parameters)), .init("trainable_parameters", .int(cost.trainableParameters)),
            .init("memory_bytes", .int(cost.memoryBytes)),
            .init(
                "memory",
                .object([
                    .init("weights_bytes", .int(cost.weightBytes)), .init("gradients_bytes", .int(cost.gradientBytes)),
                    .init("moments_bytes", .int(cost.momentBytes)),
                    .init("momentum_encoder_bytes", .int(cost.momentumEncoderBytes)),
                    .init("activations_bytes", .int(cost.activationBytes)),
                ])),
            .init("n_images", .int(images)), .init("n_classes", .int(classes)),
            .init("steps_per_epoch", .int(stepsPerEpoch)), .init("epochs", .int(epochs)),
            .init("seconds_per_epoch", .double(secondsPerEpoch)), .init("measured_steps", .int(measuredSteps)),
            .init("data", data.value), .init("settings", settings),
        ]
    }

    /// The estimate as lines for people.
    public var lines: [String] {
        func megabytes(_ bytes: Int) -> String { "\((bytes + 500_000) / 1_000_000) MB" }
        return [
            "parameters: \(cost.parameters), of which \(cost.trainableParameters) train",
            "memory: about \(megabytes(cost.memoryBytes)) "
                + (cost.ranks > 1 ? "of \(cost.ranks) ranks, each (weights " : "(weights ")
                + "\(megabytes(cost.weightBytes)), gradients "
                + "\(megabytes(cost.gradientBytes)), moments \(megabytes(cost.momentBytes)), momentum encoder "
                + "\(megabytes(cost.momentumEncoderBytes)), activations \(megabytes(cost.activationBytes)))",
            "data: \(images) images, \(stepsPerEpoch) steps an epoch, \(epochs) epochs",
            "time: \((secondsPerEpoch * 10).rounded() / 10) seconds an epoch, measured on \(measuredSteps) real "
                + "step\(measuredSteps == 1 ? "" : "s")",
        ] + data.lines + ["settings:"]
            + (settings.object ?? []).map { "  \($0.name): \(String(decoding: $0.value.canonical, as: UTF8.self))" }
    }
}
