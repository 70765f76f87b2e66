import Jobs
import Platform
import Subprocess
import Synchronization
import SystemPackage

/// Runs workers as processes of this same program on this machine.
///
/// A class because running processes have an identity.
final class LocalWorkers: WorkerHost {
    private struct Child {
        /// Nil until it is started.
        var identifier: Int?
        /// How it ended, in words; nil while it runs.
        var end: String?
        /// What users should know of an end without a word, and have not been told.
        var notice: JobNotice?
    }

    private let program: String
    private let deaths: DeathCount
    private let children = Mutex<[JobID: Child]>([:])

    /// - Parameter deaths: counts workers that a signal ended.
    init(program: String, deaths: DeathCount) {
        self.program = program
        self.deaths = deaths
    }

    func submit(_ job: Job, _ folder: JobFolder) async throws {
        children.withLock { $0[job.id] = Child() }
        try await withCheckedThrowingContinuation { (started: CheckedContinuation<Void, any Error>) in
            // Nobody waits for this task, and nobody cancels it: a cancel would end the worker.
            Task.detached { await self.runWorker(job, folder, started) }
        }
    }

    func look(at job: Job, _ folder: JobFolder) async -> WorkerLife {
        let end = end(of: job, folder)
        var life = WorkerLife(end: end.map { .crashed($0) })
        guard end != nil, folder.state().map({ $0.attempt != job.attempt || $0.outcome == nil }) ?? true else {
            return life
        }
        life.notices = children.withLock { $0[job.id]?.notice.take().map { [$0] } ?? [] }
        return life
    }

    func cancel(_ job: Job, _ folder: JobFolder) async {
        let child = children.withLock { $0[job.id] }
        // Ours, as long as nobody has collected it: whoever has its number afterwards is a stranger.
        let own = child?.end == nil ? child?.identifier.flatMap { ProcessStatus(running: $0) } : nil
        // What any server before us started says itself who it is.
        let said = folder.state().map {
            ProcessStatus(identifier: $0.identifier, startTicks: $0.startTicks)
        }
        for worker in [own, said] { _ = await worker?.killAndWait() }
        guard own != nil else { return }
        // How it ended comes a moment after it is gone.
        let end = ContinuousClock.now + .seconds(2)
        while children.withLock({ $0[job.id].map { $0.end == nil } ?? false }), ContinuousClock.now < end {
            try? await Task.sleep(for: .milliseconds(5))
        }
    }

    func forget(_ id: JobID) { children.withLock { $0[id] = nil } }

    /// How the worker ended, in words; nil while it runs.
    private func end(of job: Job, _ folder: JobFolder) -> String? {
        if let child = children.withLock({ $0[job.id] }) { return child.end }
        // The system lets go of the lock when its holder goes, whatever number another process has by then. A worker that
        // has only begun may hold it and have said nothing yet.
        if folder.isLocked { return nil }
        return folder.state()?.attempt == job.attempt
            ? "it ended while no server was watching" : "no worker was there when the server came back"
    }

    private func runWorker(
        _ job: Job, _ folder: JobFolder, _ started: CheckedContinuation<Void, any Error>
    ) async {
        var options = PlatformOptions()
        options.processGroupID = 0
        let waiting = Once(started)
        do {
            let ranks = try folder.spec().ranks
            let worker = ["worker", "--job-dir", folder.path, "--attempt", "\(job.attempt)"]
            let log = try FileDescriptor.open(
                FilePath(folder.log), .writeOnly, options: [.append, .create, .closeOnExec],
                permissions: [.ownerReadWrite])
            defer { try? log.close() }
            let result = try await Subprocess.run(
                ranks == 1 ? .path(FilePath(program)) : .name(RunRanks.launcher),
                // Of the launcher, “this same program” is the launcher.
                arguments: ranks == 1
                    ? Arguments(worker)
                    : Arguments(
                        RunRanks.arguments(ranks: ranks) + [Folder.destination(ofLink: program) ?? program] + worker),
                environment: .custom(Self.environment), platformOptions: options, input: .none,
                output: .fileDescriptor(log, closeAfterSpawningProcess: false),
                error: .fileDescriptor(log, closeAfterSpawningProcess: false)
            ) { execution in
                let identifier = Int(execution.processIdentifier.value)
                children.withLock { $0[job.id]?.identifier = identifier }
                waiting.resume(.success(()))
            }
            if Self.signal(of: result.terminationStatus, ranks: ranks) != nil { deaths.count("worker") }
            ended(job.id, Self.words(result.terminationStatus, ranks: ranks), tells: ranks > 1)
        } catch {
            ended(job.id, "it could not be run (\(error))")
            waiting.resume(.failure(error))
        }
    }

    /// - Parameter tells: whether it is told beside the job's log: of several processes, which one it was is not seen there.
    private func ended(_ id: JobID, _ how: String, tells: Bool = false) {
        children.withLock { children in
            children[id]?.end = how
            if tells { children[id]?.notice = .log("The start ended without a word: \(how).") }
        }
    }

    /// What a process that we start needs of our environment; never a secret.
    static var environment: [Environment.Key: String] {
        var kept: [Environment.Key: String] = [:]
        for (name, value) in ChildEnvironment.variables {
            if let key = Environment.Key(rawValue: name) { kept[key] = value }
        }
        return kept
    }

    private static func words(_ status: TerminationStatus, ranks: Int) -> String {
        if let signal = signal(of: status, ranks: ranks) {
            let who = ranks == 1 ? "it" : "one of its \(ranks) ranks, and mpirun the others"
            return "signal \(signal)\(signal == 9 ? " (SIGKILL)" : "") ended \(who)"
        }
        guard case .exited(let code) = status else { return "it ended" }
        return ranks == 1
            ? "it left with exit code \(code)"
            : "one of its \(ranks) ranks left with exit code \(code), and mpirun ended the others"
    }

    /// The signal that ended a worker; mpirun(1) leaves with 128 and that of the first rank that one ended.
    private static func signal(of status: TerminationStatus, ranks: Int) -> Int? {
        switch status {
        case .signaled(let signal): Int(signal)
        case .exited(let code): ranks > 1 && (129...128 + 64).contains(code) ? Int(code) - 128 : nil
        }
    }
}

/// Resumes a continuation once, whoever comes first. A class because both who may come share it.
private final class Once: Sendable {
    private let continuation: Mutex<CheckedContinuation<Void, any Error>?>

    init(_ continuation: CheckedContinuation<Void, any Error>) { self.continuation = Mutex(continuation) }

    func resume(_ result: Result<Void, any Error>) {
        continuation.withLock { $0.take() }?.resume(with: result)
    }
}
