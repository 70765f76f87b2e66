import Images
import Platform
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
    ///   - warn: called for each picture that cannot be read, from another thread.
    init(
        _ dataset: TrainingDataset, configuration: TrainingConfiguration, patchSize: Int,
        warn: @escaping @Sendable (String) -> Void
    ) throws {
        self.dataset = dataset
        self.configuration = configuration
        digest = try dataset.digest()
        if configuration.method.isSupervised, dataset.classes.count < 2 {
            throw TrainingFailure.setting(
                "/dataset",
                "The method \(configuration.method.rawValue) learns classes: the dataset needs a folder for each of two "
                    + "or more.")
        }
        for warning in dataset.warnings { warn("\(warning)") }
        do throws(DataError) {
            maker = try BatchMaker(
                dataset, plan: Self.plan(configuration, patchSize: patchSize, classes: dataset.classes.count),
                batchSize: configuration.batchSize, seed: configuration.seed
            ) { warn("\($0)") }
        } catch { throw TrainingFailure.setting("/batch_size", "\(error).") }
        stepsPerEpoch = maker.batchesPerEpoch / configuration.accumulationSteps
        guard stepsPerEpoch > 0 else {
            throw TrainingFailure.setting(
                "/accumulation_steps",
                "A step of \(configuration.accumulationSteps) batches of \(configuration.batchSize) needs more than the "
                    + "\(dataset.count) images of the dataset.")
        }
    }

    private static func plan(_ configuration: TrainingConfiguration, patchSize: Int, classes: Int) -> ViewPlan {
        var plan = ViewPlan(views: configuration.augmentation.views)
        if configuration.method.isMasked {
            let simMIM = configuration.objective.simMIM
            plan.masking = .simMIM(
                patchSize: patchSize, maskPatchSize: simMIM.maskPatchSize, maskRatio: simMIM.maskRatio)
        } else if configuration.method == .mae {
            plan.masking = .mae(patchSize: patchSize)
        }
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

extension TrainingDataset {
    /// The dataset that `settings` names.
    ///
    /// - Parameters:
    ///   - name: of the dataset or of the one to validate on.
    ///   - pointer: to the setting.
    ///   - imgSize: of the model, which the built-in images take unless told otherwise.
    static func open(
        _ name: String, pointer: String, settings: DatasetSettings, directory: String?, imgSize: Int
    ) throws -> TrainingDataset {
        if name == DatasetSettings.builtIn {
            return .shapesTextures(
                try ShapesTextures(
                    count: settings.numImages ?? 4096, imgSize: settings.imgSize ?? min(max(imgSize, 16), 1024),
                    // Built-in images to validate on are others than those to learn from.
                    seed: UInt64(settings.seed ?? 0) + (pointer == "/dataset" ? 0 : 1),
                    cue: settings.cue.flatMap(ShapesTextures.Cue.init) ?? .independent))
        }
        let isPath = name.contains("/") || name == "." || name == ".."
        let path = isPath ? name : directory.map { $0 + "/" + name } ?? name
        guard Folder.exists(path) else {
            let known = directory.flatMap { try? Folder.entries($0).filter(\.isFolder).map(\.name) } ?? []
            let near = NearestNames.of(name, among: known + [DatasetSettings.builtIn])
            throw TrainingFailure.setting(
                pointer,
                "There is no dataset “\(name)”."
                    + (near.isEmpty
                        ? " Name a folder, \(DatasetSettings.builtIn), or one below --datasets."
                        : " Did you mean \(near.map { "“\($0)”" }.joined(separator: " or "))?"))
        }
        return .folder(try ImageFolder(path))
    }
}
