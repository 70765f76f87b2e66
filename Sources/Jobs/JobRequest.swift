/// What somebody wants done; it never changes.
public struct JobRequest: Sendable, Equatable {
    public var kind: JobKind
    /// Who runs it.
    public var executor: ExecutorName
    public var name: String?
    /// The training method, or the word `analysis`.
    public var method: String
    /// JSON for the worker.
    public var body: String
    public var labels: [String: String]
    /// Lower comes first.
    public var priority: Int
    /// The job this one repeats or looks at.
    public var parentID: JobID?
    /// How long it takes once it runs, about; nil where that is unknown.
    public var expectedSeconds: Double?

    /// Of looks at snapshots of trainings, whose results are read while the training goes on.
    public static let snapshotPriority = 50
    public static let usualPriority = 100
    /// Of what takes long, whoever waits for it.
    public static let lowPriority = 200

    public init(
        kind: JobKind, executor: ExecutorName = .local, name: String? = nil, method: String, body: String,
        labels: [String: String] = [:],
        priority: Int = JobRequest.usualPriority, parentID: JobID? = nil, expectedSeconds: Double? = nil
    ) {
        self.kind = kind
        self.executor = executor
        self.name = name
        self.method = method
        self.body = body
        self.labels = labels
        self.priority = priority
        self.parentID = parentID
        self.expectedSeconds = expectedSeconds
    }
}
