import JSON
import Platform

/// What somebody wants compared.
struct ComparisonRequest: Sendable {
    /// What is compared unless something is said.
    static let usualMetrics: [AnalysisKind] = [
        .attentionDistance, .attentionNMI, .attentionEntropy, .fourier, .tokenSimilarity, .singularValues,
    ]
    /// Kinds that give a curve of each model by itself, or a matrix of two.
    static let metrics: [AnalysisKind] = AnalysisKind.allCases.filter {
        !$0.givesMaps
    }
    private static let modelLimit = 16

    var models: [String] = []
    var probeSet: String?
    var images: [String] = []
    var metrics: [AnalysisKind] = usualMetrics
    /// Parameters of single metrics, beside models and images.
    var parameters: [AnalysisKind: [AnalysisParameter]] = [:]
    /// Results that are there, instead of everything else.
    var analyses: [String] = []

    /// - Throws: `unreadable`, and `invalid` with every fault.
    init(_ body: [UInt8]) throws(ServiceError) {
        let value: JSONValue
        do { value = try JSONValue.parse(body) } catch {
            throw .unreadable("The body is not JSON that can be read: \(error).")
        }
        guard let members = value.object else {
            throw .unreadable("The body is a JSON object with models, probe_set and metrics.")
        }
        var faults: [Fault] = []
        let known = ["models", "probe_set", "images", "metrics", "parameters", "analyses"]
        for name in members.map(\.name) where !known.contains(name) {
            faults.append(
                .init(
                    pointer: "/" + name.shortened,
                    detail: "This is not known here. There are: \(known.joined(separator: ", "))."))
        }
        func strings(_ name: String) -> [String] {
            guard let found = value[name], !found.isNull else { return [] }
            let list = found.list?.compactMap(\.string)
            if let list, list.count == found.list?.count { return list }
            faults.append(.init(pointer: "/" + name, detail: "\(name) is a list of strings."))
            return []
        }
        models = strings("models")
        images = strings("images")
        analyses = strings("analyses")
        probeSet = value["probe_set"]?.string
        if value["metrics"]?.string == "all" {
            metrics = Self.metrics
        } else if value["metrics"] != nil {
            metrics = strings("metrics").compactMap { name in
                if let kind = AnalysisKind(rawValue: name), Self.metrics.contains(kind) { return kind }
                let nearest = NearestNames.of(name, among: Self.metrics.map(\.rawValue), count: 1).first
                faults.append(
                    .init(
                        pointer: "/metrics",
                        detail: "“\(name.shortened)” is not compared. "
                            + (nearest.map { "Did you mean “\($0)”?" }
                                ?? "There are: \(Self.metrics.map(\.rawValue).joined(separator: ", ")), or “all”.")))
                return nil
            }
        }
        readParameters(value["parameters"], &faults)
        if analyses.isEmpty {
            if models.count < 2 || Set(models).count != models.count || models.count > Self.modelLimit {
                faults.append(
                    .init(pointer: "/models", detail: "models names 2 to \(Self.modelLimit) different models."))
            }
            if (probeSet == nil) == images.isEmpty {
                faults.append(
                    .init(
                        pointer: "/probe_set",
                        detail: "Say on which images: a probe_set, or a list of images; all models see the same ones."))
            }
            if metrics.isEmpty, faults.isEmpty {
                faults.append(.init(pointer: "/metrics", detail: "metrics names at least one, or is “all”."))
            }
        } else if !models.isEmpty || analyses.count < 2 {
            faults.append(
                .init(pointer: "/analyses", detail: "analyses names two or more results, and then there are no models.")
            )
        }
        guard faults.isEmpty else { throw .invalid(faults) }
    }

    private mutating func readParameters(_ value: JSONValue?, _ faults: inout [Fault]) {
        for member in value?.object ?? [] {
            guard let kind = AnalysisKind(rawValue: member.name), let fields = member.value.object else {
                faults.append(
                    .init(
                        pointer: "/parameters",
                        detail: "parameters has for a metric its settings: {\"fourier\": {\"layers\": \"-1\"}}."))
                continue
            }
            for field in fields {
                let value = field.value
                let text = value.string ?? value.int.map(String.init) ?? value.double.map { "\($0)" }
                guard let text else {
                    faults.append(.init(pointer: "/parameters", detail: "A setting is a text or a number."))
                    continue
                }
                parameters[kind, default: []].append(AnalysisParameter(field.name, text))
            }
        }
    }

    /// Models and images of a metric, as the analysis takes them.
    var imageParameters: [AnalysisParameter] {
        probeSet.map { [AnalysisParameter("probe_set", $0)] } ?? images.map { AnalysisParameter("image", $0) }
    }
}
