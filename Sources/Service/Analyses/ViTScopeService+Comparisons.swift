public import Catalogue
public import Engine
import Jobs
import JSON
public import Runs

/// What became of the wish to compare.
public enum ComparisonOutcome: Sendable {
    case done(Comparison)
    /// So many of the results are there.
    case pending(id: String, ready: Int, of: Int, job: JobInfo?)
}

extension ViTScopeService {
    /// Compares models on the same images; what is not known yet is computed, in the queue where that takes its time.
    ///
    /// - Parameters:
    ///   - body: JSON with `models`, `probe_set` or `images`, `metrics`, `parameters`; or with `analyses`.
    ///   - seconds: how long the client waits.
    ///   - isWatched: as in `answer`.
    /// - Throws: `unreadable`, `invalid`, `notFound`, `conflict` where results are not of the same images.
    public func compare(
        _ body: [UInt8], waiting seconds: Double = 0, isWatched: Bool = false
    ) async throws(ServiceError) -> ComparisonOutcome {
        let request = try ComparisonRequest(body, kinds: reader.kinds)
        if !request.analyses.isEmpty { return try await compare(results: request.analyses) }
        var parts: [(kind: AnalysisKind, models: [String], analysis: PreparedAnalysis)] = []
        for kind in request.metrics {
            let own = request.imageParameters + (request.parameters[kind] ?? [])
            if kind.spec.comparesTwo {
                for (first, a) in request.models.enumerated() {
                    for b in request.models[(first + 1)...] {
                        let both = own + [AnalysisParameter("a", a), AnalysisParameter("b", b)]
                        parts.append((kind, [a, b], try await prepare(kind, parameters: both)))
                    }
                }
            } else {
                for model in request.models {
                    parts.append((kind, [model], try await prepare(kind, model: model, parameters: own)))
                }
            }
        }
        let id = Comparison.id(parts.map(\.analysis.id))
        try await remember(id, parts.map { ComparisonPart(kind: $0.kind, models: $0.models, id: $0.analysis.id) })
        var found: [Comparison.Part?] = []
        var job: JobInfo?
        for part in parts {
            switch try await answer(part.analysis, inQueue: parts.count > 1, isWatched: isWatched) {
            case .done(let result): found.append(Comparison.Part(models: part.models, result: result))
            case .pending(let waiting):
                found.append(nil)
                job = waiting
            }
        }
        if found.contains(where: { $0 == nil }), seconds > 0, archive != nil {
            return try await comparison(id, waiting: seconds)
        }
        return Self.outcome(id, zip(parts.map(\.kind), found).map { ($0, $1) }, job)
    }

    /// A comparison by its name.
    ///
    /// - Throws: `notFound`; as `analysis` for its results.
    public func comparison(_ id: String, waiting seconds: Double = 0) async throws(ServiceError) -> ComparisonOutcome {
        guard let parts = try await remembered(id) else {
            throw .notFound(.analysis, name: id.shortened, nearest: [])
        }
        let deadline = ContinuousClock.now + .seconds(max(0, min(seconds, 3600)))
        var found: [Comparison.Part?] = []
        var job: JobInfo?
        for part in parts {
            let left = max(0, (deadline - ContinuousClock.now).seconds)
            switch try await analysis(part.id, waiting: left) {
            case .done(let result): found.append(Comparison.Part(models: part.models, result: result))
            case .pending(let waiting):
                found.append(nil)
                job = waiting
            }
        }
        return Self.outcome(id, zip(parts.map(\.kind), found).map { ($0, $1) }, job)
    }

    /// Whether `id` names a comparison.
    public func isComparison(_ id: String) async throws(ServiceError) -> Bool { try await remembered(id) != nil }

    /// Compares results that are there.
    private func compare(results ids: [String]) async throws(ServiceError) -> ComparisonOutcome {
        var parts: [(AnalysisKind, Comparison.Part?)] = []
        var images: String?
        for id in ids {
            guard case .done(let result) = try await analysis(id) else {
                throw .conflict("The analysis \(id.shortened(to: 16)) is not done yet. Compare when it is.")
            }
            let own = try await imagesDigest(id)
            if let images, images != own {
                throw .conflict(
                    "The results are not of the same images, so they cannot be compared: “\(id.shortened(to: 16))” has "
                        + "another probe set than the first. Ask for both on one probe set.")
            }
            images = own
            if let first = parts.first?.0, first != result.kind {
                throw .conflict("The results are of different analyses: \(first.name) and \(result.kind.name).")
            }
            parts.append((result.kind, Comparison.Part(models: result.scene.modelNames, result: result)))
        }
        let id = Comparison.id(ids)
        try await remember(
            id,
            parts.compactMap { kind, part in
                part.map { ComparisonPart(kind: kind, models: $0.models, id: $0.result.id) }
            })
        return Self.outcome(id, parts, nil)
    }

    /// The digest of the images that a result looked at.
    private func imagesDigest(_ id: String) async throws(ServiceError) -> String {
        let text = try await manifest(id)
        guard let value = try? JSONValue.parse(Array(text.utf8)) else { return "" }
        return (value["images"]?.list ?? []).compactMap { $0["sha256"]?.string }.joined(separator: "\n")
    }

    private static func outcome(
        _ id: String, _ parts: [(AnalysisKind, Comparison.Part?)], _ job: JobInfo?
    ) -> ComparisonOutcome {
        let ready = parts.count { $0.1 != nil }
        guard ready == parts.count else { return .pending(id: id, ready: ready, of: parts.count, job: job) }
        var metrics: [(kind: AnalysisKind, parts: [Comparison.Part])] = []
        for (kind, part) in parts {
            guard let part else { continue }
            if metrics.last?.kind == kind {
                metrics[metrics.count - 1].parts.append(part)
            } else {
                metrics.append((kind, [part]))
            }
        }
        return .done(Comparison(metrics: metrics.map { Comparison.Metric(kind: $0.kind, parts: $0.parts) }))
    }

    // MARK: - On the disk

    private func remember(_ id: String, _ parts: [ComparisonPart]) async throws(ServiceError) {
        guard let archive else { return }
        let manifest = JSONValue.object([
            .init("manifest", .int(Manifest.version)), .init("analysis_id", .string(id)),
            .init("analysis", .string("comparison")),
            .init("code_version", .string(configuration.codeVersion)), .init("created_at", .date(now())),
            .init("parts", .list(parts.map(\.field))),
        ])
        try await perform {
            try await archive.store.keep([
                StoredResult(id: id, kind: "comparison", createdAt: now(), manifest: manifest.text, document: nil)
            ])
        }
    }

    private func remembered(_ id: String) async throws(ServiceError) -> [ComparisonPart]? {
        guard let archive, Digest.isValid(id) else { return nil }
        guard let stored = try await perform({ try await archive.store.result(id) }), stored.kind == "comparison",
            let value = try? JSONValue.parse(Array(stored.manifest.utf8))
        else { return nil }
        return value["parts"]?.list?.compactMap { ComparisonPart($0, kinds: reader.kinds) }
    }
}

/// One result of a comparison, by its name.
private struct ComparisonPart {
    let kind: AnalysisKind
    let models: [String]
    let id: String

    init(kind: AnalysisKind, models: [String], id: String) {
        self.kind = kind
        self.models = models
        self.id = id
    }

    init?(_ value: JSONValue, kinds: AnalysisKinds) {
        guard let kind = value["metric"]?.string.flatMap({ kinds[$0] }), let id = value["analysis_id"]?.string,
            let models = value["models"]?.list?.compactMap(\.string)
        else { return nil }
        self.init(kind: kind, models: models, id: id)
    }

    var field: JSONValue {
        .object([
            .init("metric", .string(kind.name)), .init("models", .strings(models)),
            .init("analysis_id", .string(id)),
        ])
    }
}
