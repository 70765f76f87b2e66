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
    /// How its images are cut, each part a job of its own; nil where they are not.
    package let cut: Cut?

    /// How the images of a question are shared among jobs.
    package struct Cut: Sendable, Equatable, Codable {
        package let shards: Int
        /// All of them.
        package let images: Int
        /// Threads of each job that computes a shard.
        package let threads: Int

        package init(shards: Int, images: Int, threads: Int) {
            self.shards = shards
            self.images = images
            self.threads = threads
        }
    }

    package init(
        id: String, kind: String, models: [ModelReference], parameters: [AnalysisParameter], cut: Cut? = nil
    ) {
        self.id = id
        self.kind = kind
        self.models = models
        self.parameters = parameters
        self.cut = cut
    }
}

extension AnalysisRequest: Codable {
    private enum CodingKeys: String, CodingKey {
        case id = "analysis_id"
        case kind = "analysis"
        case models, parameters, cut
    }
}
