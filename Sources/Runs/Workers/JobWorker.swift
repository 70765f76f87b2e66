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
        guard let lock = try await lock() else { return .stopped }
        // Held to the end, whatever that is.
        defer { withExtendedLifetime(lock) {} }
        return try await work()
    }

    private func work() async throws -> Ending {
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
        let outcome = await self.outcome(of: spec)
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
    private func outcome(of spec: JobSpec) async -> WorkerLook.Outcome {
        do {
            let events = try WorkerEvents(folder.events)
            let outcome = try await perform(spec, events)
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

    private func perform(_ spec: JobSpec, _ events: WorkerEvents) async throws -> WorkerLook.Outcome {
        switch spec.work {
        case .training(let order):
            let training = try TrainingWork(order, spec, folder, events, codeVersion: codeVersion)
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
