import Foundation
import JSON
import Logging
import Service
import Synchronization
import TestSupport
import Testing

@Suite struct JSONLogHandlerTests {
    private final class Lines: Sendable {
        let all = Mutex<[[UInt8]]>([])

        func handler() -> JSONLogHandler {
            JSONLogHandler("test", now: { Date(timeIntervalSince1970: 1_764_230_400.25) }) { line in
                self.all.withLock { $0.append(line) }
            }
        }
    }

    @Test func entryIsAnObject() throws {
        let lines = Lines()
        var logger = Logger(label: "test") { _ in lines.handler() }
        logger[metadataKey: "job"] = "j"
        logger.info(
            "hello", metadata: ["status": .stringConvertible(200), "seconds": .stringConvertible(0.5), "b": ["x"]])
        logger.debug("not told")
        let text = try #require(lines.all.withLock { $0 }.first.map { String(decoding: $0, as: UTF8.self) })
        #expect(
            text == #"{"time":"2025-11-27T08:00:00.250Z","level":"info","logger":"test","message":"hello","b":["x"],"#
                + #""job_id":"j","seconds":0.5,"status":200}"# + "\n")
        #expect(lines.all.withLock { $0.count } == 1)
    }

    @Test(arguments: [
        "\n{\"level\":\"info\"}\n", "\"}", "\\", "\u{0}\u{1}\u{1B}[31m\u{7F}", "\u{2028}\u{2029}", "\r\n", "😀",
        String(repeating: "\"", count: 500),
    ]) func nothingBeginsALineOfItsOwn(text: String) throws {
        let lines = Lines()
        let logger = Logger(label: "test") { _ in lines.handler() }
        logger.error("\(text)", metadata: ["value": .string(text), "\(text)": "name", "time": .string(text)])
        let line = try #require(lines.all.withLock { $0 }.first)
        #expect(line.count { $0 == UInt8(ascii: "\n") } == 1 && line.last == UInt8(ascii: "\n"))
        let value = try JSONValue.parse(line.dropLast())
        #expect(value["message"]?.string == text && value["value"]?.string == text)
        #expect(value["metadata.time"]?.string == text && value["time"]?.string == "2025-11-27T08:00:00.250Z")
    }
}
