package import Jobs
package import JSON

/// A training as it was posted, with what only the server can say.
package struct TrainingOrder: Sendable, Equatable, Codable {
    /// As posted.
    package let config: JSONValue
    /// Where the checkpoint lies that the configuration's `init_from` names.
    package let initFromPath: String?

    package init(config: JSONValue, initFromPath: String? = nil) {
        self.config = config
        self.initFromPath = initFromPath
    }

    /// Who runs it, as posted.
    package var executor: ExecutorName {
        config["resources"]?["executor"]?.string.flatMap(ExecutorName.init) ?? .local
    }

    private enum CodingKeys: String, CodingKey {
        case config
        case initFromPath = "init_from_path"
    }
}
