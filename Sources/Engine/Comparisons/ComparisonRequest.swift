package import Catalogue
import JSON

/// What somebody wants compared.
package struct ComparisonRequest: Sendable {
    private static let modelLimit = 16

    package var models: [String] = []
    var probeSet: String?
    var images: [String] = []
    package var metrics: [AnalysisKind]
    /// Parameters of single metrics, beside models and images.
    package var parameters: [AnalysisKind: [AnalysisParameter]] = [:]
    /// Results that are there, instead of everything else.
    package var analyses: [String] = []

    /// - Parameter kinds: what can be asked.
    /// - Throws: `unreadable`, and `invalid` with every fault.
    package init(_ body: [UInt8], kinds: AnalysisKinds) throws(ServiceError) {
        metrics = kinds.usuallyCompared
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
            metrics = kinds.comparable
        } else if value["metrics"] != nil {
            metrics = strings("metrics").compactMap { name in
                if let kind = kinds[name], kind.spec.isComparable { return kind }
                let advice = AnalysisKinds.advice(on: name, among: kinds.comparable)
                faults.append(
                    .init(pointer: "/metrics", detail: "“\(name.shortened)” is not compared, or write “all”. \(advice)")
                )
                return nil
            }
        }
        readParameters(value["parameters"], kinds, &faults)
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

    private mutating func readParameters(
        _ value: JSONValue?, _ kinds: AnalysisKinds, _ faults: inout [Fault]
    ) {
        for member in value?.object ?? [] {
            guard let kind = kinds[member.name], let fields = member.value.object else {
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
    package var imageParameters: [AnalysisParameter] {
        probeSet.map { [AnalysisParameter("probe_set", $0)] } ?? images.map { AnalysisParameter("image", $0) }
    }
}
