import Catalogue
import Engine
import FoundationEssentials
import Jobs
import JSON
import Logging
import Platform
import Synchronization

/// Answers one question about models in a job's folder, and leaves the answer there.
struct AnalysisWork: Sendable {
    private static let progressInterval = Duration.milliseconds(500)

    private let spec: JobSpec
    private let request: AnalysisRequest
    private let folder: JobFolder
    private let events: WorkerEvents
    private let codeVersion: String

    init(
        _ request: AnalysisRequest, _ spec: JobSpec, _ folder: JobFolder, _ events: WorkerEvents, codeVersion: String
    ) {
        self.spec = spec
        self.request = request
        self.folder = folder
        self.events = events
        self.codeVersion = codeVersion
    }

    /// Computes, and writes the result and its manifest.
    ///
    /// - Throws: `WorkerFailure` where it cannot be computed, `CancellationError`.
    func run() async throws {
        let limits = ServiceLimits()
        let engine = AnalysisEngine(threads: spec.threads, limits: limits, codeVersion: codeVersion)
        let sources = try await AnalysisSources.open(
            dataDirectory: spec.dataDirectory, datasetsDirectory: spec.datasetsDirectory, limits: limits)
        let models = try request.models.map { model in
            do throws(LoadFailure) {
                return NamedModel(
                    name: model.name, model: try engine.networks.hold(model.read()))
            } catch {
                throw WorkerFailure(
                    failure: JobFailure(.badData, "The model “\(model.name)” cannot be read: \(error.sentence)"))
            }
        }
        do {
            try await answer(models, engine, sources)
        } catch let failure as WorkerFailure {
            throw failure
        } catch {
            let error = ServiceError(error)
            if case .cancelled = error { throw CancellationError() }
            throw WorkerFailure(failure: JobFailure(.badData, error.detail))
        }
    }

    private func answer(_ models: [NamedModel], _ engine: AnalysisEngine, _ sources: AnalysisSources) async throws {
        guard let kind = engine.reader.kinds[request.kind] else {
            throw ServiceError.conflict("This program has no analysis “\(request.kind.shortened)”. Ask again.")
        }
        let prepared = try await engine.reader.prepare(kind, request.parameters, models, from: sources)
        guard prepared.id == request.id else {
            throw ServiceError.conflict("A model or an image has changed since the question was asked. Ask again.")
        }
        let result = try await engine.run(prepared, progress: progress(of: prepared.images.sources.count))
        let manifest = Manifest.make(prepared, result, codeVersion: codeVersion, threads: spec.threads, at: Date())
        try AtomicFile.write(manifest.json, to: folder.resultManifest)
        try AtomicFile.write(ResultCodec.encode(result), to: folder.result)
    }

    /// Tells how far it is, now and then. An analysis may look at its images more than once.
    private func progress(of count: Int) -> @Sendable (Int) -> Void {
        let state = Mutex<(done: Int, last: ContinuousClock.Instant?)>((0, nil))
        let events = events
        return { more in
            let done = state.withLock { state -> Int? in
                state.done += more
                if let last = state.last, ContinuousClock.now - last < Self.progressInterval { return nil }
                state.last = ContinuousClock.now
                return state.done
            }
            guard let done else { return }
            let shown = min(done, count)
            events.tell(
                .object([
                    .init("event", .string("progress")), .init("step", .int(shown)), .init("steps", .int(count)),
                    .init("fraction", .double(Double(shown) / Double(max(count, 1)))),
                    .init("message", .string(AnalysisProgress.words(done, of: count))),
                ]))
        }
    }
}
