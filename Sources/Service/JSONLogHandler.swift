public import FoundationEssentials
import JSON
public import Logging
import Platform
import Synchronization

/// Writes every entry of the log as one JSON object in a line of its own, for programs that collect logs.
///
/// First come `time` (RFC 3339, UTC), `level`, `logger` and `message`, then what the entry says besides under its own names;
/// a job is `job_id`, as everywhere in JSON.
public struct JSONLogHandler: LogHandler {
    public var logLevel = Logger.Level.info
    public var metadata: Logger.Metadata = [:]
    public var metadataProvider: Logger.MetadataProvider?
    private let label: String
    private let now: @Sendable () -> Date
    private let write: @Sendable ([UInt8]) -> Void
    /// One line at a time, however long.
    private static let turn = Mutex(())
    /// Names that an entry cannot take over.
    private static let own: Set<String> = ["time", "level", "logger", "message", "error"]

    /// - Parameters:
    ///   - label: of the logger.
    ///   - write: takes a line with its end.
    public init(
        _ label: String, now: @escaping @Sendable () -> Date = { Date() },
        write: @escaping @Sendable ([UInt8]) -> Void
    ) {
        self.label = label
        self.now = now
        self.write = write
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        var members: [JSONValue.Member] = [
            .init("time", .string(now().formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)))),
            .init("level", .string(event.level.rawValue)), .init("logger", .string(label)),
            .init("message", .string(event.message.description)),
        ]
        if let error = event.error { members.append(.init("error", .string("\(error)"))) }
        var all = metadata
        all.merge(metadataProvider?.get() ?? [:]) { $1 }
        all.merge(event.metadata ?? [:]) { $1 }
        for (name, value) in all.sorted(by: { $0.key < $1.key }) {
            members.append(.init(Self.name(name), Self.value(value)))
        }
        let line = JSONValue.object(members).json + [UInt8(ascii: "\n")]
        Self.turn.withLock { _ in write(line) }
    }

    private static func name(_ name: String) -> String {
        if own.contains(name) { return "metadata." + name }
        return name == "job" ? "job_id" : name
    }

    private static func value(_ value: Logger.Metadata.Value) -> JSONValue {
        switch value {
        case .string(let text): return .string(text)
        case .stringConvertible(let thing):
            let text = "\(thing)"
            if let number = Int(text) { return .int(number) }
            return Double(text).flatMap { $0.isFinite ? .double($0) : nil } ?? .string(text)
        case .dictionary(let members):
            return .object(members.sorted { $0.key < $1.key }.map { .init($0.key, self.value($0.value)) })
        case .array(let values): return .list(values.map(self.value))
        }
    }
}
