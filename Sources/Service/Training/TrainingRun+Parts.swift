import Checkpoints
import Images
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
}

/// What is read before anything is computed: the settings, and the checkpoint they begin with.
struct RunSettings: Sendable {
    let configuration: TrainingConfiguration
    let initial: RecognisedModel?

    /// - Parameter path: a file with the JSON body of a job.
    init(path: String) throws(TrainingFailure) {
        let body: Value
        do { body = try JSON.parse(try MappedFile.open(path)) } catch {
            throw TrainingFailure(.configuration, "\(path): \(error).")
        }
        let first = try Self.parse(body)
        guard let file = first.initFrom else {
            (configuration, initial) = (first, nil)
            return
        }
        let model = try Self.open(file, imgSize: first.imgSize)
        initial = model
        // Where nobody says a size, the checkpoint's counts, and the views have it.
        if first.imgSize == nil, case .dictionary(let fields) = body {
            let side = model.config.imgSize.height
            configuration = try Self.parse(
                .dictionary(
                    ValueDictionary(fields.filter { $0.key.string != "img_size" } + [(.string("img_size"), .int(side))])
                ))
        } else {
            configuration = first
        }
    }

    private static func parse(_ body: Value) throws(TrainingFailure) -> TrainingConfiguration {
        do throws(TrainingError) {
            return try TrainingConfiguration(body) { NearestNames.of($0, among: $1) }
        } catch { throw TrainingFailure(error) }
    }

    private static func open(_ path: String, imgSize: Int?) throws(TrainingFailure) -> RecognisedModel {
        do {
            let (checkpoint, place) = try Inspection.open(path)
            var options = ModelLoader.Options()
            options.imgSize = imgSize.map { ImageSize(height: $0, width: $0) }
            let model = try ModelLoader.recognise(checkpoint, options, fileName: place.name)
            guard model.config.imgSize.height == model.config.imgSize.width, model.config.patchEmbed == .linear else {
                throw TrainingFailure.setting(
                    "/init_from", "\(place.name): only square images and a linear patch embedding are trained.")
            }
            return model
        } catch let failure as TrainingFailure { throw failure } catch let failure as LoadFailure {
            throw TrainingFailure.setting("/init_from", failure.sentence)
        } catch { throw TrainingFailure.setting("/init_from", "\(error)") }
    }

    /// The encoder: as configured, or the checkpoint's own.
    func vit() throws(TrainingFailure) -> ViTRecipe {
        if let vit = configuration.vit { return vit }
        guard let initial else { throw TrainingFailure.setting("/arch", "A job needs an arch.") }
        var vit = ViTRecipe(initial.config)
        vit.config.numClasses = 0
        vit.config.fcNorm = false
        vit.config.finalNorm = true
        vit.config.globalPool = .token
        vit.initialization = configuration.initialization
        if let table = initial.stateDict["pos_embed"].flatMap(SinCosTable.recognise) {
            vit.positions = .sinCos(table.table)
        }
        var faults: [ServiceError.Fault] = []
        TrainingConfiguration.check(vit, configuration.method, configuration.objective) {
            faults.append(.init(pointer: "/" + $0, detail: $1))
        }
        guard faults.isEmpty else {
            throw TrainingFailure(
                .configuration, faults.map { "\($0.pointer): \($0.detail)" }.joined(separator: "\n"), faults: faults)
        }
        return vit
    }
}

extension TrainingRun {
    /// Finds the images, builds the objective, and fills it with the weights it begins with.
    func prepare(warn: @escaping @Sendable (String) -> Void) throws -> RunParts {
        let configuration = settings.configuration
        let vit = try settings.vit()
        try configuration.checkMemory(vit, available: Double(Machine.memoryBytes))
        let side = vit.config.imgSize.height
        func open(_ name: String, _ pointer: String) throws -> TrainingDataset {
            do {
                return try TrainingDataset.open(
                    name, pointer: pointer, settings: configuration.dataset, directory: request.datasetsDirectory,
                    imgSize: side)
            } catch let error as ImageError { throw TrainingFailure(.badData, "\(name): \(error).") }
        }
        let images = try RunImages(
            try open(configuration.dataset.name, "/dataset"), configuration: configuration,
            patchSize: vit.config.patchSize, warn: warn)
        let encoder = configuration.encoder(vit, classes: images.classes)
        let objective = try configuration.makeObjective(encoder, classes: images.classes)
        let identity = RunIdentity(
            datasetDigest: images.digest, threads: threads, codeVersion: request.codeVersion)
        let pool = ThreadPool(threads: threads) { NumericLibraries.prepareThread() }
        var model = objective.initialState(seed: configuration.seed)
        if let initial = settings.initial { try model.takeEncoder(of: initial, for: objective, pool: pool) }
        let trainer = Trainer(
            objective: objective,
            optimizer: configuration.makeOptimizer(for: objective, stepsPerEpoch: images.stepsPerEpoch),
            plan: configuration.makePlan(stepsPerEpoch: images.stepsPerEpoch, identity: identity, vit: encoder),
            model: model, pool: pool)
        var validation: Trainer.Validation?
        if let name = configuration.dataset.validation, configuration.method.isSupervised {
            let dataset = try open(name, "/validation_dataset")
            guard dataset.classes == images.dataset.classes else {
                throw TrainingFailure.setting(
                    "/validation_dataset",
                    "“\(name)” has other classes than the images to learn from: \(Self.difference(dataset, images.dataset)). "
                        + "Both need the same folders.")
            }
            let measured = RunValidation(
                dataset: dataset, objective: objective, imgSize: side, batchSize: configuration.batchSize, pool: pool,
                warn: warn)
            validation = { try measured.measure($0) }
        }
        return RunParts(
            objective: objective, trainer: trainer, images: images, identity: identity, validation: validation)
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
