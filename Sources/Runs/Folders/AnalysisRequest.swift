package import Catalogue
package import Engine
package import JSON

/// An analysis that runs in the queue: what its worker needs to ask the same question.
package struct AnalysisRequest: Sendable {
    /// The label by which the job of a question is found.
    package static let label = "analysis_id"

    let id: String
    /// The name of a kind.
    let kind: String
    let models: [ModelReference]
    /// With the images, without the models.
    let parameters: [AnalysisParameter]

    package init(id: String, kind: String, models: [ModelReference], parameters: [AnalysisParameter]) {
        self.id = id
        self.kind = kind
        self.models = models
        self.parameters = parameters
    }

    /// Nil for a value that is no such request.
    init?(_ value: JSONValue) {
        guard let id = value["analysis_id"]?.string, let kind = value["analysis"]?.string,
            let models = value["models"]?.list?.compactMap(ModelReference.init), !models.isEmpty,
            let parameters = value["parameters"]?.list
        else { return nil }
        self.init(
            id: id, kind: kind, models: models,
            parameters: parameters.compactMap { parameter in
                guard let name = parameter["name"]?.string, let text = parameter["value"]?.string else { return nil }
                return AnalysisParameter(name, text)
            })
    }

    package var field: JSONValue {
        .object([
            .init("analysis_id", .string(id)), .init("analysis", .string(kind)),
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
