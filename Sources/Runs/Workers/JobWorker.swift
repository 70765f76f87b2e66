import Catalogue
import Jobs
import Logging
import Platform
import Synchronization

/// The other side of `FolderExecutor`: does the work of one job's folder, in a process of its own.
///
/// A class because a worker at work has an identity: a lock, and a heartbeat.
public final class JobWorker: Sendable {
    /// How a worker left.
    public enum Ending: Sendable, Equatable {
        case succeeded
        /// It was asked to, or had nothing to do here.
        case stopped
        case failed(String)
    }

    /// Who is late waits so long for the lock of an earlier worker, which is ending.
    private static let lockPatience = Duration.seconds(10)
    private static let beatInterval = Duration.seconds(2)
    private static let controlInterval = Duration.milliseconds(50)

    private let folder: JobFolder
    private let attempt: Int
    private let codeVersion: String
    private let signalled = Mutex<(wish: WorkerWish?, tell: (@Sendable (WorkerWish) -> Void)?)>((nil, nil))

    /// - Parameters:
    ///   - attempt: which start of the job this is.
    public init(folder: String, attempt: Int, codeVersion: String) {
        self.folder = JobFolder(path: folder)
        self.attempt = attempt
        self.codeVersion = codeVersion
    }

    /// Asks the worker to save itself and end, as SIGTERM does.
    public func stop() { wish(.stop) }

    /// Works until the job is done, somebody wants an end, or something is wrong.
    ///
    /// - Throws: where not even a folder is there to say so in.
    public func run() async throws -> Ending {
        FaultPoint.pass(.workerStarted)
        let ranks: Result<Communicator, TrainingFailure>
        do throws(TrainingFailure) {
            ranks = .success(try RunRanks.join((try? folder.spec())?.ranks ?? 1))
        } catch { ranks = .failure(error) }
        if let others = try? ranks.get(), !others.isFirst { return try await follow(others) }
        let company = WorkerCompany(ranks)
        let ending = try await lead(company)
        // A failure ends the others with this process.
        if case .failed = ending { return ending }
        try company.leave()
        return ending
    }

    private func lead(_ company: WorkerCompany) async throws -> Ending {
        guard let lock = try await lock() else { return .stopped }
        // Held to the end, whatever that is.
        defer { withExtendedLifetime(lock) {} }
        return try await work(company)
    }

    private func work(_ company: WorkerCompany) async throws -> Ending {
        FaultPoint.pass(.workerLocked)
        // A late ghost of an earlier start touches nothing.
        guard let control = folder.control(), control.attempt == attempt, let own = ProcessStatus.current else {
            return .stopped
        }
        // A scheduler may start once more what has ended.
        if let state = folder.state(), state.attempt == attempt, state.outcome != nil { return .stopped }
        let spec = try folder.spec()
        ProcessStatus.makeModest(niceness: spec.work.jobKind == .training ? 10 : 15)
        var logger = Logger(label: "vitscope.worker")
        logger[metadataKey: "job"] = "\(spec.id)"
        logger[metadataKey: "attempt"] = "\(attempt)"
        if let trace = spec.trace { logger[metadataKey: "traceparent"] = "\(trace)" }
        logger.info("begins", metadata: ["host": "\(Machine.hostName)", "pid": "\(own.identifier)"])
        let heartbeat = Heartbeat(
            folder,
            JobFolder.WorkerState(
                identifier: own.identifier, startTicks: own.startTicks, attempt: attempt, beat: 1, outcome: nil))
        try await heartbeat.write()
        let beating = Task.detached { await heartbeat.run(every: Self.beatInterval) }
        let controlPoller = Task.detached { await self.pollControl() }
        defer {
            beating.cancel()
            controlPoller.cancel()
        }
        let outcome = await self.outcome(of: spec, company)
        FaultPoint.pass(.outcomeBefore)
        try await heartbeat.end(outcome)
        FaultPoint.pass(.outcomeAfter)
        logger.info("ends", metadata: ["outcome": "\(outcome)"])
        // Who is killed before this looks once more.
        if case .snapshot(let request) = spec.work, outcome == .succeeded {
            SnapshotWork.removeSnapshot(of: request, spec, folder)
        }
        switch outcome {
        case .succeeded: return .succeeded
        case .failed(let failure): return .failed(failure.message)
        case .divided, .stopped, .crashed: return .stopped
        }
    }

    /// How the work ends, which has no other end than one that the server is told.
    private func outcome(of spec: JobSpec, _ company: WorkerCompany) async -> WorkerLook.Outcome {
        do {
            let events = try WorkerEvents(folder.events)
            let outcome = try await perform(spec, events, company)
            try events.sync()
            return outcome
        } catch let failure as WorkerFailure {
            return .failed(JobFailure(failure.failure.reason, folder.relative(failure.failure.message)))
        } catch let error as FileError where error.isDiskFull {
            return .failed(JobFailure(.diskFull, ServiceError.diskFull.detail))
        } catch {
            return .failed(JobFailure(.failed, folder.relative(ServiceError.sentence("\(error)"))))
        }
    }

    private func perform(
        _ spec: JobSpec, _ events: WorkerEvents, _ company: WorkerCompany
    ) async throws -> WorkerLook.Outcome {
        switch spec.work {
        case .training(let order):
            let training = try TrainingWork(
                order, spec, folder, events, codeVersion: codeVersion, ranks: try company.begin())
            hear { training.ask($0) }
            return try await training.run()
        case .question(let request):
            let analysis = AnalysisWork(request, spec, folder, events, codeVersion: codeVersion)
            return try await perform { try await analysis.run() }
        case .shard(let request):
            let shard = try ShardWork(request, spec, folder, events, codeVersion: codeVersion)
            return try await perform { try await shard.run() }
        case .snapshot(let request):
            let snapshot = try SnapshotWork(request, spec, folder, events, codeVersion: codeVersion)
            return try await perform {
                try await snapshot.run()
                return .succeeded
            }
        }
    }

    /// Does what can be done once more from its beginning: it ends by being cancelled.
    private func perform(
        _ work: @escaping @Sendable () async throws -> WorkerLook.Outcome
    ) async throws -> WorkerLook.Outcome {
        let task = Task { try await work() }
        hear { wish in if wish != .finish { task.cancel() } }
        do {
            return try await task.value
        } catch is CancellationError { return .stopped } catch ServiceError.cancelled { return .stopped }
    }

    private func lock() async throws -> LockFile? {
        let end = ContinuousClock.now + Self.lockPatience
        while true {
            if let lock = try LockFile(folder.lock) { return lock }
            guard ContinuousClock.now < end else { return nil }
            try await Task.sleep(for: Self.controlInterval)
        }
    }

    // MARK: - Ranks

    /// Computes with the first rank, which alone has files and speaks for all.
    private func follow(_ ranks: Communicator) async throws -> Ending {
        guard WorkerCompany.hasBegun(ranks) else {
            try ranks.leave()
            return .stopped
        }
        let spec = try folder.spec()
        guard case .training(let order) = spec.work else { return .stopped }
        ProcessStatus.makeModest(niceness: 10)
        var logger = Logger(label: "vitscope.worker")
        logger[metadataKey: "job"] = "\(spec.id)"
        logger[metadataKey: "rank"] = "\(ranks.rank)"
        do {
            let follower = RankFollower(TrainingRequest(order, spec, codeVersion: codeVersion, ranks: ranks))
            hear { follower.ask(for: $0) }
            let isStopped = try await follower.follow { [logger, folder] in
                logger.warning("\(folder.relative($0))")
            }
            return isStopped ? .stopped : .succeeded
        } catch let failure as TrainingFailure { return .failed(failure.message) }
    }

    // MARK: - Wishes

    /// Passes the server's wishes on as they come.
    private func pollControl() async {
        while !Task.isCancelled {
            if let control = folder.control() {
                if control.attempt != attempt { wish(.cancel) } else if let wanted = control.wish { wish(wanted) }
            }
            try? await Task.sleep(for: Self.controlInterval)
        }
    }

    private func wish(_ wish: WorkerWish) {
        let tell = signalled.withLock { signalled in
            // A cancel is final, and what was said once need not be said again.
            if signalled.wish == wish || signalled.wish == .cancel { return nil as (@Sendable (WorkerWish) -> Void)? }
            signalled.wish = wish
            return signalled.tell
        }
        tell?(wish)
    }

    /// Hands wishes to who works, those that came earlier too.
    private func hear(_ tell: @escaping @Sendable (WorkerWish) -> Void) {
        let wish = signalled.withLock { signalled in
            signalled.tell = tell
            return signalled.wish
        }
        if let wish { tell(wish) }
    }
}
