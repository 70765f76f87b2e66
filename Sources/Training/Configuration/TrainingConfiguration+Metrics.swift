extension TrainingMethod {
    /// The metrics that lines of `metrics.jsonl` have, and those of validation.
    ///
    /// - Parameters:
    ///   - lambda: of the hybrid.
    ///   - layers: the depths that a linear probe probes.
    ///   - validates: whether there are images to validate on.
    func metricNames(lambda: Double, layers: [Int], validates: Bool) -> [String] {
        var names = ["loss"]
        var measured: [String] = []
        switch self {
        case .mocoV3, .simMIM, .mae: break
        case .hybrid:
            names +=
                lambda == 1
                ? ["loss_moco"]
                : lambda == 0
                    ? ["loss_simmim"]
                    : [
                        "loss_simmim", "loss_moco", "gradient_cosine",
                    ]
        case .supervised, .finetune: measured = ["accuracy"]
        case .linearProbe: measured = layers.map { "accuracy.\($0)" }
        }
        return names + measured + ["lr", "gradient_norm"] + (validates ? measured.map { "val_" + $0 } : [])
    }
}
