/// What `vitscope train` is asked for.
public struct TrainingRequest: Sendable {
    /// A file with the JSON body of `POST /v1/jobs`.
    public var configuration: String
    /// The run's directory; nil for a dry run.
    public var output: String?
    /// Where datasets are looked up by name.
    public var datasetsDirectory: String?
    /// Threads that compute; nil for those of the configuration, or one a processor.
    public var threads: Int?
    /// Whether a run may go on with other images, threads or another program.
    public var allowInexact = false
    /// Whether to begin anew.
    public var restart = false
    public var codeVersion = "1"

    public init(configuration: String, output: String?) {
        self.configuration = configuration
        self.output = output
    }
}

/// Why a run did not begin or ended early.
public struct TrainingFailure: Error, Sendable, Equatable {
    /// Kinds that a program tells apart.
    public enum Kind: Sendable, Equatable {
        /// Settings are wrong, or are not those of the run in the directory.
        case configuration
        case badData, locked, diskFull, failed
    }

    public let kind: Kind
    /// What happened and what to do, for people.
    public let message: String
    /// The settings that are wrong.
    public let faults: [ServiceError.Fault]

    init(_ kind: Kind, _ message: String, faults: [ServiceError.Fault] = []) {
        self.kind = kind
        self.message = message
        self.faults = faults
    }
}
