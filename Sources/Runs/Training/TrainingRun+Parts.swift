import Catalogue
import Images
import JSON
import Models
import Platform
import Tensors
import Training

/// Everything a run is made of.
struct RunParts {
    let objective: any Objective
    var trainer: Trainer
    let images: RunImages
    let identity: RunIdentity
    let validation: Trainer.Validation?
    /// What a look into the images to learn from has found.
    let inspection: DatasetInspection
}

extension TrainingRun {
    /// Finds the images, builds the objective, and fills it with the weights it begins with.
    ///
    /// - Parameters:
    ///   - looks: how many images of a set are decoded first, to find those that cannot be.
    ///   - warn: takes what is odd about the images, from any thread.
    func prepare(looks: Int, warn: @escaping @Sendable (String) -> Void) throws -> RunParts {
        let configuration = settings.configuration
        let vit = try settings.vit()
        try configuration.checkMemory(vit, available: Double(Machine.memoryBytes))
        let side = vit.config.imgSize.height
        let pool = ThreadPool(threads: threads) { NumericLibraries.prepareThread() }
        let refuses = configuration.dataset.onError == .refuse
        func open(_ name: String, _ pointer: String, looks: Int) throws -> (TrainingDataset, DatasetInspection) {
            let dataset = try TrainingDataset.open(
                name, pointer: pointer, settings: configuration.dataset,
                places: DatasetPlaces(directory: request.datasetsDirectory, restrictsPaths: request.restrictsPaths),
                imgSize: side)
            let inspection = DatasetInspection(dataset, atMost: looks, pool: pool)
            guard refuses else { return (dataset, inspection) }
            do throws(DataError) { try inspection.checkAllAreReadable() } catch {
                let detail = ServiceError.sentence("\(error)")
                throw TrainingFailure(.badData, detail, faults: [.init(pointer: pointer, detail: detail)])
            }
            return (dataset, inspection)
        }
        let (dataset, inspection) = try open(configuration.dataset.name, "/dataset", looks: looks)
        // A dry run is the first of the ranks, alone.
        let images = try RunImages(
            dataset, configuration: configuration, patchSize: vit.config.patchSize,
            part: BatchPart(rank: request.ranks.rank, of: configuration.ranks), warn: warn)
        let encoder = configuration.encoder(vit, classes: images.classes)
        let objective = try configuration.makeObjective(encoder, classes: images.classes)
        let identity = RunIdentity(
            datasetDigest: images.digest, threads: threads, codeVersion: request.codeVersion,
            ranks: configuration.ranks)
        var model = objective.initialState(seed: configuration.seed)
        if let initial = settings.initial { try model.takeEncoder(of: initial, for: objective, pool: pool) }
        let trainer = Trainer(
            objective: objective,
            optimizer: configuration.makeOptimizer(for: objective, stepsPerEpoch: images.stepsPerEpoch),
            plan: configuration.makePlan(stepsPerEpoch: images.stepsPerEpoch, identity: identity, vit: encoder),
            model: model, pool: pool, ranks: request.ranks)
        var validation: Trainer.Validation?
        if let name = configuration.dataset.validation, configuration.method.isSupervised {
            // What is found there is told by a refusal alone.
            let (dataset, _) = try open(name, "/validation_dataset", looks: refuses ? looks : 0)
            try Self.checkClasses(of: dataset, named: name, against: images.dataset)
            let measured = RunValidation(
                dataset: dataset, objective: objective, imgSize: side, batchSize: configuration.batchSize, pool: pool,
                rule: configuration.dataset.onError, warn: warn)
            validation = { try measured.measure($0) }
        }
        return RunParts(
            objective: objective, trainer: trainer, images: images, identity: identity, validation: validation,
            inspection: inspection)
    }

    /// - Throws: `TrainingFailure` where the images to validate on have other classes than those to learn from.
    static func checkClasses(
        of dataset: TrainingDataset, named name: String, against training: TrainingDataset
    ) throws(TrainingFailure) {
        guard dataset.classes != training.classes else { return }
        throw TrainingFailure.setting(
            "/validation_dataset",
            "“\(name)” has other classes than the images to learn from: \(difference(dataset, training)). Both need the "
                + "same folders.")
    }

    /// A few classes that only one of the two has.
    private static func difference(_ validation: TrainingDataset, _ training: TrainingDataset) -> String {
        func text(_ classes: [String], _ others: [String], _ owner: String) -> [String] {
            let known = Set(others)
            let alone = classes.filter { !known.contains($0) }.prefix(3)
            return alone.isEmpty ? [] : ["only \(owner) has \(alone.joined(separator: ", "))"]
        }
        return
            (text(validation.classes, training.classes, "it") + text(training.classes, validation.classes, "/dataset"))
            .joined(separator: "; ")
    }
}
