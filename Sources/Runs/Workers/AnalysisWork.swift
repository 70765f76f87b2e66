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
    /// The event that says that the question is cut now.
    private static let divided = "divided"

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

    /// Computes, and writes the result and its manifest. A question that is cut is divided first; started once more, this
    /// puts the shards together.
    ///
    /// - Throws: `WorkerFailure` where it cannot be computed, `CancellationError`.
    func run() async throws -> WorkerLook.Outcome {
        if let cut = request.cut, !events.hasTold(Self.divided) {
            tell(done: 0, of: cut.images)
            events.tell(.object([.init("event", .string(Self.divided))]))
            return .divided
        }
        try await withAnalysis { prepared, engine in
            if request.cut == nil {
                try keep(
                    try await engine.run(prepared, progress: progress(of: prepared.images.sources.count)), prepared)
            } else {
                let shards = try await shards(prepared, engine)
                try keep(try engine.merge(shards, of: prepared), prepared, shards)
            }
        }
        return .succeeded
    }

    /// Computes one shard of a question that is cut, and writes what it comes to.
    ///
    /// - Throws: as `run`.
    func runShard(_ shard: Int, for whole: JobFolder) async throws {
        try await withAnalysis { prepared, engine in
            _ = try await self.shard(shard, prepared, engine, in: whole) {
                progress(of: prepared.shards.indices.contains(shard) ? prepared.shards[shard].count : 0)
            }
        }
    }

    /// All shards in order; one that is lost, or not what was written, is computed again.
    private func shards(_ prepared: PreparedAnalysis, _ engine: AnalysisEngine) async throws -> [ShardState] {
        var shards: [ShardState] = []
        for shard in prepared.shards.indices {
            shards.append(
                try await self.shard(shard, prepared, engine, in: folder) {
                    events.tell(
                        .object([
                            .init("event", .string("log")),
                            .init("message", .string("shard \(shard + 1) is not there, and is computed again")),
                        ]))
                    return { _ in }
                })
        }
        return shards
    }

    /// What a shard comes to: as somebody has written it down, or computed now.
    ///
    /// - Parameter computing: called where it is computed, for what is told how many images are done.
    private func shard(
        _ shard: Int, _ prepared: PreparedAnalysis, _ engine: AnalysisEngine, in whole: JobFolder,
        computing: () -> @Sendable (Int) -> Void
    ) async throws -> ShardState {
        let file = whole.shard(shard)
        if let text = try? MappedFile.open(file), let document = try? JSONValue.parse(text),
            let known = ShardState(document, shard: shard, of: prepared)
        {
            return known
        }
        let state = try await engine.shard(shard, of: prepared, progress: computing())
        try Folder.create(whole.path + "/shards")
        try AtomicFile.write(state.document(of: prepared).json, to: file)
        return state
    }

    /// Reads the models and the question.
    private func withAnalysis(
        _ body: (PreparedAnalysis, AnalysisEngine) async throws -> Void
    ) async throws {
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
            try await body(try await prepared(models, engine, sources), engine)
        } catch let failure as WorkerFailure {
            throw failure
        } catch {
            let error = ServiceError(error)
            if case .cancelled = error { throw CancellationError() }
            throw WorkerFailure(failure: JobFailure(.badData, error.detail))
        }
    }

    private func prepared(
        _ models: [NamedModel], _ engine: AnalysisEngine, _ sources: AnalysisSources
    ) async throws -> PreparedAnalysis {
        guard let kind = engine.reader.kinds[request.kind] else {
            throw ServiceError.conflict("This program has no analysis “\(request.kind.shortened)”. Ask again.")
        }
        let prepared = try await engine.reader.prepare(kind, request.parameters, models, from: sources)
        guard prepared.id == request.id else {
            throw ServiceError.conflict("A model or an image has changed since the question was asked. Ask again.")
        }
        return prepared
    }

    private func keep(_ result: AnalysisResult, _ prepared: PreparedAnalysis, _ shards: [ShardState] = []) throws {
        let manifest = Manifest.make(
            prepared, result, codeVersion: codeVersion, threads: spec.threads, at: Date(), shards: shards)
        try AtomicFile.write(manifest.json, to: folder.resultManifest)
        try AtomicFile.write(ResultCodec.encode(result), to: folder.result)
    }

    /// Tells how far it is, now and then. An analysis may look at its images more than once.
    private func progress(of count: Int) -> @Sendable (Int) -> Void {
        let state = Mutex<(done: Int, last: ContinuousClock.Instant?)>((0, nil))
        return { [self] more in
            let done = state.withLock { state -> Int? in
                state.done += more
                if state.done != count, let last = state.last, ContinuousClock.now - last < Self.progressInterval {
                    return nil
                }
                state.last = ContinuousClock.now
                return state.done
            }
            guard let done else { return }
            tell(done: done, of: count)
        }
    }

    private func tell(done: Int, of count: Int) {
        let shown = min(done, count)
        events.tell(
            .object([
                .init("event", .string("progress")), .init("step", .int(shown)), .init("steps", .int(count)),
                .init("fraction", .double(Double(shown) / Double(max(count, 1)))),
                .init("message", .string(AnalysisProgress.words(done, of: count))),
            ]))
    }
}
