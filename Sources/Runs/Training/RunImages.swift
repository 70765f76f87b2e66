import Training

/// The images of a run: what they are, and the batches that are made of them.
struct RunImages: Sendable {
    let dataset: TrainingDataset
    let digest: String
    let stepsPerEpoch: Int
    private let maker: BatchMaker
    private let configuration: TrainingConfiguration

    var count: Int { dataset.count }
    var classes: Int { dataset.classes.count }

    /// - Parameters:
    ///   - patchSize: of the encoder.
    ///   - part: which images of each batch are made.
    ///   - warn: called for each image that cannot be read, from another thread.
    init(
        _ dataset: TrainingDataset, configuration: TrainingConfiguration, patchSize: Int, part: BatchPart,
        warn: @escaping @Sendable (String) -> Void
    ) throws {
        self.dataset = dataset
        self.configuration = configuration
        digest = try dataset.digest()
        try configuration.checkImages(count: dataset.count, classes: dataset.classes.count)
        for warning in dataset.warnings { warn("\(warning)") }
        do throws(DataError) {
            maker = try BatchMaker(
                dataset, plan: Self.plan(configuration, patchSize: patchSize, classes: dataset.classes.count),
                batchSize: configuration.batchSize, part: part, seed: configuration.seed,
                rule: configuration.dataset.onError
            ) { warn("\($0)") }
        } catch { throw TrainingFailure.setting("/batch_size", "\(error).") }
        stepsPerEpoch = maker.batchesPerEpoch / configuration.accumulationSteps
    }

    /// How many images were skipped, and the first of them, in words; nil where none was.
    var skippedWords: String? {
        let skipped = maker.skipped
        guard !skipped.isEmpty else { return nil }
        let names = skipped.prefix(10).map(\.file).joined(separator: ", ")
        return "\(skipped.count) of \(count) images cannot be read and were skipped, others in their places: "
            + names + (skipped.count > 10 ? ", …" : "")
    }

    private static func plan(_ configuration: TrainingConfiguration, patchSize: Int, classes: Int) -> ViewPlan {
        var plan = ViewPlan(views: configuration.augmentation.views)
        plan.masking = configuration.method.masking(configuration.objective, patchSize: patchSize)
        let augmentation = configuration.augmentation
        if augmentation.mixup > 0 || augmentation.cutmix > 0 {
            plan.mixing = Mixing(
                mixup: augmentation.mixup, cutmix: augmentation.cutmix, smoothing: configuration.smoothing,
                classes: classes)
        }
        return plan
    }

    /// The batches from step `first` on, made ahead on a thread of their own.
    func batches(from first: Int) -> Trainer.Batches {
        let parts = configuration.accumulationSteps
        let loader = BatchLoader(
            maker, epochs: configuration.epochs, batchesPerEpoch: stepsPerEpoch * parts, firstBatch: first * parts)
        return { step, _ in
            guard let batch = try loader.next() else { preconditionFailure("no batch for step \(step)") }
            return batch
        }
    }
}
