public import Logging

/// Everything a user can ask ViTScope for, behind HTTP and the command line alike.
///
/// A class because a running service has an identity: directories, a lock, threads.
public final class ViTScopeService: Sendable {
    public let configuration: ServiceConfiguration

    public init(configuration: ServiceConfiguration, logger: Logger) {
        self.configuration = configuration
    }

    // Life

    /// Makes the data directory, takes its lock and reads what was kept there; models load in the background.
    ///
    /// - Throws: `dataDirectoryLocked` where another server runs on it, `diskFull`, `internalFault`.
    public func start() async throws(ServiceError) { throw .unavailable("") }

    /// Whether requests are welcome.
    public var readiness: Readiness { .starting }

    /// From here on `readiness` is `draining`; what runs goes on.
    public func beginDraining() {}

    /// Stops what runs, lets go of the data directory.
    public func shutdown() async {}

    /// Counts and sizes for the metrics.
    public func statistics() async -> ServiceStatistics { ServiceStatistics() }

    // Models

    /// The models by name.
    ///
    /// - Throws: `unreadable` for a page token that is none.
    public func models(pageSize: Int? = nil, pageToken: String? = nil) async throws(ServiceError) -> Page<ModelInfo> {
        throw .unavailable("")
    }

    public func model(_ name: String) async throws(ServiceError) -> ModelInfo { throw .unavailable("") }

    /// Takes a model into the catalogue; it loads off the request's path. Registering the same again is harmless.
    ///
    /// - Parameter waiting: how long to wait for the load, seconds: the answer says `loading` where it takes longer.
    /// - Throws: `invalid`, `notFound` with the nearest files, `conflict` where the name stands for something else.
    public func register(
        _ registration: ModelRegistration, waiting: Double = 0
    ) async throws(ServiceError) -> ModelInfo { throw .unavailable("") }

    /// Takes a file of our own, anywhere on the disk, into the catalogue without remembering it.
    public func registerBuiltIn(
        name: String, fileAt path: String, preprocess: PreprocessOptions? = nil
    ) async throws(ServiceError) { throw .unavailable("") }

    /// What became of the checkpoint's tensors.
    ///
    /// - Throws: `notFound`; `conflict` while it loads, or where the file could not be read at all.
    public func loadReport(_ name: String) async throws(ServiceError) -> ResultValue { throw .unavailable("") }

    public func deleteModel(_ name: String) async throws(ServiceError) { throw .unavailable("") }

    // Uploads

    /// A place for the bytes of a checkpoint, to be fed, then finished or aborted.
    ///
    /// - Throws: `tooLarge` where the declared size is over the limit already; `diskFull`.
    public func beginUpload(declaredBytes: Int? = nil) async throws(ServiceError) -> UploadWriter {
        throw .unavailable("")
    }

    // Images

    /// Takes a JPEG or PNG.
    ///
    /// - Throws: `unsupportedMedia` for other bytes, `unreadable` for torn ones, `tooLarge`, `diskFull`.
    public func addImage(_ bytes: [UInt8]) async throws(ServiceError) -> StoredImage { throw .unavailable("") }

    /// The bytes behind `sha256:…` or `DATASET:INDEX` as they came.
    public func originalImage(_ ref: String) async throws(ServiceError) -> EncodedFile { throw .unavailable("") }

    /// The pixels that a model sees, before mean and std, as PNG.
    ///
    /// - Parameters:
    ///   - model: whose transform; nil for the default one.
    ///   - size: the input side, pixels; nil for the model's own, or 224.
    public func modelView(
        _ ref: String, model: String? = nil, size: Int? = nil
    ) async throws(ServiceError) -> EncodedFile { throw .unavailable("") }

    // Datasets and probe sets

    public func datasets() async throws(ServiceError) -> [DatasetInfo] { throw .unavailable("") }

    public func datasetImages(
        _ name: String, pageSize: Int? = nil, pageToken: String? = nil
    ) async throws(ServiceError) -> Page<DatasetImage> { throw .unavailable("") }

    /// Freezes a probe set. Asking for the same again answers the one that is there.
    public func createProbeSet(
        _ request: ProbeSetRequest
    ) async throws(ServiceError) -> (probeSet: ProbeSet, isNew: Bool) { throw .unavailable("") }

    public func probeSets() async -> [ProbeSet] { [] }

    public func probeSet(_ name: String) async throws(ServiceError) -> ProbeSet { throw .unavailable("") }

    // Analyses

    /// Checks everything about a request and names its result, without computing.
    ///
    /// - Parameter model: the one in the path; CKA names its two among the parameters.
    public func prepare(
        _ kind: AnalysisKind, model: String? = nil, parameters: [AnalysisParameter]
    ) async throws(ServiceError) -> PreparedAnalysis { throw .unavailable("") }

    /// Computes, or finds what was computed before.
    public func run(_ analysis: PreparedAnalysis) async throws(ServiceError) -> AnalysisResult {
        throw .unavailable("")
    }

    /// A result in a form.
    ///
    /// - Throws: `invalid` where the result does not go into the form, and says which do.
    public func encode(
        _ result: AnalysisResult, as format: ResultFormat, options: EncodingOptions = EncodingOptions()
    ) async throws(ServiceError) -> EncodedResult { throw .unavailable("") }
}

/// Whether the service takes requests.
public enum Readiness: Sendable, Equatable {
    case starting, ready, draining
    /// The data directory cannot be written.
    case readOnly
}
