public import Catalogue
public import Engine

/// Counts since the start, and sizes of the moment, for the metrics.
public struct ServiceStatistics: Sendable {
    public var modelsByState: [ModelState: Int] = [:]
    /// Memory of loaded models, bytes.
    public var modelBytes = 0
    /// What is kept in memory so that it is not computed again, by name, in the order of the metrics.
    public var caches: [(name: String, counts: CacheCounts)] = []
    /// Analyses that compute, and that wait for their turn.
    public var analysesRunning = 0
    public var analysesWaiting = 0
    /// Memory promised to the analyses that compute, bytes.
    public var analysisBytes = 0
    public var analysesFinished: [AnalysisKind: Int] = [:]
    public var analysesRefused = 0
    /// Images that went through a model, and the time it took.
    public var imagesForwarded = 0
    public var forwardSeconds = 0.0
    public var imagesDecoded = 0
    public var decodeSeconds = 0.0
    public var uploadedBytes = 0
    /// What the file system of the data directory has left; nil where that cannot be told.
    public var dataFreeBytes: Int?
    /// Large answers that clients have not taken yet, bytes.
    public var answerBytes = 0
    /// How often a process of each kind ended without being asked to.
    public var processDeaths: [String: Int] = [:]
    /// Trainings; none where there is no queue.
    public var jobsByState: [String: Int] = [:]

    public init() {}

    /// What is counted of the cache called `name`.
    public func cache(_ name: String) -> CacheCounts? { caches.first { $0.name == name }?.counts }
}
