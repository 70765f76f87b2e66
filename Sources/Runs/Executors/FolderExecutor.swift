import FoundationEssentials
public import Jobs
public import Platform
import Synchronization
import Training

/// Speaks with workers through the folders of their jobs, and has the job's host run them.
///
/// A class because what is known of running workers has an identity. A worker outlives us: whoever comes next finds it by
/// its folder.
public final class FolderExecutor: Executor {
    /// NMI of the last layer below which its attention hardly depends on the query. Trained models lie above 0.02 where
    /// they have not collapsed (the paper's figure 4, and the demo); 0 is collapse.
    static let collapseBound = 0.01
    /// Before so many steps a model that never told patches apart has only begun.
    static let collapseSteps = 100

    private struct State {
        /// Jobs whose attention has depended on the query once.
        var distinct: Set<JobID> = []
        /// Jobs that were told of a collapse; once is enough.
        var collapsed: Set<JobID> = []
        var configurations: [JobID: TrainingConfiguration] = [:]
    }

    private let jobs: String
    private let dataDirectory: String
    private let datasetsDirectory: String?
    private let slurmDirectory: String?
    private let hosts: [ExecutorName: any WorkerHost]
    private let state = Mutex(State())

    /// - Parameters:
    ///   - jobsFolder: of all jobs' folders.
    ///   - program: what to run; this same program unless said otherwise.
    ///   - slurm: where a cluster is; nil for none.
    ///   - deaths: counts workers of this machine that a signal ended.
    public init(
        jobsFolder: String, dataDirectory: String, datasetsDirectory: String?, program: String = "/proc/self/exe",
        slurm: SlurmSettings? = nil, deaths: DeathCount = DeathCount()
    ) {
        jobs = Folder.absolute(jobsFolder)
        self.dataDirectory = Folder.absolute(dataDirectory)
        self.datasetsDirectory = datasetsDirectory.map(Folder.absolute)
        slurmDirectory = slurm.map { Folder.absolute($0.directory) }
        var hosts: [ExecutorName: any WorkerHost] = [.local: LocalWorkers(program: program, deaths: deaths)]
        if let slurm { hosts[.slurm] = SlurmWorkers(slurm, program: Folder.destination(ofLink: program) ?? program) }
        self.hosts = hosts
    }

    public func accept(_ job: Job) async throws {
        try await makeFolder(for: job)
        try write(JobFolder(job.id, in: jobs), for: job)
    }

    /// A cluster's folder lies where its nodes see it, and a link leads there.
    public func makeFolder(for job: Job) async throws {
        guard job.request.executor == .slurm, let slurmDirectory else { return }
        let link = JobFolder(job.id, in: jobs).path
        guard Folder.destination(ofLink: link) == nil else { return }
        let place = JobFolder(job.id, in: slurmDirectory).path
        try Folder.create(place)
        try Folder.makeLink(at: link, to: place)
    }

    public func start(_ job: Job) async throws {
        guard let host = hosts[job.request.executor] else {
            throw JobFolderError(
                "The job is for \(job.request.executor.rawValue), which this server was started without. Start it with "
                    + "--slurm-directory, or cancel the job.")
        }
        let folder = JobFolder(job.id, in: jobs)
        do {
            try await makeFolder(for: job)
            try prepare(folder, for: job)
        } catch let error as FileError where error.isDiskFull { throw JobStoreError.diskFull }
        FaultPoint.pass(.spawnBefore)
        try await host.submit(job, folder)
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
}

extension FolderExecutor {
    public func look(at job: Job) async -> WorkerLook {
        let folder = JobFolder(job.id, in: jobs)
        // Whether it lives comes first: what it said before its end is read afterwards.
        let host = await hosts[job.request.executor]?.look(at: job, folder) ?? WorkerLife(end: folder.outcome)
        var reports = WorkerReports(
            job, events: folder.events,
            analysis: job.request.kind == .training ? configuration(job.id)?.analysis : nil)
        let state = folder.state().flatMap { $0.attempt == job.attempt ? $0 : nil }
        var look = WorkerLook(life: .running)
        look.parentFinishReason = judge(&reports, job)
        look.finishReason = reports.finishReason
        look.findings = reports.findings
        look.findings.notices += host.notices
        // A snapshot goes when it has been looked at: who reads old reports again does not ask for it again.
        look.findings.children.removeAll { child in
            guard case .snapshot(let snapshot)? = JobBody(child.body)?.work else { return false }
            return !Folder.exists(folder.path + "/" + snapshot.model)
        }
        if reports.isNew || !host.notices.isEmpty || host.end == nil && isBeatDue(job) {
            look.report = reports.report
            look.report?.isAlive = host.end == nil
        }
        look.beat = (state?.beat ?? 0) &+ host.signs
        if let end = host.end, reports.isComplete { look.life = .ended(state?.outcome ?? end) }
        return look
    }

    /// A job's heartbeat is written down now and then, also where its worker has nothing to say.
    private func isBeatDue(_ job: Job) -> Bool { job.heartbeatAt.map { $0.timeIntervalSinceNow < -5 } ?? true }

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
        await hosts[job.request.executor]?.cancel(job, JobFolder(job.id, in: jobs))
    }

    public func remove(_ id: JobID) async {
        for host in hosts.values { host.forget(id) }
        state.withLock { state in
            state.configurations[id] = nil
            state.collapsed.remove(id)
            state.distinct.remove(id)
        }
        let path = JobFolder(id, in: jobs).path
        guard let place = Folder.destination(ofLink: path) else {
            try? Folder.removeTree(path)
            return
        }
        // The link goes last: without it nobody finds what is left.
        guard (try? Folder.removeTree(place)) != nil else { return }
        try? Folder.removeFile(path)
    }
}
