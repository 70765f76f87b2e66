/// Who runs a job's worker, in JSON's words.
public enum ExecutorName: String, Sendable, CaseIterable {
    /// A process of this machine.
    case local
    /// The scheduler of a cluster.
    case slurm

    /// Whether a worker goes on, and is followed again, when the server ends.
    public var outlivesServer: Bool { self == .slurm }
}
