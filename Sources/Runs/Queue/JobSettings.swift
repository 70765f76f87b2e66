public import Jobs

/// How the queue works, and what it may use.
public struct JobSettings: Sendable {
    /// Opens the stores in a data directory, which only this process uses.
    public typealias OpenStores = @Sendable (_ data: String) async throws -> JobStores
    /// Makes what runs workers; nil for processes of this same program.
    public typealias MakeExecutor = @Sendable (_ jobsFolder: String) -> any Executor

    /// Nil: this process has no queue.
    public var openStores: OpenStores?
    public var makeExecutor: MakeExecutor?
    /// What runs a job's first steps for an estimate: this same program.
    public var program = "/proc/self/exe"
    public var runner = JobRunner.Settings()
    /// Where a cluster is; nil for none.
    public var slurm: SlurmSettings?
    /// Trainings at one time; 0 only takes jobs in.
    public var trainings: Int {
        get { runner.slots[.training] ?? 0 }
        set { runner.slots[.training] = newValue }
    }
    /// Analyses at one time, shards among them; 0 only takes them in.
    public var analyses: Int {
        get { runner.slots[.analysis] ?? 0 }
        set { runner.slots[.analysis] = newValue }
    }
    /// Jobs that wait; one more is refused.
    public var queueLength = 1000
    /// How long workers may take to save themselves when the service stops, seconds.
    public var drainSeconds = 25.0

    public init() {}
}
