public import JSON
public import Platform

/// What a training run is asked for.
public struct TrainingRequest: Sendable {
    /// Where the JSON body of `POST /v1/jobs` is.
    public enum Configuration: Sendable, Equatable {
        /// In a file.
        case file(String)
        /// Here, parsed already.
        case value(JSONValue)
    }

    public var configuration: Configuration
    /// The run's directory; nil for a dry run.
    public var output: String?
    /// Where datasets are looked up by name.
    public var datasetsDirectory: String?
    /// Whether datasets have names alone: somebody else's job reads no folder of this machine.
    public var restrictsPaths = false
    /// Where the checkpoint lies that `init_from` names; nil where that is a path itself.
    public var initFromPath: String?
    /// Where weights for analyses go; nil for a run without them.
    public var snapshotsDirectory: String?
    /// Lines of metrics that whoever listens has heard of before; what a crash kept from it is told again.
    public var metricLinesTold: Int?
    /// Threads that compute; nil for those of the configuration, or one a processor.
    public var threads: Int?
    /// Whether a run may go on with other images, threads or another program.
    public var allowInexact = false
    /// Whether to begin anew.
    public var restart = false
    public var codeVersion = "1"
    /// Who train together; this process alone where the job says so. The first has a directory, and the others none.
    public var ranks = Communicator.alone

    /// - Parameter configuration: a file.
    public init(configuration: String, output: String?) {
        self.configuration = .file(configuration)
        self.output = output
    }

    /// - Parameter config: a job as it is posted.
    public init(config: JSONValue, output: String?) {
        configuration = .value(config)
        self.output = output
    }
}
