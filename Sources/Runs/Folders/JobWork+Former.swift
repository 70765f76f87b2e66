import JSON

// Jobs that a server before 1.1 has queued, or whose folders it has left.
extension JobWork {
    private enum FormerKeys: String, CodingKey {
        case config, body
        case initFromPath = "init_from_path"
    }

    /// The work as it was written before it had a `kind`: an object under `config` in a request and under `body` in a
    /// folder. A question named its result there, a snapshot its file; no training has settings of these names.
    init(former decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: FormerKeys.self)
        let key = container.contains(.config) ? FormerKeys.config : .body
        let config = try container.decode(JSONValue.self, forKey: key)
        if config["analysis_id"] != nil {
            self = .question(try config.decoded())
        } else if config["model"] != nil {
            self = .snapshot(try config.decoded())
        } else {
            self = .training(
                TrainingOrder(
                    config: config,
                    initFromPath: try container.decodeIfPresent(String.self, forKey: .initFromPath)))
        }
    }
}
