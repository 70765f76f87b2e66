public import Catalogue
import Engine
public import FoundationEssentials
import Jobs
public import Logging
import Platform
import Processes
import Runs
import Synchronization

/// Everything a user can ask ViTScope for, behind HTTP and the command line alike.
///
/// A class because a running service has an identity: directories, a lock, threads.
public final class ViTScopeService: Sendable {
    public let configuration: ServiceConfiguration

    private enum Phase { case starting, running, draining, stopped }

    private struct Life {
        var phase = Phase.starting
        var lock: LockFile?
        var jobs: JobQueue?
        var uploadedBytes = 0
        var retention: Task<Void, Never>?
    }

    let logger: Logger
    private let life = Mutex(Life())
    /// Reads questions.
    let reader: QuestionReader
    /// Results that are remembered.
    let results: ResultCache
    /// Processes of ours that ended without being asked to.
    private let deaths = DeathCount()
    /// Who computes.
    let computing: any Computing
    /// Writes results down, off the path of requests.
    let encodingThread = WorkerThread()
    /// Questions that are being answered.
    let flights = Flights<AnalysisResult>()
    /// Results that are being read from the disk.
    let readings = Flights<AnalysisResult?>()
    /// The bodies of large answers that clients take.
    let bodies: AnswerBodies
    /// Keeps results after they were answered.
    let keeper = ResultKeeper()
    /// Questions whose results are not kept, so that they are found by their names all the same.
    let questions = ByteBudgetCache<String, PreparedAnalysis>(budget: 32 << 20)
    /// Reads files, which may be large.
    let readingThread = WorkerThread()
    let catalogue: ModelCatalogue
    let library: ImageLibrary
    let probeSetStore: ProbeSetStore
    let uploads: UploadStore
    let now: @Sendable () -> Date
    private let feed = JobFeed()
    /// Who asks whether a question waits in the queue.
    let askers = TurnKeeper()
    /// Questions in the queue that are given up where nobody asks after them.
    let watched = WatchedQuestions()
    private let memory = MemoryKeeper()
    let dryRuns = DryRuns()
    let digests = CheckedDigests()

    /// - Parameter now: the clock that dates are taken from.
    public init(configuration: ServiceConfiguration, logger: Logger, now: @escaping @Sendable () -> Date = { Date() }) {
        self.configuration = configuration
        self.logger = logger
        self.now = now
        let data = configuration.dataDirectory, limits = configuration.limits
        reader = QuestionReader(kinds: configuration.kinds, codeVersion: configuration.codeVersion)
        results = ResultCache(budget: limits.resultCacheBytes)
        bodies = AnswerBodies(budget: limits.answerBytes)
        let computing = Self.computing(configuration, deaths, logger)
        self.computing = computing
        uploads = UploadStore(folder: data + "/uploads/sha256", limit: limits.uploadBytes)
        catalogue = ModelCatalogue(
            modelsDirectory: configuration.modelsDirectory, uploads: uploads,
            file: CatalogueFile(path: data + "/models.json"), marks: LoadMarks(path: data + "/models-loading.json"),
            memoryLimit: limits.modelBytes, now: now,
            load: { place, options, thread in try await computing.load(place, options, on: thread) },
            forget: { [questions] model in
                // Its questions can be answered no more, and each would keep all that is known of it.
                let fingerprint = model.fingerprint
                questions.removeAll { _, question in
                    question.task.models.contains { $0.model.fingerprint == fingerprint }
                }
                await computing.forget(model)
            })
        let datasets = DatasetCatalogue(directory: configuration.datasetsDirectory)
        library = ImageLibrary(
            store: ImageStore(
                dataDirectory: data, maxBytes: limits.imageBytes,
                read: { try await computing.read($0, pixels: $1, limits: $2) }), datasets: datasets)
        probeSetStore = ProbeSetStore(
            folder: data + "/probe-sets", limit: limits.probeSetImages, datasets: datasets,
            look: { try await computing.look(at: $0, faults: $1) }, now: now)
    }

    private static func computing(
        _ configuration: ServiceConfiguration, _ deaths: DeathCount, _ logger: Logger
    ) -> any Computing {
        let data = Folder.absolute(configuration.dataDirectory)
        guard let program = configuration.processProgram else {
            var limits = configuration.limits
            // Results are remembered here, for both kinds of process alike.
            limits.resultCacheBytes = limits.resultCacheBytes / 2
            let engine = AnalysisEngine(
                threads: configuration.threads, limits: limits, codeVersion: configuration.codeVersion,
                kinds: configuration.kinds)
            engine.passes.gather(.breath)
            return LocalComputing(engine)
        }
        let readable =
            [data + "/canonical", data + "/pixels"]
            + (configuration.datasetsDirectory.map { [Folder.absolute($0)] } ?? [])
        return ProcessComputing(
            program: program, dataDirectory: data,
            settings: ComputeSettings(
                threads: configuration.threads, codeVersion: configuration.codeVersion, limits: configuration.limits,
                readable: readable), deaths: deaths, logger: logger)
    }

    /// Makes the data directory, takes its lock and reads what was kept there; models load in the background.
    ///
    /// - Throws: `dataDirectoryLocked` where another server runs on it, `diskFull`, `internalFault`.
    public func start() async throws(ServiceError) {
        do {
            try await open()
        } catch {
            // Who did not start holds nothing.
            life.withLock { $0.lock = nil }
            throw error
        }
    }

    private func open() async throws(ServiceError) {
        try await perform {
            let data = configuration.dataDirectory
            try Folder.create(data)
            guard let lock = try LockFile(data + "/lock") else { throw ServiceError.dataDirectoryLocked }
            life.withLock { $0.lock = lock }
            try uploads.open()
            try library.store.open()
            // What computes may read what is below it from its start on, so it has to be there.
            if let datasets = configuration.datasetsDirectory, !Folder.exists(datasets) { try? Folder.create(datasets) }
            try await computing.start(lost: { [catalogue] in await catalogue.loadAgain($0) })
            try await probeSetStore.open(logger: logger)
            try await catalogue.open(logger: logger)
            if let jobs = try await openJobs() {
                life.withLock { $0.jobs = jobs }
                jobs.start()
                let retention = Task { [weak self] in
                    guard let self else { return }
                    await letGoNowAndThen()
                }
                life.withLock { $0.retention = retention }
            }
            life.withLock { if $0.phase == .starting { $0.phase = .running } }
        }
    }

    /// Whether requests are welcome.
    public var readiness: Readiness {
        switch life.withLock({ $0.phase }) {
        case .starting: .starting
        case .draining, .stopped: .draining
        case .running:
            if computing.absence == nil { Self.readiness(ofData: configuration.dataDirectory) } else { .notComputing }
        }
    }

    private static func readiness(ofData directory: String) -> Readiness {
        guard Folder.isWritable(directory), let space = try? DiskSpace(at: directory) else { return .readOnly }
        return space.isExhausted ? .diskFull : .ready
    }

    /// What was found amiss when the service began, in sentences for whoever runs it; they name nothing outside of the
    /// data directory.
    public var warnings: [String] { jobQueue?.warnings ?? [] }

    /// The queue of jobs, while there is one.
    var jobQueue: JobQueue? { life.withLock { $0.jobs } }

    /// Where results are kept beyond the process, while there is such a place.
    var archive: ResultArchive? { jobQueue?.archive }

    /// Where the images of an analysis are found.
    var sources: AnalysisSources {
        AnalysisSources(library: library, probeSets: probeSetStore, limit: configuration.limits.imagesPerRequest)
    }

    /// Whether the service stops, so that nobody should wait any more.
    public var isStopping: Bool { feed.isOver }

    private func openJobs() async throws -> JobQueue? {
        let settings = configuration.jobs, data = configuration.dataDirectory
        guard let open = settings.openStores else { return nil }
        let datasets = configuration.datasetsDirectory, deaths = deaths
        return try await JobQueue(
            settings, open: open, data: data, kinds: configuration.kinds, feed: feed, logger: logger,
            makeExecutor: settings.makeExecutor ?? { folder in
                FolderExecutor(
                    jobsFolder: folder, dataDirectory: data, datasetsDirectory: datasets, slurm: settings.slurm,
                    deaths: deaths)
            }, now: now)
    }

    /// From here on `readiness` is `draining`: workers save themselves, nobody waits for news, what runs goes on.
    public func beginDraining() {
        life.withLock { $0.phase = .draining }
        feed.end()
        jobQueue?.beginDraining()
    }

    /// Waits for the workers and lets go of the data directory. What else runs may finish, and writes nothing any more
    /// that is not whole.
    public func shutdown() async {
        feed.end()
        life.withLock { $0.retention?.cancel() }
        await keeper.settle()
        await jobQueue?.end()
        await computing.end()
        life.withLock { life in
            life.phase = .stopped
            life.jobs = nil
            life.lock = nil
        }
    }

    /// Counts and sizes for the metrics.
    public func statistics() async -> ServiceStatistics {
        let models = await catalogue.memory, counts = await computing.counts()
        var statistics = ServiceStatistics()
        statistics.modelsByState = models.counts
        statistics.modelBytes = models.bytes
        statistics.caches = [
            ("activations", counts.activations), ("results", results.counts), ("questions", questions.counts),
        ]
        statistics.analysesRunning = counts.running
        statistics.analysesWaiting = counts.waiting
        statistics.analysisBytes = counts.bytes
        statistics.analysesRefused = counts.refused
        for kind in reader.kinds.all { statistics.analysesFinished[kind] = counts.finished[kind.name] }
        statistics.imagesForwarded = counts.imagesForwarded
        statistics.forwardSeconds = counts.forwardSeconds
        statistics.imagesDecoded = counts.imagesDecoded
        statistics.decodeSeconds = counts.decodeSeconds
        statistics.answerBytes = bodies.bytes
        statistics.processDeaths = deaths.all
        if let jobs = jobQueue {
            for state in JobState.allCases {
                statistics.jobsByState[state.rawValue] = (try? await jobs.store.count(.training, state)) ?? 0
            }
        }
        statistics.dataFreeBytes = (try? DiskSpace(at: configuration.dataDirectory))?.freeBytes
        statistics.uploadedBytes = life.withLock { $0.uploadedBytes }
        return statistics
    }

    /// Calls `body`, whose errors become the service's.
    func perform<R>(_ body: () async throws -> R) async throws(ServiceError) -> R {
        defer { memory.used() }
        return try await ServiceError.wrapping {
            do { return try await body() } catch let error as JobStoreError {
                switch error {
                case .diskFull: throw ServiceError.diskFull
                // It says what to do, and names nothing outside of the data directory.
                case .corrupt: throw ServiceError.unavailable("\(error)")
                case .failed, .newerVersion: throw error
                }
            }
        }
    }

    func countUpload(_ bytes: Int) { life.withLock { $0.uploadedBytes += bytes } }
}

/// Whether the service takes requests.
public enum Readiness: Sendable, Equatable {
    case starting, ready, draining
    /// The data directory cannot be written.
    case readOnly
    /// The disk of the data directory has no room.
    case diskFull
    /// The process that computes is being started.
    case notComputing
}
