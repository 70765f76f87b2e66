import NIOCore
import Testing
import WebAPI

/// The guard in its place, over a real socket.
@Suite struct LiveConnectionTests {
    @Test func keptConnectionAnswersInOrder() async throws {
        try await withServer { client in
            let request = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"
            let last = "GET /v1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            let text = try await client.exchange([String(repeating: request, count: 300) + last])
            #expect(text.split(separator: "HTTP/1.1 200 OK").count == 301)
            #expect(text.hasSuffix("}"))
        }
    }

    @Test func refusalIsAnsweredAndTheConnectionClosed() async throws {
        try await withServer { client in
            for request in [
                "GET /livez HTTP/1.1\r\n\r\n", "nonsense\r\n\r\n", "GET /livez HTTP/1.1\nHost: localhost\n\n",
                "POST /v1/models HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            ] {
                let answer = try RawResponse(try await client.exchange([request]))
                #expect(answer.status == 400)
                #expect(answer.field("connection") == "close")
                #expect(answer.field("content-type") == "application/problem+json")
            }
        }
    }

    @Test func fieldsThatAreDearToCompareAreRefused() async throws {
        try await withServer { client in
            let marks = String(repeating: "\u{301}\u{327}", count: 3000)
            for name in ["Accept", "If-None-Match", "Authorization", "Cookie", "Origin", "X-Request-Id", "X-Other"] {
                let request = "GET /v1 HTTP/1.1\r\nHost: localhost\r\n\(name): a\(marks)\r\n\r\n"
                let answer = try RawResponse(try await client.exchange([request]))
                #expect(answer.status == 400, "\(name)")
            }
            let short = "GET /v1 HTTP/1.1\r\nHost: localhost\r\nX-Other: é\u{301}\r\nConnection: close\r\n\r\n"
            #expect(try RawResponse(try await client.exchange([short])).status == 200)
        }
    }

    @Test func bodiesThatAreDearToCompareAreRefused() async throws {
        try await withServer(starts: true) { client in
            let marks = String(repeating: "\u{301}\u{327}", count: 5000)
            for json in ["{\"a\(marks)\": 1}", "{\"name\": \"a\(marks)\"}"] {
                for path in ["/v1/models", "/v1/probe-sets", "/v1/session"] {
                    let answer = try await client.post(path, json: json)
                    #expect(answer.status == 400 && answer.body.contains("combining marks"), "\(path) \(answer.body)")
                }
            }
            // Numbers are whole however they are written.
            let answer = try await client.post("/v1/models", json: #"{"name": "x", "path": "y", "num_heads": 4.0}"#)
            #expect(!answer.body.contains("num_heads"), "\(answer.body)")
        }
    }

    @Test func clientStillSendingReadsTheRefusal() async throws {
        try await withServer { client in
            let head = "POST /v1/models HTTP/1.1\r\nHost: localhost\r\nContent-Length: 8000000\r\n\r\n"
            let body = ByteBuffer(repeating: 0x78, count: 8_000_000)
            let answer = try RawResponse(try await client.exchange(bytes: [ByteBuffer(string: head), body]))
            #expect(answer.status == 413)
            #expect(answer.body.contains("65536 bytes"))
        }
    }

    @Test func chunksBeyondTheLimitAreRefused() async throws {
        try await withServer { client in
            let head =
                "POST /v1/models HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                + "Transfer-Encoding: chunked\r\n\r\n"
            let chunk = "1000\r\n" + String(repeating: " ", count: 0x1000) + "\r\n"
            let answer = try RawResponse(
                try await client.exchange([head, String(repeating: chunk, count: 100), "0\r\n\r\n"]))
            #expect(answer.status == 413)
            #expect(answer.field("connection") == "close")
        }
    }

    @Test func nothingIsDoneBehindTheLastAnswer() async throws {
        try await withServer { client in
            let post =
                "POST /v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
            let next = "GET /problems/busy HTTP/1.1\r\nHost: localhost\r\n\r\n"
            let text = try await client.exchange([post + next])
            #expect(try RawResponse(text).status == 400)
            #expect(text.split(separator: "HTTP/1.1 ").count == 1)
            let metrics = try await client.get("/metrics").body
            #expect(metrics.contains("route=\"/v1/session\",status=\"400\"} 1"))
            #expect(!metrics.contains("route=\"/problems/{name}\",status=\"200\"} 1"))
        }
    }

    @Test func offerToSwitchProtocolsIsAnsweredPlainly() async throws {
        try await withServer { client in
            let answer = try RawResponse(
                try await client.exchange([
                    "GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                        + "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n\r\n"
                ]))
            #expect(answer.status == 200)
            #expect(answer.field("connection") == "close")
        }
    }

    @Test func oldProtocolIsAnsweredAndClosed() async throws {
        try await withServer { client in
            let answer = try RawResponse(try await client.exchange(["GET /livez HTTP/1.0\r\nHost: localhost\r\n\r\n"]))
            #expect(answer.status == 200)
            #expect(answer.body == "ok")
        }
    }

    @Test func clientThatClosedItsSideIsStillAnswered() async throws {
        try await withServer { client in
            let text = try await client.exchange(["GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"], closesInput: true)
            #expect(try RawResponse(text).body == "ok")
        }
    }

    @Test func silentConnectionIsClosed() async throws {
        var limits = ConnectionLimits()
        limits.idleSeconds = 1
        try await withServer(limits: limits) { client in
            let said = try await client.exchange(["GET /livez HTT"])
            #expect(said == "")
        }
    }

    @Test func connectionsBeyondTheLimitAreClosed() async throws {
        var limits = ConnectionLimits()
        limits.connectionsFromLoopback = 1
        try await withServer(limits: limits) { client in
            let first = try await client.connect()
            try await first.executeThenClose { inbound, outbound in
                try await outbound.write(ByteBuffer(string: "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"))
                var iterator = inbound.makeAsyncIterator()
                _ = try await iterator.next()
                #expect(try await client.exchange(["GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"]) == "")
            }
        }
    }
}
