import JSON
import Models
import Platform

/// An analysis that runs in the queue: what its worker needs to ask the same question.
struct AnalysisRequest: Sendable {
    /// A model, and how its checkpoint is read.
    struct Model: Sendable {
        let name: String
        /// Of the file or folder, absolute.
        let path: String
        let options: LoadOptions
    }

    /// The label by which the job of a question is found.
    static let label = "analysis_id"

    let id: String
    let kind: AnalysisKind
    let models: [Model]
    /// With the images, without the models.
    let parameters: [AnalysisParameter]

    init(id: String, kind: AnalysisKind, models: [Model], parameters: [AnalysisParameter]) {
        self.id = id
        self.kind = kind
        self.models = models
        self.parameters = parameters
    }

    /// Nil for a value that is no such request.
    init?(_ value: JSONValue) {
        guard let id = value["analysis_id"]?.string, let kind = value["analysis"]?.string.flatMap(AnalysisKind.init),
            let models = value["models"]?.list?.compactMap(Model.init), !models.isEmpty,
            let parameters = value["parameters"]?.list
        else { return nil }
        self.init(
            id: id, kind: kind, models: models,
            parameters: parameters.compactMap { parameter in
                guard let name = parameter["name"]?.string, let text = parameter["value"]?.string else { return nil }
                return AnalysisParameter(name, text)
            })
    }

    var field: JSONValue {
        .object([
            .init("analysis_id", .string(id)), .init("analysis", .string(kind.rawValue)),
            .init("models", .list(models.map(\.field))),
            .init(
                "parameters",
                .list(
                    parameters.map {
                        .object([.init("name", .string($0.name)), .init("value", .string($0.value))])
                    })),
        ])
    }
}

extension AnalysisRequest.Model {
    fileprivate init?(_ value: JSONValue) {
        guard let name = value["name"]?.string, let path = value["path"]?.string, path.hasPrefix("/") else {
            return nil
        }
        self.init(name: name, path: path, options: LoadOptions(value))
    }

    fileprivate var field: JSONValue {
        .object([.init("name", .string(name)), .init("path", .string(path))] + options.members)
    }
}
