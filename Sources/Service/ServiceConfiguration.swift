public import Catalogue
public import Engine
public import Runs

/// Where the service keeps things, and how much it may use.
public struct ServiceConfiguration: Sendable {
    /// Checkpoints that may be registered: files, and Hugging Face folders. Nil: none.
    public var modelsDirectory: String?
    /// Folders of images in ImageFolder layout. Nil: the built-in ones alone.
    public var datasetsDirectory: String?
    /// Where uploads, images, probe sets and the list of models live; made at start.
    public var dataDirectory: String
    /// Threads that compute.
    public var threads: Int
    /// Part of every analysis id: results of another version are other results.
    public var codeVersion = "1"
    public var limits = ServiceLimits()
    /// What can be asked.
    public var kinds = AnalysisKinds.standard
    public var jobs = JobSettings()
    /// What is let go of as it grows old.
    public var retention = Retention()
    /// The program that computes and that reads the files of strangers, in processes of its own; nil where this process
    /// does both, and a fault in either ends it.
    public var processProgram: String?

    public init(
        modelsDirectory: String? = nil, datasetsDirectory: String? = nil, dataDirectory: String, threads: Int
    ) {
        self.modelsDirectory = modelsDirectory
        self.datasetsDirectory = datasetsDirectory
        self.dataDirectory = dataDirectory
        self.threads = threads
    }
}
