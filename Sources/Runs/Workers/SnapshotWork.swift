import Catalogue
import Engine
import Jobs
import JSON
import Platform

/// Looks at a snapshot of a training: each wanted metric of every layer on the images of a probe set.
struct SnapshotWork: Sendable {
    private let spec: JobSpec
    private let request: SnapshotRequest
    private let model: String
    private let events: WorkerEvents
    private let codeVersion: String

    /// - Throws: `WorkerFailure` for a job that says nothing that could be done.
    init(
        _ request: SnapshotRequest, _ spec: JobSpec, _ folder: JobFolder, _ events: WorkerEvents, codeVersion: String
    ) throws {
        guard let model = Self.file(of: request, spec, folder) else {
            throw WorkerFailure(failure: JobFailure(.configuration, "The training whose snapshot this is has no name."))
        }
        self.spec = spec
        self.request = request
        self.events = events
        self.codeVersion = codeVersion
        self.model = model
    }

    /// The snapshot, which lies in the folder of the job that it is of.
    private static func file(of request: SnapshotRequest, _ spec: JobSpec, _ folder: JobFolder) -> String? {
        spec.parentID.flatMap { folder.neighbour($0) }.map { $0.path + "/" + request.model }
    }

    /// Removes the snapshot, when it is on the disk that it was looked at: who is killed before looks once more.
    static func removeSnapshot(of request: SnapshotRequest, _ spec: JobSpec, _ folder: JobFolder) {
        if let file = file(of: request, spec, folder) { try? Folder.removeFile(file) }
    }

    /// Measures and tells.
    func run() async throws {
        let engine = AnalysisEngine(threads: spec.threads, limits: ServiceLimits(), codeVersion: codeVersion)
        let sources = try await AnalysisSources.open(
            dataDirectory: spec.dataDirectory, datasetsDirectory: spec.datasetsDirectory, limits: ServiceLimits())
        let probeSet = try await sources.probeSets.probeSet(request.probeSet)
        let images = AnalysisImages(
            sources: try await sources.library.sources(probeSet), probeSet: ProbeSetName(probeSet))
        let loaded: LoadedModel
        do { loaded = try engine.load(CheckpointPlace(path: model), LoadOptions()) } catch {
            throw WorkerFailure(failure: JobFailure(.badData, "The snapshot cannot be read: \(error.sentence)"))
        }
        let named = NamedModel(name: "step \(request.step)", model: loaded)
        for metric in request.metrics {
            guard let kind = engine.reader.kinds[metric], let trajectory = kind.spec.trajectory else { continue }
            let result = try await engine.run(engine.reader.prepare(kind, [], [named], images))
            events.tell(point(metric, result, trajectory))
        }
    }

    private func point(
        _ metric: String, _ result: AnalysisResult, _ trajectory: AnalysisSpec.Trajectory
    ) -> JSONValue {
        func numbers(_ field: String) -> JSONValue {
            .doubles(result.allArrays.first { $0.name == field }?.array.doubles ?? [])
        }
        return .object([
            .init("event", .string("analysis")), .init("metric", .string(metric)), .init("step", .int(request.step)),
            .init("epoch", .double(request.epoch)), .init("layers", result[trajectory.places] ?? .null),
            .init("unit", .string(trajectory.unit)), .init("values", numbers(trajectory.values)),
            .init("sem", numbers(trajectory.errors)), .init("probe_set", .string(request.probeSet)),
            .init("n_images", result["n_images"] ?? .null),
        ])
    }
}
