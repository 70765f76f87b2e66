package import Catalogue
package import Engine

/// An analysis that runs in the queue: what its worker needs to ask the same question.
package struct AnalysisRequest: Sendable, Equatable {
    /// The label by which the job of a question is found.
    package static let label = "analysis_id"

    package let id: String
    /// The name of a kind.
    package let kind: String
    package let models: [ModelReference]
    /// With the images, without the models.
    package let parameters: [AnalysisParameter]

    package init(id: String, kind: String, models: [ModelReference], parameters: [AnalysisParameter]) {
        self.id = id
        self.kind = kind
        self.models = models
        self.parameters = parameters
    }
}

extension AnalysisRequest: Codable {
    private enum CodingKeys: String, CodingKey {
        case id = "analysis_id"
        case kind = "analysis"
        case models, parameters
    }
}
