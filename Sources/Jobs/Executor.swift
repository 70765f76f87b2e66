/// Runs workers. What a worker does is written in its job's folder, so that whoever comes later can follow it.
public protocol Executor: Sendable {
    /// Writes down, outside of the store, what was just accepted, so that a job that waits outlives its row.
    ///
    /// - Throws: where it cannot be written; the row alone holds the job then.
    func accept(_ job: Job) async throws

    /// Makes the folder in which the job's worker will find what is to be done, where there is none.
    func makeFolder(for job: Job) async throws

    /// Starts a worker for a job that was just claimed.
    ///
    /// - Throws: `JobStoreError.diskFull`, and the job is tried again later; where the machine refuses otherwise, the job
    ///   is treated as crashed.
    func start(_ job: Job) async throws

    /// What the worker has said since `job.reportOffset`, and whether it lives.
    func look(at job: Job) async -> WorkerLook

    /// Asks the worker for something; it obeys before its next step.
    ///
    /// - Throws: where that could not be written down; it is asked again then.
    func ask(_ job: Job, for wish: WorkerWish) async throws

    /// Ends the worker and everything it started, and returns when they are gone.
    func kill(_ job: Job) async

    /// Removes what a deleted job has left.
    func remove(_ id: JobID) async
}

extension Executor {
    public func accept(_ job: Job) async throws {}

    public func makeFolder(for job: Job) async throws {}
}

/// What can be asked of a worker.
public enum WorkerWish: String, Sendable, CaseIterable, Codable {
    /// Save a checkpoint and end; the work goes on from it when it is started again.
    case stop
    /// End without saving.
    case cancel
    /// Be content with what there is: save, and be finished.
    case finish
}

/// What a look at a worker has shown.
public struct WorkerLook: Sendable, Equatable {
    /// How far it is; nil where it has said nothing new.
    public var report: JobReport?
    public var findings = WorkerFindings()
    /// Why the run shall be content with what it has, by its own rules.
    public var finishReason: String?
    /// The same for the run that this one looks at.
    public var parentFinishReason: String?
    /// Grows while the worker lives; it says so every few seconds.
    public var beat = 0
    public var life: Life

    /// Whether there is a worker.
    public enum Life: Sendable, Equatable {
        case running
        /// It ended; how it says it did.
        case ended(Outcome)
    }

    /// How a worker ended.
    public enum Outcome: Sendable, Equatable {
        case succeeded
        /// Its work is cut into jobs of their own. When they are at their end it is started once more, to put together what
        /// they have left.
        case divided
        case stopped
        case failed(JobFailure)
        /// It ended without a word.
        case crashed(String)
    }

    public init(life: Life) { self.life = life }
}
