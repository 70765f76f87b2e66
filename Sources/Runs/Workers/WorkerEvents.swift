import JSON
import Platform
import Synchronization

/// What a worker tells: `events.jsonl`, a JSON object a line, only ever longer.
///
/// A class because an open file has an identity.
final class WorkerEvents: Sendable {
    private let file: Mutex<AppendingFile>
    private let failure = Mutex<FileError?>(nil)
    private let path: String

    /// Opens the file; a line that a kill tore is ended, so that the next stands alone.
    init(_ path: String) throws {
        self.path = path
        let file = try AppendingFile(path)
        if let bytes = try? MappedFile.open(path), bytes.count > 0, bytes[bytes.count - 1] != UInt8(ascii: "\n") {
            try file.append([UInt8(ascii: "\n")])
        }
        self.file = Mutex(file)
    }

    /// Lines of metrics that were told before.
    func metricLines() -> Int {
        guard let bytes = try? MappedFile.open(path) else { return 0 }
        var count = 0
        for line in bytes.array.split(separator: UInt8(ascii: "\n")) {
            guard let value = try? JSONValue.parse(Array(line)), value["event"]?.string == "metric" else { continue }
            count = max(count, (value["line"]?.int).map { $0 < Int.max ? $0 + 1 : 0 } ?? 0)
        }
        return count
    }

    /// Whether an event of this name was told before.
    func hasTold(_ event: String) -> Bool {
        guard let bytes = try? MappedFile.open(path) else { return false }
        return bytes.array.split(separator: UInt8(ascii: "\n")).contains { line in
            (try? JSONValue.parse(Array(line)))?["event"]?.string == event
        }
    }

    /// Tells `value`. What goes wrong comes out at the next `sync`.
    func tell(_ value: JSONValue) {
        do {
            try file.withLock { try $0.append(value.json + [UInt8(ascii: "\n")]) }
            FaultPoint.pass(.reportWritten)
        } catch let error as FileError {
            failure.withLock { $0 = $0 ?? error }
        } catch {}
    }

    /// Whether something could not be told.
    var hasFailed: Bool { failure.withLock { $0 != nil } }

    /// Makes everything that was told durable.
    ///
    /// - Throws: `FileError` where something could not be told.
    func sync() throws {
        if let failure = failure.withLock({ $0 }) { throw failure }
        try file.withLock { try $0.sync() }
        FaultPoint.pass(.reportSynced)
    }
}
