package import Engine
package import FoundationEssentials
package import Jobs
package import Logging
import Platform
import Synchronization

/// The queue of jobs while the service runs: the store, who works it off, and who waits for news.
///
/// A class because a running queue has an identity.
package final class JobQueue: Sendable {
    package let store: any JobStore
    package let archive: ResultArchive
    package let runner: JobRunner
    package let executor: any Executor
    package let feed: JobFeed
    package let folder: String
    package let limit: Int
    /// What was found amiss at the start, in sentences for whoever runs the server.
    package let warnings: [String]
    private let drainSeconds: Double
    private let logger: Logger
    private let life = Mutex<(loop: Task<Void, Never>?, drain: Task<Void, Never>?)>((nil, nil))

    /// Opens the store and takes over what was running.
    ///
    /// - Throws: what the store throws.
    package init(
        _ settings: JobSettings, open: JobSettings.OpenStores, data: String, kinds: AnalysisKinds, feed: JobFeed,
        logger: Logger,
        makeExecutor: JobSettings.MakeExecutor, now: @escaping @Sendable () -> Date
    ) async throws {
        folder = data + "/jobs"
        try Folder.create(folder)
        let setAside = SetAsideFolder(data: data)
        var warnings = [setAside.reminder, try Self.lost(data + "/jobs.sqlite", beside: folder)].compactMap(\.self)
        let opened = try await open(data)
        warnings += opened.jobs.warnings + opened.warnings
        let store = FaultPointStore(store: opened.jobs)
        let archive = ResultArchive(store: opened.results, logger: logger, kinds: kinds)
        let jobs = folder, owner = RandomBytes.hex(16)
        self.store = store
        self.archive = archive
        executor = makeExecutor(folder)
        self.feed = feed
        self.logger = logger
        limit = settings.queueLength
        drainSeconds = settings.drainSeconds
        var rules = settings.runner
        // What is for a cluster waits until there is one.
        if settings.slurm == nil { rules.handedOver = 0 }
        runner = JobRunner(
            store: store, executor: executor, settings: rules, owner: owner, now: now,
            changed: { feed.changed($0, isOwn: true) }, log: { logger.error("\($0)") },
            keep: { await archive.keepResult(of: $0, in: jobs, at: now()) })
        feed.listen { [weak runner] in runner?.wake() }
        try? Folder.removeTree(data + "/dry-runs")
        let found = FoundJobs(
            store: store, executor: executor, folder: folder, setAside: setAside, owner: owner, now: now, logger: logger
        )
        warnings += try await found.bringTogether()
        for warning in warnings { logger.warning("\(warning)") }
        self.warnings = warnings
        try await runner.recover()
    }

    /// What to say where the database is not there and jobs are; nil where all is well.
    private static func lost(_ database: String, beside folder: String) throws -> String? {
        guard (Folder.fileSize(database) ?? 0) == 0 else { return nil }
        let count = try Folder.entries(folder).count { $0.isFolder && JobID($0.name) != nil }
        guard count > 0 else { return nil }
        return "The database of the queue, jobs.sqlite, is missing or empty beside the folders of \(count) "
            + "job\(count == 1 ? "" : "s"). A new one was begun, and the jobs are found again by their folders; analyses "
            + "that had not started have none. If there is a backup, stop the server and run "
            + "“vitscope restore --data DIR --from BACKUP”."
    }

    /// Writes a job that was just accepted down beside the database as well, before anybody is told. Where that fails, the
    /// database alone has it.
    package func writeDown(_ job: Job) async {
        do {
            try await executor.accept(job)
            // Whoever deleted it meanwhile has found no folder to delete.
            if try await store.job(job.id) == nil { await executor.remove(job.id) }
        } catch {
            logger.warning("a job has no folder yet: \(error)", metadata: ["job": "\(job.id)"])
        }
    }

    /// Begins to work.
    package func start() {
        let loop = Task { [runner] in await runner.run() }
        life.withLock { $0.loop = loop }
    }

    /// No new workers; those that train save themselves. Called twice, it does the same once.
    package func beginDraining() {
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
    package func end() async {
        beginDraining()
        await life.withLock { $0.drain }?.value
        do { try await store.close() } catch { logger.error("The queue's database was not closed: \(error)") }
        do { try await archive.store.close() } catch { logger.error("The results' database was not closed: \(error)") }
    }
}
