package import FoundationEssentials
import Images
package import JSON
package import Logging
import Models
package import Platform
import Tensors

/// Reads the checkpoint at a place and has its weights held; the thread is there for what takes long.
package typealias ModelLoading =
    @Sendable (CheckpointPlace, LoadOptions, WorkerThread) async throws -> LoadedModel

/// The models by name: what was registered, and what became of it. An actor because that is shared mutable state.
package actor ModelCatalogue {
    /// A registered name.
    struct Entry: Sendable {
        let registration: ModelRegistration
        let place: CheckpointPlace
        let createdAt: Date
        let origin: Origin
        /// Tells a late load apart from that of a name given anew.
        let number: Int
        var state = State.loading
    }

    /// Where a name comes from.
    enum Origin: Sendable {
        /// Somebody registered it; it is remembered.
        case registered
        /// The command that started the service, which will bring it again.
        case builtIn
        /// A checkpoint of a job, loaded when it is asked for and not listed.
        case job
    }

    enum State: Sendable {
        case loading
        case ready(LoadedModel)
        case failed(LoadFailure)
    }

    private let modelsDirectory: ModelsDirectory
    private let uploads: UploadStore
    private let file: CatalogueFile
    private let memoryLimit: Int
    private let now: @Sendable () -> Date
    private let load: ModelLoading
    private let forget: @Sendable (LoadedModel) async -> Void
    private let line: LoadLine
    private let marks: LoadMarks
    /// Those whose load has begun and is not over.
    private var underWay: Set<String> = []
    private var entries: [String: Entry] = [:]
    private var loads: [String: Task<Void, Never>] = [:]
    private var lastNumber = 0
    /// Checkpoints of jobs that stay in memory.
    private static let jobModels = 4

    /// - Parameters:
    ///   - memoryLimit: of all loaded models, bytes.
    ///   - load: reads a checkpoint, and has its weights held; throws `LoadFailure`.
    ///   - forget: told about a model that no name stands for any more.
    package init(
        modelsDirectory: String?, uploads: UploadStore, file: CatalogueFile, marks: LoadMarks, memoryLimit: Int,
        line: LoadLine = LoadLine(), now: @escaping @Sendable () -> Date, load: @escaping ModelLoading,
        forget: @escaping @Sendable (LoadedModel) async -> Void
    ) {
        self.modelsDirectory = ModelsDirectory(path: modelsDirectory)
        self.uploads = uploads
        self.file = file
        self.marks = marks
        self.line = line
        self.memoryLimit = memoryLimit
        self.now = now
        self.load = load
        self.forget = forget
    }

    /// Reads what was registered before; the models load in the background.
    /// What had not finished loading when the last process ended comes after all others.
    package func open(logger: Logger) throws {
        let unfinished = marks.read()
        for remembered in try file.read() {
            let registration = remembered.registration
            // A file that has gone is a failed model, with a sentence, not a forgotten one.
            let place =
                (try? self.place(of: registration.path))
                ?? CheckpointPlace(name: registration.path, directory: modelsDirectory.path ?? ".")
            let isLast = unfinished.contains(registration.name)
            if isLast {
                logger.warning(
                    "This model had not finished loading when the last server ended, so it loads after all others.",
                    metadata: ["model": "\(registration.name)"])
            }
            add(registration, place: place, createdAt: remembered.createdAt, origin: .registered, isLast: isLast)
        }
    }

    /// Every model that has a name of its own, by name.
    package var all: [ModelInfo] {
        entries.values.filter { $0.origin != .job }.map(ModelInfo.init).sorted { $0.name < $1.name }
    }

    /// - Throws: `ServiceError.notFound` with the names most like it.
    package func info(_ name: String) throws(ServiceError) -> ModelInfo { ModelInfo(try entry(name)) }

    /// The models in memory, and what they hold.
    package var memory: (counts: [ModelState: Int], bytes: Int) {
        var counts: [ModelState: Int] = [:], bytes = 0
        for info in entries.values.map(ModelInfo.init) {
            counts[info.state, default: 0] += 1
            bytes += info.memoryBytes
        }
        return (counts, bytes)
    }

    /// - Throws: `ServiceError.notFound`, or `conflict` where there is no report.
    package func loadReport(_ name: String) throws(ServiceError) -> JSONValue {
        switch try entry(name).state {
        case .loading: throw .conflict("The model “\(name)” is still loading. Its report is there when it has loaded.")
        case .ready(let model): return model.report
        case .failed(let failure):
            guard let report = failure.report else {
                throw .conflict("The file of “\(name)” could not be read, so there is no report. \(failure.sentence)")
            }
            return report
        }
    }

    /// Takes a model in; see `ViTScopeService.register`.
    package func register(_ registration: ModelRegistration) throws(ServiceError) -> ModelInfo {
        let faults = registration.faults
        guard faults.isEmpty else { throw .invalid(faults) }
        let place = try place(of: registration.path)
        if let known = entries[registration.name] {
            // What failed is no model yet: it gives way to its correction.
            if case .failed = known.state {
            } else {
                guard known.registration == registration, known.place == place else {
                    throw .conflict(
                        "The name “\(registration.name)” already stands for another registration. "
                            + "Delete it first, or choose another name."
                    )
                }
                return ModelInfo(known)
            }
        }
        let before = entries[registration.name]
        let isSame = before?.registration == registration
        let createdAt = isSame ? before?.createdAt ?? now() : now()
        add(registration, place: place, createdAt: createdAt, origin: .registered)
        do {
            try save()
        } catch {
            entries[registration.name] = before
            throw ServiceError(error)
        }
        return try info(registration.name)
    }

    /// Takes a file of our own in, without remembering it.
    package func registerBuiltIn(_ name: String, place: CheckpointPlace) {
        guard entries[name] == nil else { return }
        add(
            ModelRegistration(name: name, path: "built-in"), place: place, createdAt: now(), origin: .builtIn)
    }

    /// Takes a checkpoint of a job in; those that were asked for first make room.
    package func openJobModel(_ name: String, fileAt path: String) {
        guard entries[name] == nil else { return }
        let old = entries.filter { $0.value.origin == .job }.sorted { $0.value.number < $1.value.number }
        for (name, _) in old.dropLast(Self.jobModels - 1) { try? delete(name) }
        add(
            ModelRegistration(name: name, path: name), place: CheckpointPlace(path: path), createdAt: now(),
            origin: .job)
    }

    /// Lets go of the checkpoints of a job that is gone.
    package func forgetJob(_ id: String) {
        for name in entries.keys where name.hasPrefix("job:\(id)@") { try? delete(name) }
    }

    /// Waits for a load, for `seconds` at the most.
    package func waitForLoad(_ name: String, seconds: Double) async {
        guard seconds > 0, let load = loads[name] else { return }
        await withTaskGroup { group in
            group.addTask { await load.value }
            group.addTask { try? await Task.sleep(for: .seconds(min(seconds, 3600))) }
            await group.next()
            group.cancelAll()
        }
    }

    /// The model, in memory.
    ///
    /// - Throws: `ServiceError.notFound`, `conflict` where it could not be loaded, `busy` where it takes long.
    package func loaded(_ name: String) async throws(ServiceError) -> NamedModel {
        if case .loading = try entry(name).state { await waitForLoad(name, seconds: 60) }
        switch try entry(name).state {
        case .ready(let model): return NamedModel(name: name, model: model)
        case .failed(let failure): throw .conflict("The model “\(name)” could not be loaded. \(failure.sentence)")
        case .loading: throw .busy("The model “\(name)” is still loading.", retryAfter: 5)
        }
    }

    /// How another process loads the same model.
    package func request(_ name: String) throws(ServiceError) -> ModelReference {
        let entry = try entry(name)
        return ModelReference(
            name: name, path: Folder.absolute(entry.place.directory) + "/" + entry.place.name,
            options: entry.registration.options)
    }

    /// Loads the models with this fingerprint anew: their network is held no longer.
    package func loadAgain(_ fingerprint: String) {
        for (name, entry) in entries.sorted(by: { $0.value.number < $1.value.number }) {
            guard case .ready(let model) = entry.state, model.fingerprint == fingerprint else { continue }
            loads[name]?.cancel()
            add(entry.registration, place: entry.place, createdAt: entry.createdAt, origin: entry.origin)
        }
    }

    package func delete(_ name: String) throws(ServiceError) {
        let entry = try entry(name)
        entries[name] = nil
        loads[name]?.cancel()
        loads[name] = nil
        if entry.origin == .registered {
            do {
                try save()
            } catch {
                entries[name] = entry
                throw ServiceError(error)
            }
        }
        if case .ready(let model) = entry.state { letGo(of: model) }
    }

    /// The same weights may stand under another name.
    private func letGo(of model: LoadedModel) {
        let isHeld = entries.values.contains {
            if case .ready(let other) = $0.state { return other.fingerprint == model.fingerprint }
            return false
        }
        if !isHeld { Task { [forget] in await forget(model) } }
    }

    private func entry(_ name: String) throws(ServiceError) -> Entry {
        guard let entry = entries[name] else {
            throw .notFound(.model, name: name.shortened, nearest: NearestNames.of(name, among: entries.keys))
        }
        return entry
    }

    private func add(
        _ registration: ModelRegistration, place: CheckpointPlace, createdAt: Date, origin: Origin,
        isLast: Bool = false
    ) {
        lastNumber += 1
        let number = lastNumber, name = registration.name
        entries[name] = Entry(
            registration: registration, place: place, createdAt: createdAt, origin: origin, number: number)
        let options = registration.options
        loads[name] = Task { [line, load] in
            let state: State
            do {
                let model = try await line.run(
                    isLast: isLast,
                    begun: {
                        await self.mark(name, origin)
                        try await self.checkMemory(place)
                    }, { thread in try Self.checked(await load(place, options, thread), registration) })
                state = .ready(model)
            } catch let failure as LoadFailure {
                state = .failed(failure)
            } catch {
                state = .failed(LoadFailure(sentence: ServiceError(error).detail, report: nil))
            }
            self.finish(name, number, state)
        }
    }

    /// An upload is named by the digest of its bytes: what has another one is not what was uploaded.
    private static func checked(
        _ model: LoadedModel, _ registration: ModelRegistration
    ) throws(LoadFailure) -> LoadedModel {
        guard registration.path.hasPrefix("upload:"), registration.path.dropFirst(7) != model.sha256 else {
            return model
        }
        throw LoadFailure(
            sentence:
                "The upload is damaged on the server's disk: its bytes are not those that were sent. Send the file "
                + "again, and register it again.",
            report: model.report)
    }

    /// A load begins.
    private func mark(_ name: String, _ origin: Origin) {
        guard origin == .registered else { return }
        underWay.insert(name)
        marks.write(underWay)
    }

    private func finish(_ name: String, _ number: Int, _ state: State) {
        if underWay.remove(name) != nil { marks.write(underWay) }
        // The name may have been deleted, or given to another, meanwhile.
        guard entries[name]?.number == number else {
            if case .ready(let model) = state { letGo(of: model) }
            return
        }
        entries[name]?.state = state
        loads[name] = nil
    }

    /// Before anything of the file is taken into memory.
    private func checkMemory(_ place: CheckpointPlace) throws(LoadFailure) {
        let held = memory.bytes, coming = place.byteCount
        guard held > memoryLimit - coming else { return }
        throw LoadFailure(
            sentence: "Loaded models hold \(ByteCount.text(held)) and this file has \(ByteCount.text(coming)), "
                + "more than the \(ByteCount.text(memoryLimit)) that models may hold. Delete one first.",
            report: nil)
    }

    private func save() throws {
        try file.write(
            entries.values.filter { $0.origin == .registered }.sorted { $0.number < $1.number }
                .map { CatalogueFile.Remembered(registration: $0.registration, createdAt: $0.createdAt) })
    }

    /// Where the checkpoint of a registration lies.
    ///
    /// - Throws: `ServiceError.notFound` with the nearest names, `invalid` for a path that leads outside.
    private func place(of path: String) throws(ServiceError) -> CheckpointPlace {
        if path.hasPrefix("upload:") {
            let sha256 = String(path.dropFirst(7))
            guard let file = uploads.path(of: sha256) else {
                throw .notFound(.upload, name: sha256.shortened, nearest: [])
            }
            return CheckpointPlace(path: file)
        }
        return try modelsDirectory.place(of: path, pointer: "/path")
    }
}

extension CheckpointPlace {
    /// What the file, or the files of the folder, take on the disk.
    package var byteCount: Int {
        let path = directory + "/" + name
        if let entries = try? Folder.entries(path) { return entries.reduce(0) { $0 + $1.sizeBytes } }
        return (try? MappedFile.open(name, beneath: directory).count) ?? 0
    }
}

extension ModelInfo {
    init(_ entry: ModelCatalogue.Entry) {
        let model: LoadedModel?, failure: LoadFailure?
        switch entry.state {
        case .loading: (model, failure, state) = (nil, nil, .loading)
        case .ready(let ready): (model, failure, state) = (ready, nil, .ready)
        case .failed(let why): (model, failure, state) = (nil, why, .failed)
        }
        let report = model?.report ?? failure?.report
        name = entry.registration.name
        path = entry.registration.path
        sha256 = model?.sha256
        arch = model?.arch ?? entry.registration.options.arch
        recognisedAs = report?["recognised_as"]?.string
        format = report?["format"]?.string
        parameters = model?.parameterCount
        memoryBytes = model?.memoryBytes ?? 0
        precision = model?.precision.rawValue ?? entry.registration.options.precision.rawValue
        config = model?.config
        preprocess = model.map { PreprocessInfo($0.transform.preprocess) }
        error = failure?.sentence
        errorPointer = failure?.pointer
        createdAt = entry.createdAt
    }
}
