public import Catalogue
public import JSON
import Models
import Platform
import Training

/// Looks at a job before it is taken: everything that can be told without decoding an image or computing.
public struct JobValidation: Sendable {
    /// Where a checkpoint lies that is named `upload:SHA256`, `job:ID@STEP` or `job:ID@latest`.
    public typealias Resolve = @Sendable (_ name: String) async throws(ServiceError) -> String

    /// Where datasets have their names; nil for the built-in images alone.
    public var datasetsDirectory: String?
    /// What `init_from` names a file of; nil for none.
    package var modelsDirectory: ModelsDirectory
    /// Whether the job may name neither folders nor files of this machine by their paths.
    public var restrictsPaths = true
    /// Bytes; a run that needs more is refused.
    public var memoryBytes = Double(Machine.memoryBytes)
    private let resolve: Resolve
    private let read: Read
    private let thread = WorkerThread()

    /// Reads a checkpoint; throws `LoadFailure`.
    package typealias Read = @Sendable (CheckpointPlace, LoadOptions) async throws -> ReadModel

    package init(
        datasetsDirectory: String?, modelsDirectory: String?,
        read: @escaping Read = { place, options in try ModelLoader.read(place, options) }, resolve: @escaping Resolve
    ) {
        self.datasetsDirectory = datasetsDirectory
        self.modelsDirectory = ModelsDirectory(path: modelsDirectory)
        self.read = read
        self.resolve = resolve
    }

    /// Looks at a job and at what it names.
    ///
    /// - Throws: `invalid` with every fault that could be found, `cancelled`.
    public func check(_ value: JSONValue) async throws(ServiceError) -> ValidatedJob {
        var faults: [Fault] = []
        var initFromPath: String?
        if let name = value["init_from"]?.string, !name.isEmpty {
            do throws(ServiceError) { initFromPath = try await place(of: name) } catch {
                faults.append(try Self.fault("/init_from", error))
            }
        }
        var initial: ReadModel?
        if let initFromPath, let first = try? RunSettings.parse(value) {
            do {
                initial = try await read(CheckpointPlace(path: initFromPath), RunSettings.options(first))
            } catch let failure as LoadFailure {
                faults.append(.init(pointer: "/init_from", detail: failure.sentence))
            } catch { throw ServiceError(error) }
        }
        do {
            return try await thread.run { [self, faults, initFromPath, initial] in
                try job(value, initFromPath: initFromPath, initial, faults)
            }
        } catch { throw ServiceError(error) }
    }

    /// The rest, which lists folders.
    private func job(
        _ body: JSONValue, initFromPath: String?, _ initial: ReadModel?, _ earlier: [Fault]
    ) throws(ServiceError) -> ValidatedJob {
        var faults = earlier
        let places = DatasetPlaces(directory: datasetsDirectory, restrictsPaths: restrictsPaths)
        for key in ["dataset", "validation_dataset"] {
            if let name = body[key]?.string, !name.isEmpty, let fault = places.fault(name, pointer: "/" + key) {
                faults.append(fault)
            }
        }
        let isNamedWell = faults.isEmpty
        do throws(TrainingFailure) {
            let first = try RunSettings.parse(body)
            guard isNamedWell else { throw TrainingFailure(.configuration, "") }
            let settings = try RunSettings(body, first, initial: initial)
            let data = try Self.data(settings, places, memoryBytes, &faults)
            if let data, faults.isEmpty {
                return ValidatedJob(
                    configuration: settings.configuration, initFromPath: initFromPath, images: data.count,
                    classes: data.classes.count)
            }
        } catch { faults += error.faults.isEmpty && !error.message.isEmpty ? [Self.fault(error)] : error.faults }
        throw .invalid(faults)
    }

    /// What `settings` learn from.
    ///
    /// - Parameter faults: takes what is wrong with the images or with the memory.
    private static func data(
        _ settings: RunSettings, _ places: DatasetPlaces, _ memory: Double, _ faults: inout [Fault]
    ) throws(TrainingFailure) -> TrainingDataset? {
        let configuration = settings.configuration, vit = try settings.vit()
        if configuration.cluster == nil,
            let fault = RunRanks.fault(ranks: configuration.ranks, threads: configuration.threads ?? 1)
        {
            faults.append(.init(pointer: RunRanks.pointer, detail: fault))
        }
        do throws(TrainingError) { try configuration.checkMemory(vit, available: memory) } catch {
            faults += TrainingFailure(error).faults
        }
        var sets: [TrainingDataset] = []
        let names = [("/dataset", configuration.dataset.name)]
        let validation = configuration.dataset.validation.map { [("/validation_dataset", $0)] } ?? []
        for (pointer, name) in names + validation {
            do {
                sets.append(
                    try TrainingDataset.open(
                        name, pointer: pointer, settings: configuration.dataset, places: places,
                        imgSize: vit.config.imgSize.height))
            } catch let failure as TrainingFailure { faults += failure.faults } catch {
                faults.append(.init(pointer: pointer, detail: ServiceError(error).detail))
            }
        }
        guard sets.count == names.count + validation.count else { return nil }
        do throws(TrainingFailure) {
            try configuration.checkImages(count: sets[0].count, classes: sets[0].classes.count)
        } catch { faults += error.faults }
        if sets.count > 1 {
            do throws(TrainingFailure) {
                try TrainingRun.checkClasses(of: sets[1], named: validation[0].1, against: sets[0])
            } catch { faults += error.faults }
        }
        return sets[0]
    }

    /// Where the checkpoint lies that `name` means.
    private func place(of name: String) async throws(ServiceError) -> String {
        if name.hasPrefix("upload:") || name.hasPrefix("job:") { return try await resolve(name) }
        guard restrictsPaths else { return name }
        let place = try modelsDirectory.place(of: name, pointer: "/init_from")
        return place.directory + "/" + place.name
    }

    /// What is wrong with a setting, where an error is about what was asked for.
    ///
    /// - Throws: other errors.
    private static func fault(_ pointer: String, _ error: ServiceError) throws(ServiceError) -> Fault {
        switch error {
        case .invalid, .unreadable, .notFound, .conflict, .gone: .init(pointer: pointer, detail: error.detail)
        case .tooLarge, .busy, .queueFull, .unsupportedMedia, .diskFull, .unavailable, .dataDirectoryLocked, .cancelled,
            .fatal, .internalFault:
            throw error
        }
    }

    private static func fault(_ failure: TrainingFailure) -> Fault {
        .init(pointer: "", detail: failure.message)
    }
}
