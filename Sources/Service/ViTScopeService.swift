public import Catalogue
import Engine
public import FoundationEssentials
import Jobs
public import Logging
import Platform
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
    }

    private let logger: Logger
    private let life = Mutex(Life())
    let engine: AnalysisEngine
    let catalogue: ModelCatalogue
    let library: ImageLibrary
    let probeSetStore: ProbeSetStore
    let uploads: UploadStore
    let now: @Sendable () -> Date
    private let feed = JobFeed()
    /// Who asks whether a question waits in the queue.
    let askers = TurnKeeper()
    let dryRuns = DryRuns()
    let digests = CheckedDigests()

    /// - Parameter now: the clock that dates are taken from.
    public init(configuration: ServiceConfiguration, logger: Logger, now: @escaping @Sendable () -> Date = { Date() }) {
        self.configuration = configuration
        self.logger = logger
        self.now = now
        let data = configuration.dataDirectory, limits = configuration.limits
        let engine = AnalysisEngine(
            threads: configuration.threads, limits: limits, codeVersion: configuration.codeVersion,
            kinds: configuration.kinds)
        self.engine = engine
        uploads = UploadStore(folder: data + "/uploads/sha256", limit: limits.uploadBytes)
        catalogue = ModelCatalogue(
            modelsDirectory: configuration.modelsDirectory, uploads: uploads,
            file: CatalogueFile(path: data + "/models.json"), marks: LoadMarks(path: data + "/models-loading.json"),
            memoryLimit: limits.modelBytes, now: now
        ) { engine.forget($0) }
        let datasets = DatasetCatalogue(directory: configuration.datasetsDirectory)
        library = ImageLibrary(
            store: ImageStore(folder: data + "/images", maxBytes: limits.imageBytes), datasets: datasets)
        probeSetStore = ProbeSetStore(
            folder: data + "/probe-sets", limit: limits.probeSetImages, datasets: datasets, now: now)
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
            try await probeSetStore.open(logger: logger)
            try await catalogue.open(logger: logger)
            if let jobs = try await openJobs() {
                life.withLock { $0.jobs = jobs }
                jobs.start()
            }
            life.withLock { if $0.phase == .starting { $0.phase = .running } }
        }
    }

    /// Whether requests are welcome.
    public var readiness: Readiness {
        switch life.withLock({ $0.phase }) {
        case .starting: .starting
        case .draining, .stopped: .draining
        case .running: Self.readiness(ofData: configuration.dataDirectory)
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
        guard let open = settings.openStore else { return nil }
        let datasets = configuration.datasetsDirectory
        return try await JobQueue(
            settings, open: open, data: data, kinds: configuration.kinds, feed: feed, logger: logger,
            makeExecutor: settings.makeExecutor ?? { folder in
                LocalExecutor(jobsFolder: folder, dataDirectory: data, datasetsDirectory: datasets)
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
        await jobQueue?.end()
        life.withLock { life in
            life.phase = .stopped
            life.jobs = nil
            life.lock = nil
        }
    }

    /// Counts and sizes for the metrics.
    public func statistics() async -> ServiceStatistics {
        let models = await catalogue.memory, compute = await engine.compute.snapshot(), counts = engine.snapshot
        let activations = engine.activations.counts, results = engine.results.counts
        var statistics = ServiceStatistics()
        statistics.modelsByState = models.counts
        statistics.modelBytes = models.bytes
        statistics.activationCacheHits = activations.hits
        statistics.activationCacheMisses = activations.misses
        statistics.activationCacheBytes = activations.bytes
        statistics.resultCacheHits = results.hits
        statistics.resultCacheMisses = results.misses
        statistics.resultCacheBytes = results.bytes
        statistics.analysesRunning = compute.running
        statistics.analysesWaiting = compute.waiting
        statistics.analysisBytes = compute.bytes
        statistics.analysesRefused = compute.refused
        statistics.analysesFinished = counts.finished
        statistics.imagesForwarded = counts.imagesForwarded
        statistics.forwardSeconds = counts.forwardSeconds
        statistics.imagesDecoded = counts.imagesDecoded
        statistics.decodeSeconds = counts.decodeSeconds
        if let jobs = jobQueue {
            for state in JobState.allCases {
                statistics.jobsByState[state.rawValue] = (try? await jobs.store.count(.training, state)) ?? 0
            }
        }
        statistics.uploadedBytes = life.withLock { $0.uploadedBytes }
        return statistics
    }

    /// Calls `body`, whose errors become the service's.
    func perform<R>(_ body: () async throws -> R) async throws(ServiceError) -> R {
        try await ServiceError.wrapping {
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
}
