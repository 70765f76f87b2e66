import FoundationEssentials
public import Jobs
public import Platform
import Subprocess
import Synchronization
import SystemPackage
import Training

/// Runs workers as processes of this same program on this machine.
///
/// A class because running processes have an identity. A worker outlives us: whoever comes next finds it by its folder.
public final class LocalExecutor: Executor {
    /// NMI of the last layer below which its attention hardly depends on the query. Trained models lie above 0.02 where
    /// they have not collapsed (the paper's figure 4, and the demo); 0 is collapse.
    static let collapseBound = 0.01
    /// Before so many steps a model that never told patches apart has only begun.
    static let collapseSteps = 100

    private struct Child {
        /// Nil until it is started.
        var identifier: Int?
        /// How it ended, in words; nil while it runs.
        var end: String?
    }

    private struct State {
        var children: [JobID: Child] = [:]
        /// Jobs whose attention has depended on the query once.
        var distinct: Set<JobID> = []
        /// Jobs that were told of a collapse; once is enough.
        var collapsed: Set<JobID> = []
        var configurations: [JobID: TrainingConfiguration] = [:]
    }

    private let jobs: String
    private let dataDirectory: String
    private let datasetsDirectory: String?
    private let program: String
    private let deaths: DeathCount
    private let state = Mutex(State())

    /// - Parameters:
    ///   - jobsFolder: of all jobs' folders.
    ///   - program: what to run; this same program unless said otherwise.
    ///   - deaths: counts workers that a signal ended.
    public init(
        jobsFolder: String, dataDirectory: String, datasetsDirectory: String?, program: String = "/proc/self/exe",
        deaths: DeathCount = DeathCount()
    ) {
        jobs = Folder.absolute(jobsFolder)
        self.dataDirectory = Folder.absolute(dataDirectory)
        self.datasetsDirectory = datasetsDirectory.map(Folder.absolute)
        self.program = program
        self.deaths = deaths
    }

    public func accept(_ job: Job) async throws { try write(JobFolder(job.id, in: jobs), for: job) }

    public func start(_ job: Job) async throws {
        let folder = JobFolder(job.id, in: jobs)
        do { try prepare(folder, for: job) } catch let error as FileError where error.isDiskFull {
            throw JobStoreError.diskFull
        }
        FaultPoint.pass(.spawnBefore)
        state.withLock { $0.children[job.id] = Child() }
        try await withCheckedThrowingContinuation { (started: CheckedContinuation<Void, any Error>) in
            // Nobody waits for this task, and nobody cancels it: a cancel would end the worker.
            Task.detached { await self.runWorker(job, folder, started) }
        }
        FaultPoint.pass(.spawnAfter)
    }

    private func write(_ folder: JobFolder, for job: Job) throws {
        try folder.write(JobSpec(job, dataDirectory: dataDirectory, datasetsDirectory: datasetsDirectory))
    }

    private func prepare(_ folder: JobFolder, for job: Job) throws {
        try write(folder, for: job)
        // An earlier worker's last word is not this one's.
        try folder.removeState()
        try folder.write(JobFolder.Control(attempt: job.attempt, wish: nil))
    }

    private func runWorker(
        _ job: Job, _ folder: JobFolder, _ started: CheckedContinuation<Void, any Error>
    ) async {
        var options = PlatformOptions()
        options.processGroupID = 0
        let waiting = Once(started)
        do {
            let log = try FileDescriptor.open(
                FilePath(folder.log), .writeOnly, options: [.append, .create, .closeOnExec],
                permissions: [.ownerReadWrite])
            defer { try? log.close() }
            let result = try await Subprocess.run(
                .path(FilePath(program)),
                arguments: ["worker", "--job-dir", folder.path, "--attempt", "\(job.attempt)"],
                environment: .custom(Self.environment), platformOptions: options, input: .none,
                output: .fileDescriptor(log, closeAfterSpawningProcess: false),
                error: .fileDescriptor(log, closeAfterSpawningProcess: false)
            ) { execution in
                let identifier = Int(execution.processIdentifier.value)
                state.withLock { $0.children[job.id]?.identifier = identifier }
                waiting.resume(.success(()))
            }
            if case .signaled = result.terminationStatus { deaths.count("worker") }
            ended(job.id, Self.words(result.terminationStatus))
        } catch {
            ended(job.id, "it could not be run (\(error))")
            waiting.resume(.failure(error))
        }
    }

    private func ended(_ id: JobID, _ how: String) { state.withLock { $0.children[id]?.end = how } }

    /// What a process that we start needs of our environment; never a secret.
    static var environment: [Environment.Key: String] {
        var kept: [Environment.Key: String] = [:]
        for (name, value) in ChildEnvironment.variables {
            if let key = Environment.Key(rawValue: name) { kept[key] = value }
        }
        return kept
    }

    private static func words(_ status: TerminationStatus) -> String {
        switch status {
        case .exited(let code): "it left with exit code \(code)"
        case .signaled(let signal): "signal \(signal)\(signal == 9 ? " (SIGKILL)" : "") ended it"
        }
    }
}

extension LocalExecutor {
    public func look(at job: Job) async -> WorkerLook {
        let folder = JobFolder(job.id, in: jobs)
        // Whether it lives comes first: what it said before its end is read afterwards.
        let end = self.end(of: job, folder)
        var reports = WorkerReports(
            job, events: folder.events,
            analysis: job.request.kind == .training ? configuration(job.id)?.analysis : nil)
        let state = folder.state().flatMap { $0.attempt == job.attempt ? $0 : nil }
        var look = WorkerLook(life: .running)
        look.parentFinishReason = judge(&reports, job)
        look.finishReason = reports.finishReason
        look.findings = reports.findings
        // A snapshot goes when it has been looked at: who reads old reports again does not ask for it again.
        look.findings.children.removeAll { child in
            guard case .snapshot(let snapshot)? = JobBody(child.body)?.work else { return false }
            return !Folder.exists(folder.path + "/" + snapshot.model)
        }
        if reports.isNew || end == nil && isBeatDue(job) {
            look.report = reports.report
            look.report?.isAlive = end == nil
        }
        look.beat = state?.beat ?? 0
        if let end, reports.isComplete { look.life = .ended(state?.outcome ?? .crashed(end)) }
        return look
    }

    /// A job's heartbeat is written down now and then, also where its worker has nothing to say.
    private func isBeatDue(_ job: Job) -> Bool { job.heartbeatAt.map { $0.timeIntervalSinceNow < -5 } ?? true }

    /// How the worker ended, in words; nil while it runs.
    private func end(of job: Job, _ folder: JobFolder) -> String? {
        if let child = state.withLock({ $0.children[job.id] }) { return child.end }
        // The system lets go of the lock when its holder goes, whatever number another process has by then. A worker that
        // has only begun may hold it and have said nothing yet.
        if folder.isLocked { return nil }
        return folder.state()?.attempt == job.attempt
            ? "it ended while no server was watching" : "no worker was there when the server came back"
    }

    /// What the points say: a rule of the run that they meet, and a warning.
    ///
    /// - Returns: why the run shall be content with what it has.
    private func judge(_ reports: inout WorkerReports, _ job: Job) -> String? {
        guard let parent = job.request.parentID, !reports.points.isEmpty else { return nil }
        var reason: String?
        for (point, values) in reports.points {
            for rule in configuration(parent)?.stopRules ?? [] where rule.metric == point.metric {
                guard let value = rule.valueMeeting(among: values, epoch: point.epoch) else { continue }
                reason = reason ?? rule.reason(value, step: point.step)
            }
            guard point.metric == AnalysisMetric.attentionNMI.rawValue, let last = values.last else { continue }
            guard last < Self.collapseBound else {
                _ = state.withLock { $0.distinct.insert(parent) }
                continue
            }
            // A young model looks everywhere alike, which is not yet a collapse.
            let half = configuration(parent).map { Double($0.epochs) / 2 } ?? .infinity
            let isGrown = point.epoch >= half && point.step >= Self.collapseSteps
            guard state.withLock({ $0.distinct.contains(parent) }) || isGrown else { continue }
            let isNew = state.withLock { $0.collapsed.insert(parent).inserted }
            guard isNew else { continue }
            reports.warnParent(
                "attention_collapse",
                "At step \(point.step) the attention of the last layer hardly depends on the query: its normalized mutual "
                    + "information is \(last), below \(Self.collapseBound).")
        }
        return reason
    }

    /// What a job was configured to do; nil where that cannot be read.
    private func configuration(_ id: JobID) -> TrainingConfiguration? {
        if let known = state.withLock({ $0.configurations[id] }) { return known }
        guard case .training(let order)? = try? JobFolder(id, in: jobs).spec().work,
            let configuration = try? TrainingConfiguration(order.config)
        else { return nil }
        state.withLock { $0.configurations[id] = configuration }
        return configuration
    }

    public func ask(_ job: Job, for wish: WorkerWish) async throws {
        try JobFolder(job.id, in: jobs).write(JobFolder.Control(attempt: job.attempt, wish: wish))
    }

    public func kill(_ job: Job) async {
        let child = state.withLock { $0.children[job.id] }
        // Ours, as long as nobody has collected it: whoever has its number afterwards is a stranger.
        let own = child?.end == nil ? child?.identifier.flatMap { ProcessStatus(running: $0) } : nil
        // What any server before us started says itself who it is.
        let said = JobFolder(job.id, in: jobs).state().map {
            ProcessStatus(identifier: $0.identifier, startTicks: $0.startTicks)
        }
        for worker in [own, said] { _ = await worker?.killAndWait() }
        guard own != nil else { return }
        // How it ended comes a moment after it is gone.
        let end = ContinuousClock.now + .seconds(2)
        while state.withLock({ $0.children[job.id].map { $0.end == nil } ?? false }), ContinuousClock.now < end {
            try? await Task.sleep(for: .milliseconds(5))
        }
    }

    public func remove(_ id: JobID) async {
        state.withLock { state in
            state.children[id] = nil
            state.configurations[id] = nil
            state.collapsed.remove(id)
            state.distinct.remove(id)
        }
        try? Folder.removeTree("\(jobs)/\(id)")
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
