package import Jobs
package import JSON

/// A training as it was posted, with what only the server can say.
package struct TrainingOrder: Sendable, Equatable, Codable {
    /// As posted.
    package let config: JSONValue
    /// Where the checkpoint lies that the configuration's `init_from` names.
    package let initFromPath: String?
    /// Whether the run may go on with another number of ranks than it was begun with.
    package let allowsInexact: Bool?

    package init(config: JSONValue, initFromPath: String? = nil, allowsInexact: Bool? = nil) {
        self.config = config
        self.initFromPath = initFromPath
        self.allowsInexact = allowsInexact
    }

    /// Who runs it, as posted.
    package var executor: ExecutorName {
        config["resources"]?["executor"]?.string.flatMap(ExecutorName.init) ?? .local
    }

    /// Processes that train together, as posted.
    package var ranks: Int { max(1, min(config["resources"]?["ranks"]?.int ?? 1, 1024)) }

    private enum CodingKeys: String, CodingKey {
        case config
        case initFromPath = "init_from_path"
        case allowsInexact = "allows_inexact"
    }
}
