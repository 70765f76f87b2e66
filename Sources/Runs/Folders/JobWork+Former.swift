import Jobs
import JSON

// Jobs that were queued before work had a kind, and folders that workers of that time have left.
extension JobWork {
    private enum FormerKeys: String, CodingKey {
        case config, body, kind
        case initFromPath = "init_from_path"
    }

    /// The work as it was written then: an object under `config` in a request and under `body` in a folder, beside the
    /// kind of the job. A question named its result there, and a snapshot its file; no training has settings of these
    /// names.
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
                    config: config, initFromPath: try container.decodeIfPresent(String.self, forKey: .initFromPath)))
        }
        if let kind = try container.decodeIfPresent(String.self, forKey: .kind), kind != jobKind.rawValue {
            throw DecodingError.dataCorruptedError(
                forKey: .kind, in: container, debugDescription: "The work is no “\(kind)”.")
        }
    }
}
