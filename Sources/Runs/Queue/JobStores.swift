public import Jobs

/// Where jobs and results are kept.
public struct JobStores: Sendable {
    public let jobs: any JobStore
    public let results: any ResultStore
    /// What was found amiss with the results, in sentences for whoever runs the server.
    public let warnings: [String]

    public init(jobs: any JobStore, results: any ResultStore, warnings: [String] = []) {
        self.jobs = jobs
        self.results = results
        self.warnings = warnings
    }
}
