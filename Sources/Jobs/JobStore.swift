public import FoundationEssentials

/// Keeps jobs and all that is told about them. It compares and sets; what may become of a job, `Job` alone decides.
///
/// Every function is one transaction, and what it has answered is on the disk. Where it throws a `JobStoreError`,
/// nothing has happened.
public protocol JobStore: Sendable {
    /// What the store has found amiss when it was opened, in sentences for whoever runs the server.
    var warnings: [String] { get }

    /// Takes a new job in, with its first notice, unless `key` was used before. A parent that is gone is left out.
    ///
    /// - Parameter limit: of queued jobs of the same kind.
    func submit(_ job: Job, key: IdempotencyKey?, limit: Int) async throws -> Submission

    /// Which job `key` has led to, without a new one; nil for a key that is new, or older than a day at `date`.
    func replay(_ key: IdempotencyKey, at date: Date) async throws -> Submission?

    func job(_ id: JobID) async throws -> Job?

    /// The newest first.
    ///
    /// - Parameter before: only what came before this job.
    func jobs(_ filter: JobFilter, before: JobID?, limit: Int) async throws -> [Job]

    /// Jobs of a kind in a state.
    func count(_ kind: JobKind, _ state: JobState) async throws -> Int

    /// How many queued jobs of its kind would start before it; nil unless it is queued and not held.
    func queuePosition(of job: Job) async throws -> Int?

    /// How long those take that run, or start before it, as far as they say so, seconds: of one kind, one after another.
    func secondsBefore(_ job: Job) async throws -> Double

    /// When the first job that waits may start; nil where none waits.
    func nextStart() async throws -> Date?

    /// Analyses of this job that are not at their end.
    func unfinishedChildren(of id: JobID) async throws -> Int

    /// Takes the first job of `kind` for `executor` that may start: by priority, then time, then order of arrival.
    func claim(_ kind: JobKind, for executor: ExecutorName, owner: String, at date: Date) async throws -> Job?

    /// Writes a change down if the job is still of the version that the change began with.
    ///
    /// A parent that is gone or at its end is told nothing more, so that nothing follows its `end`.
    ///
    /// - Returns: false, and nothing is written, where somebody else was first.
    func commit(_ change: JobChange) async throws -> Bool

    /// What was told about a job after notice `number`.
    func notices(of id: JobID, after number: Int, limit: Int) async throws -> [NumberedNotice]

    /// The number of the last notice; 0 without any.
    func lastNotice(of id: JobID) async throws -> Int

    /// By step.
    func trajectory(of id: JobID, metric: String) async throws -> [TrajectoryPoint]

    /// Removes a job at its end, what was told about it, and its analyses; a job that repeats it loses its parent.
    ///
    /// - Returns: the ids that are gone; none where the job is not there, or it or an analysis of it is not at its end.
    func delete(_ id: JobID) async throws -> [JobID]

    /// Lets go of the disk; nothing may be asked afterwards.
    func close() async throws
}

extension JobStore {
    public var warnings: [String] { [] }
}

/// What makes the repetition of a request harmless.
public struct IdempotencyKey: Sendable, Equatable {
    /// What the client chose.
    public let text: String
    /// SHA-256 of the request, so that the same key with another request is noticed.
    public let fingerprint: String

    public init(_ text: String, fingerprint: String) {
        self.text = text
        self.fingerprint = fingerprint
    }

    /// Keys are kept for a day.
    public static let lifetime = 86_400.0
}

/// What became of a request for a job.
public enum Submission: Sendable, Equatable {
    case accepted(Job)
    /// The key was used before, for the same request.
    case repeated(Job)
    /// The key was used before, for another request.
    case otherRequest
    /// As many jobs wait as may.
    case full
}

/// Which jobs are wanted; all, unless something is said.
public struct JobFilter: Sendable, Equatable {
    public var states: [JobState] = []
    public var kind: JobKind?
    public var methods: [String] = []
    /// All of these; an empty value stands for any.
    public var labels: [String: String] = [:]
    public var parentID: JobID?

    public init() {}
}
