package import Catalogue
package import Images
package import Platform

/// Computes and reads in this process: for commands, tests and debugging, where a fault may end everything.
package struct LocalComputing: Computing {
    package let engine: AnalysisEngine
    /// Decodes what users send, which may take seconds.
    private let uploads = WorkerThread()

    package init(_ engine: AnalysisEngine) { self.engine = engine }

    package var absence: String? { nil }

    package func load(
        _ place: CheckpointPlace, _ options: LoadOptions, on thread: WorkerThread
    ) async throws -> LoadedModel {
        try await thread.run { [engine] in try engine.load(place, options) }
    }

    package func read(_ place: CheckpointPlace, _ options: LoadOptions) async throws -> ReadModel {
        try await uploads.run { try ModelLoader.read(place, options) }
    }

    package func forget(_ model: LoadedModel) async { engine.forget(model.fingerprint) }

    package func reference(to model: LoadedModel, named reference: ModelReference) -> ModelReference { reference }

    package func answer(_ analysis: PreparedAnalysis) async throws -> AnalysisResult { try await engine.run(analysis) }

    package func draw(_ result: AnalysisResult, figure: String?, overlay: Bool) async throws -> [UInt8] {
        try await engine.encodingThread.run { [engine] in
            try engine.draw(result, figure: figure, overlay: overlay)
        }
    }

    package func view(of source: ImageSource, _ transform: EvaluationTransform) async throws -> [UInt8] {
        try await engine.encodingThread.run { [engine] in
            PNG.encode(try engine.view(of: source, transform, keeping: true), level: 3)
        }
    }

    package func look(at files: [FolderImage], faults: Int) async throws -> [ImageLook] {
        try await engine.encodingThread.run { ImageLook.looks(at: files, faults: faults) }
    }

    package func read(_ image: OpenFile, pixels: OpenFile, limits: ImageLimits) async throws -> ImageFacts {
        try await uploads.run { try ImageReader.read(image, pixels: pixels, limits: limits) }
    }

    package func counts() async -> ComputingCounts { await engine.computingCounts() }

    package func start(lost: @escaping @Sendable (_ fingerprint: String) async -> Void) {}

    package func end() async {}
}
