package import Catalogue
package import Images
package import Platform

/// Who holds networks and computes, and who reads the files of strangers: this process, or others beside it.
package protocol Computing: Sendable {
    /// Reads a checkpoint and holds its network.
    ///
    /// - Parameter thread: for what takes long in this process.
    /// - Throws: `LoadFailure`.
    func load(_ place: CheckpointPlace, _ options: LoadOptions, on thread: WorkerThread) async throws -> LoadedModel

    /// Reads a checkpoint, and holds nothing.
    ///
    /// - Throws: `LoadFailure`.
    func read(_ place: CheckpointPlace, _ options: LoadOptions) async throws -> ReadModel

    /// Lets go of the network of a model.
    func forget(_ model: LoadedModel) async

    /// Where another process finds the model, and how it is loaded there.
    func reference(to model: LoadedModel, named reference: ModelReference) -> ModelReference

    /// Computes the answer to a question.
    func answer(_ analysis: PreparedAnalysis) async throws -> AnalysisResult

    /// A figure of a result as PNG; nil for the first one.
    func draw(_ result: AnalysisResult, figure: String?, overlay: Bool) async throws -> [UInt8]

    /// The pixels of `source` as `transform` shows them to a model, as PNG.
    func view(of source: ImageSource, _ transform: EvaluationTransform) async throws -> [UInt8]

    /// Decodes files to see whether they can be used; see `ImageLooking`.
    func look(at files: [FolderImage], faults: Int) async throws -> [ImageLook]

    /// Decodes what somebody sent; see `ImageReading`.
    func read(_ image: OpenFile, pixels: OpenFile, limits: ImageLimits) async throws -> ImageFacts

    /// What was done since the start, and what is held.
    func counts() async -> ComputingCounts

    /// Whether questions are answered now; nil where they are, otherwise a sentence that says why not.
    var absence: String? { get }

    /// Begins to take questions, and waits a while until they are answered.
    ///
    /// - Parameter lost: told of the fingerprint of a network that is held no longer, without anybody having let go of it.
    /// - Throws: `FileError` where the data directory cannot be written.
    func start(lost: @escaping @Sendable (_ fingerprint: String) async -> Void) async throws

    /// Lets go of everything.
    func end() async
}
