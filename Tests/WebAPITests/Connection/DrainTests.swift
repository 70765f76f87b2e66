import TestSupport
import Logging
import NIOCore
import Service
import Testing
import UnixSignals
import WebAPI

/// The server's end, over a real socket: whatever a connection went through, nobody waits for it for ever.
@Suite(.timeLimit(.minutes(5))) struct DrainTests {
    /// What the server returned after `body` and the signals that it sent.
    static func end(
        service: ViTScopeService? = nil, seconds: Int = 5,
        endsProcess: @escaping @Sendable (UnixSignal) -> Void = { _ in },
        _ body: @escaping @Sendable (RawClient, AsyncStream<UnixSignal>.Continuation) async throws -> Void
    ) async throws -> UnixSignal? {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let service =
            service
            ?? ViTScopeService(
                configuration: ServiceConfiguration(dataDirectory: "/nonexistent", threads: 2), logger: logger)
        var configuration = WebServerConfiguration(info: ServerInfo(version: "1.2.3", revision: "abc"))
        configuration.port = 0
        configuration.shutdownSeconds = seconds
        let (addresses, found) = AsyncStream<String>.makeStream()
        let server = try WebServer(service: service, configuration: configuration, logger: logger) { found.yield($0) }
        let (signals, sent) = AsyncStream<UnixSignal>.makeStream()
        let (ends, ended) = AsyncThrowingStream<UnixSignal?, any Error>.makeStream()
        Task {
            do { ended.yield(try await server.run(until: signals, endsProcess: endsProcess)) } catch {
                ended.finish(throwing: error)
            }
        }
        var iterator = addresses.makeAsyncIterator()
        let port = Int((await iterator.next() ?? "").split(separator: ":").last ?? "") ?? 0
        try await body(RawClient(port: port, data: ""), sent)
        sent.yield(.sigterm)
        for try await signal in ends { return signal }
        return nil
    }

    @Test(arguments: [
        (431, "GET /v1 HTTP/1.1\r\nHost: localhost\r\nX-Big: \(String(repeating: "a", count: 70_000))\r\n\r\n"),
        (414, "GET /\(String(repeating: "a", count: 10_000)) HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        (400, "nonsense\r\n\r\n"),
        (400, "POST /v1/models HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"),
        (413, "POST /v1/models HTTP/1.1\r\nHost: localhost\r\nContent-Length: 8000000\r\n\r\n"),
    ])
    func refusedRequestDoesNotHoldTheEnd(status: Int, request: String) async throws {
        let signal = try await Self.end(seconds: 3600) { client, _ in
            #expect(try RawResponse(try await client.exchange([request])).status == status)
            // The same from a client that leaves without reading, so that the connection is reset.
            let channel = try await client.connect()
            try await channel.executeThenClose { _, outbound in
                try await outbound.write(ByteBuffer(string: request))
            }
            // What comes after it is answered, so the server has met it.
            #expect(try await client.get("/livez").status == 200)
        }
        #expect(signal == .sigterm)
    }

    @Test func endComesInItsTimeAndASecondSignalIsHeard() async throws {
        let (second, heard) = AsyncStream<UnixSignal>.makeStream()
        let signal = try await Self.end(seconds: 1, endsProcess: { heard.yield($0) }) { client, sent in
            // A body that never comes: its reader waits past the time to drain.
            let channel = try await client.connect()
            Task {
                try await channel.executeThenClose { inbound, outbound in
                    try await outbound.write(
                        ByteBuffer(
                            string: "POST /v1/models HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                                + "Content-Length: 10\r\n\r\n"))
                    for try await _ in inbound {}
                }
            }
            _ = try await eventually("it is being read") {
                // The other one is this question.
                try await client.get("/metrics").body.contains("vitscope_http_requests_in_flight 2") ? true : nil
            }
            sent.yield(.sigterm)
        }
        #expect(signal == .sigterm)
        var iterator = second.makeAsyncIterator()
        #expect(await iterator.next() == .sigterm)
    }
}
