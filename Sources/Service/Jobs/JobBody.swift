import Jobs
package import JSON
import Platform
import Training

/// What a training job's request carries for its worker: the configuration as it was posted, and what only the server
/// can say.
package struct JobBody: Sendable {
    /// As posted.
    package let config: JSONValue
    /// Where the checkpoint lies that the configuration's `init_from` names.
    package let initFromPath: String?
    /// Threads that compute, fixed when the job is posted: another number gives other sums.
    package let threads: Int

    package init(config: JSONValue, initFromPath: String?, threads: Int) {
        self.config = config
        self.initFromPath = initFromPath
        self.threads = threads
    }

    /// Nil for a text that is no such body.
    package init?(_ text: String) {
        guard let value = try? JSONValue.parse(Array(text.utf8)), let config = value["config"] else { return nil }
        self.init(
            config: config, initFromPath: value["init_from_path"]?.string,
            threads: value["threads"]?.int ?? 1)
    }

    /// JSON.
    package var text: String {
        let members: [JSONValue.Member] = [
            .init("config", config), .init("init_from_path", .optional(initFromPath)), .init("threads", .int(threads)),
        ]
        return String(decoding: JSONValue.object(members).json, as: UTF8.self)
    }
}

extension JSONValue {
    /// The same value with the members of every object sorted by name, so that two requests that say the same are the
    /// same.
    var sorted: JSONValue {
        switch self {
        case .list(let values): .list(values.map(\.sorted))
        case .object(let fields):
            .object(fields.map { .init($0.name, $0.value.sorted) }.sorted { $0.name < $1.name })
        case .null, .bool, .int, .double, .string, .array: self
        }
    }
}
