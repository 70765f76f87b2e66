import FoundationEssentials
import Jobs
import Logging
import Platform
import Synchronization

/// The queue of jobs while the service runs: the store, who works it off, and who waits for news.
///
/// A class because a running queue has an identity.
final class JobQueue: Sendable {
    let store: any JobStore
    let archive: ResultArchive
    let runner: JobRunner
    let executor: any Executor
    let feed: JobFeed
    let folder: String
    let limit: Int
    private let drainSeconds: Double
    private let logger: Logger
    private let life = Mutex<(loop: Task<Void, Never>?, drain: Task<Void, Never>?)>((nil, nil))

    /// Opens the store and takes over what was running.
    ///
    /// - Throws: what the store throws.
    init(
        _ settings: JobSettings, open: JobSettings.OpenStore, data: String, feed: JobFeed, logger: Logger,
        makeExecutor: JobSettings.MakeExecutor, now: @escaping @Sendable () -> Date
    ) async throws {
        folder = data + "/jobs"
        try Folder.create(folder)
        let opened = try await open(data + "/jobs.sqlite")
        store = FaultPointStore(store: opened)
        archive = ResultArchive(store: opened, logger: logger)
        executor = makeExecutor(folder)
        self.feed = feed
        self.logger = logger
        limit = settings.queueLength
        drainSeconds = settings.drainSeconds
        runner = JobRunner(
            store: store, executor: executor, settings: settings.runner, owner: RandomBytes.hex(16), now: now,
            changed: { feed.changed($0) }, log: { logger.error("\($0)") })
        try? Folder.removeTree(data + "/dry-runs")
        try await sweep()
        try await runner.recover()
    }

    /// Removes the folders of jobs that are not there any more, or never were: the process ended between two steps.
    private func sweep() async throws {
        for entry in try Folder.entries(folder) where entry.isFolder {
            guard let id = JobID(entry.name), try await store.job(id) == nil else { continue }
            await executor.remove(id)
        }
    }

    /// Begins to work.
    func start() {
        let loop = Task { [runner] in await runner.run() }
        life.withLock { $0.loop = loop }
    }

    /// No new workers; those that train save themselves. Called twice, it does the same once.
    func beginDraining() {
        feed.end()
        life.withLock { life in
            guard life.drain == nil else { return }
            life.loop?.cancel()
            let loop = life.loop
            life.drain = Task { [runner, drainSeconds] in
                await loop?.value
                await runner.drain(within: .seconds(drainSeconds))
            }
        }
    }

    /// Waits until no worker is left.
    func end() async {
        beginDraining()
        await life.withLock { $0.drain }?.value
        do { try await store.close() } catch { logger.error("The queue's database was not closed: \(error)") }
    }
}
