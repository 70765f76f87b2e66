import TestSupport
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing
import WebAPI

/// Requests that proxies and servers have read differently. Each must be refused, whole and split at every byte.
@Suite struct FramingTests {
    static let host = "Host: localhost\r\n"

    static let refused: [(name: String, request: String)] = [
        (
            "length and coding",
            "POST /a HTTP/1.1\r\n\(host)Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        ),
        (
            "coding and length",
            "POST /a HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n"
        ),
        ("two lengths that differ", "POST /a HTTP/1.1\r\n\(host)Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"),
        ("two equal lengths", "POST /a HTTP/1.1\r\n\(host)Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc"),
        ("list of lengths", "POST /a HTTP/1.1\r\n\(host)Content-Length: 3, 3\r\n\r\nabc"),
        ("signed length", "POST /a HTTP/1.1\r\n\(host)Content-Length: +3\r\n\r\nabc"),
        ("negative length", "POST /a HTTP/1.1\r\n\(host)Content-Length: -3\r\n\r\nabc"),
        ("hexadecimal length", "POST /a HTTP/1.1\r\n\(host)Content-Length: 0x3\r\n\r\nabc"),
        ("spaced length", "POST /a HTTP/1.1\r\n\(host)Content-Length: 3 0\r\n\r\nabc"),
        ("empty length", "POST /a HTTP/1.1\r\n\(host)Content-Length:\r\n\r\nabc"),
        ("overflowing length", "POST /a HTTP/1.1\r\n\(host)Content-Length: 99999999999999999999999\r\n\r\nabc"),
        ("space before the colon", "POST /a HTTP/1.1\r\n\(host)Content-Length : 3\r\n\r\nabc"),
        ("coding list", "POST /a HTTP/1.1\r\n\(host)Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
        (
            "two codings",
            "POST /a HTTP/1.1\r\n\(host)Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        ),
        ("chunked twice", "POST /a HTTP/1.1\r\n\(host)Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"),
        ("unknown coding", "POST /a HTTP/1.1\r\n\(host)Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
        ("identity", "POST /a HTTP/1.1\r\n\(host)Transfer-Encoding: identity\r\n\r\n"),
        ("quoted coding", "POST /a HTTP/1.1\r\n\(host)Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n"),
        ("coding with tab", "POST /a HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\u{0B}\r\n\r\n0\r\n\r\n"),
        ("coding in the old protocol", "POST /a HTTP/1.0\r\n\(host)Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        ("folded field", "GET /a HTTP/1.1\r\n\(host)X-A: b\r\n c\r\n\r\n"),
        ("folded coding", "POST /a HTTP/1.1\r\n\(host)Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n"),
        ("bare newline", "GET /a HTTP/1.1\nHost: localhost\n\n"),
        ("bare newline in a field", "GET /a HTTP/1.1\r\nHost: localhost\nX-A: b\r\n\r\n"),
        ("bare return", "GET /a HTTP/1.1\r\nHost: localhost\rX-A: b\r\n\r\n"),
        ("zero byte", "GET /a HTTP/1.1\r\n\(host)X-A: b\0c\r\n\r\n"),
        ("nameless field", "GET /a HTTP/1.1\r\n\(host): b\r\n\r\n"),
        ("field without colon", "GET /a HTTP/1.1\r\n\(host)nonsense\r\n\r\n"),
        ("field name with space", "GET /a HTTP/1.1\r\n\(host)X A: b\r\n\r\n"),
        ("leading space", "GET /a HTTP/1.1\r\n \(host)\r\n\r\n"),
        ("no host", "GET /a HTTP/1.1\r\n\r\n"),
        ("no host in the old protocol", "GET /a HTTP/1.0\r\n\r\n"),
        ("two hosts", "GET /a HTTP/1.1\r\n\(host)\(host)\r\n"),
        ("foreign host", "GET /a HTTP/1.1\r\nHost: evil.example\r\n\r\n"),
        ("host list", "GET /a HTTP/1.1\r\nHost: localhost, evil.example\r\n\r\n"),
        ("host with user", "GET /a HTTP/1.1\r\nHost: evil@localhost\r\n\r\n"),
        ("empty host", "GET /a HTTP/1.1\r\nHost:\r\n\r\n"),
        ("foreign absolute target", "GET http://evil.example/a HTTP/1.1\r\n\(host)\r\n"),
        ("target without slash", "GET a HTTP/1.1\r\n\(host)\r\n"),
        ("star", "GET * HTTP/1.1\r\n\(host)\r\n"),
        ("fragment", "GET /a#b HTTP/1.1\r\n\(host)\r\n"),
        ("high bytes in the target", "GET /\u{E9} HTTP/1.1\r\n\(host)\r\n"),
        ("tunnel", "CONNECT localhost:80 HTTP/1.1\r\n\(host)\r\n"),
        ("unknown method", "BREW /a HTTP/1.1\r\n\(host)\r\n"),
        ("small method", "get /a HTTP/1.1\r\n\(host)\r\n"),
        ("no version", "GET /a\r\n\(host)\r\n"),
        ("version 2", "GET /a HTTP/2.0\r\n\(host)\r\n"),
        ("HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        ("TLS", "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}"),
        ("a body beyond its limit", "POST /a HTTP/1.1\r\n\(host)Content-Length: 1001\r\n\r\n"),
    ]

    @Test(arguments: refused.map(\.name)) func ambiguousRequestIsRefused(name: String) throws {
        let request = Self.refused.first { $0.name == name }?.request ?? ""
        try expectRefusal([request])
        let bytes = Array(request.utf8)
        for cut in 1..<bytes.count {
            try expectRefusal([
                String(decoding: bytes[..<cut], as: UTF8.self), String(decoding: bytes[cut...], as: UTF8.self),
            ])
        }
    }

    /// The one request is marked, and another behind it is never read.
    private func expectRefusal(_ pieces: [String]) throws {
        let connection = try GuardedConnection()
        // The guard turns the parser's complaint into a refusal; what the parser throws besides is its own affair.
        for piece in pieces { try? connection.send(piece) }
        try? connection.send("GET /smuggled HTTP/1.1\r\n\(Self.host)\r\n")
        #expect(connection.application.heads.count == 1)
        #expect(connection.refusal != nil)
        #expect(!connection.application.heads.contains { $0.uri == "/smuggled" })
        connection.answer()
        #expect(!connection.channel.isActive)
    }

    static let brokenBodies: [(name: String, body: String)] = [
        ("chunk size of letters", "xyz\r\nabc\r\n0\r\n\r\n"), ("signed chunk size", "+3\r\nabc\r\n0\r\n\r\n"),
        ("chunk size with 0x", "0x3\r\nabc\r\n0\r\n\r\n"), ("chunk without end", "3\r\nabcd\r\n0\r\n\r\n"),
        ("chunk with bare newline", "3\nabc\n0\n\n"), ("overflowing chunk", "FFFFFFFFFFFFFFFFF\r\nabc\r\n0\r\n\r\n"),
        ("negative chunk", "-1\r\nabc\r\n0\r\n\r\n"), ("spaced chunk", "3 \r\nabc\r\n0\r\n\r\n"),
    ]

    @Test(arguments: brokenBodies.map(\.name)) func brokenChunksEndTheRequest(name: String) throws {
        let body = Self.brokenBodies.first { $0.name == name }?.body ?? ""
        let connection = try GuardedConnection()
        try connection.send("POST /a HTTP/1.1\r\n\(Self.host)Transfer-Encoding: chunked\r\n\r\n")
        try? connection.send(body)
        try? connection.send("GET /smuggled HTTP/1.1\r\n\(Self.host)\r\n")
        #expect(connection.application.heads.count == 1)
        #expect(connection.application.failures == [.malformed])
        connection.answer()
        #expect(!connection.channel.isActive)
    }

    @Test func fineRequestsPassInAnyPieces() throws {
        let request =
            "POST /big HTTP/1.1\r\n\(Self.host)Transfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX-T: a\r\n\r\n"
            + "GET http://localhost:80/b?c=d HTTP/1.1\r\n\(Self.host)\r\n" + "OPTIONS * HTTP/1.1\r\n\(Self.host)\r\n"
        let bytes = Array(request.utf8)
        for cut in 1..<bytes.count {
            let connection = try GuardedConnection()
            try connection.send(String(decoding: bytes[..<cut], as: UTF8.self))
            try connection.send(String(decoding: bytes[cut...], as: UTF8.self))
            #expect(connection.application.heads.map(\.uri) == ["/big", "/b?c=d", "*"])
            #expect(connection.application.heads.everyOne { $0.headers.first(name: Refusal.fieldName) == nil })
            #expect(connection.application.bytes == 5)
            #expect(connection.application.ends == 3)
        }
    }

    @Test func heavyHeadsAreRefused() throws {
        let fields = (0..<101).map { "X-\($0): a\r\n" }.joined()
        let long = String(repeating: "x", count: 33_000)
        for (request, reason) in [
            ("GET /a HTTP/1.1\r\n\(Self.host)\(fields)\r\n", "headTooLarge"),
            ("GET /a HTTP/1.1\r\n\(Self.host)X-A: \(long)\r\n\r\n", "headTooLarge"),
            ("GET /\(long) HTTP/1.1\r\n\(Self.host)\r\n", "headTooLarge"),
            ("GET /\(long.prefix(9000)) HTTP/1.1\r\n\(Self.host)\r\n", "targetTooLong"),
        ] {
            let connection = try GuardedConnection()
            try? connection.send(request)
            #expect(connection.refusal == reason)
        }
    }
}
