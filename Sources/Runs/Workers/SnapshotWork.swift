import Catalogue
import Engine
import Jobs
import JSON
import Platform
import Training

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
        guard let parent = spec.parentID, let slash = folder.path.lastIndex(of: "/") else { return nil }
        return JobFolder(parent, in: String(folder.path[..<slash])).path + "/" + request.model
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
        let images = AnalysisImages(sources: try await sources.library.sources(probeSet), probeSet: probeSet)
        let loaded: LoadedModel
        do { loaded = try ModelLoader.load(CheckpointPlace(path: model), ModelLoader.Options()) } catch {
            throw WorkerFailure(failure: JobFailure(.badData, "The snapshot cannot be read: \(error.sentence)"))
        }
        let named = NamedModel(name: "step \(request.step)", model: loaded)
        for metric in request.metrics {
            guard let kind = AnalysisKind(rawValue: metric) else { continue }
            var reader = ParameterReader([], known: kind.parameters)
            let task = AnalysisTasks.read(kind, &reader, [named], images: images.sources.count)
            try reader.check()
            guard let task else { continue }
            let result = try await engine.run(engine.prepare(kind, task, images: images))
            events.tell(point(metric, result))
        }
    }

    private func point(_ metric: String, _ result: AnalysisResult) -> JSONValue {
        var members: [JSONValue.Member] = [
            .init("event", .string("analysis")), .init("metric", .string(metric)), .init("step", .int(request.step)),
            .init("epoch", .double(request.epoch)),
        ]
        if metric == AnalysisMetric.fourier.rawValue {
            // The outputs of whole blocks, the embedding first: taps 0, 2, 4, …
            let high = result.numbers("high_frequency"), error = result.numbers("high_frequency_sem")
            let whole = stride(from: 0, to: high.count, by: 2)
            members += [
                .init("layers", .ints(Array(0..<(high.count + 1) / 2))), .init("unit", .string("log amplitude")),
                .init("values", .doubles(whole.map { high[$0] })),
                .init("sem", .doubles(whole.filter { error.indices.contains($0) }.map { error[$0] })),
            ]
        } else {
            members += [
                .init("layers", result["layers"] ?? .null), .init("unit", result["unit"] ?? .null),
                .init("values", .doubles(result.numbers("mean"))), .init("sem", .doubles(result.numbers("sem"))),
            ]
        }
        return .object(
            members + [
                .init("probe_set", .string(request.probeSet)), .init("n_images", result["n_images"] ?? .null),
            ])
    }
}

extension AnalysisResult {
    /// The numbers of the array called `name`; none where there is no such array of doubles.
    fileprivate func numbers(_ name: String) -> [Double] {
        guard case .float64(let numbers)? = array(name)?.numbers else { return [] }
        return numbers
    }
}
