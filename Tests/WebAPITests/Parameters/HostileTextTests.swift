import Foundation
import Testing

/// Text that takes the square of its length to compare, at every place of every path that a client can write to: the
/// server's own description says which there are.
///
/// A single comparison of the long ones takes minutes, so a test that ends has compared none.
@Suite(.timeLimit(.minutes(5))) struct HostileTextTests {
    private static let units = ["\u{301}\u{327}", "\u{327}\u{301}"]
    /// As many as fit a target of 8 KiB, escaped.
    static let short = units.map { "a" + String(repeating: $0, count: 450) }
    /// As many as fit a job of a megabyte.
    static let long = units.map { "a" + String(repeating: $0, count: 200_000) }

    private func escaped(_ text: String) -> String {
        text.utf8.map { "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// A 4xx with a sentence that is no longer than one.
    private func expectRefusal(_ answer: RawResponse, _ place: String) throws {
        #expect((400..<500).contains(answer.status), "\(place): \(answer.status)")
        let detail = try RouteTests.object(answer)["detail"] as? String ?? ""
        #expect(detail.utf8.count > 20 && detail.utf8.count < 1000, "\(place): \(detail.utf8.count) bytes")
    }

    @Test func queriesAndPaths() async throws {
        try await TestJobs().withServer { client in
            let places = try await DescribedPlaces(client).operations
            #expect(places.count > 40)
            for text in Self.short.map({ self.escaped($0) }) {
                for place in places {
                    let plain = place.path.replacing(#/\{[^}]*\}/#, with: "a")
                    var targets = ["\(plain)?\(text)=1"] + place.query.map { "\(plain)?\($0)=\(text)" }
                    if plain != place.path {
                        targets.append(place.path.replacing(#/\{[^}]*\}/#, with: text, maxReplacements: 1))
                    }
                    for target in targets where target.utf8.count < 8000 {
                        let answer = try await client.request(place.method, target)
                        try expectRefusal(answer, "\(place.method) \(target.prefix(60))")
                    }
                }
            }
        }
    }

    @Test func headers() async throws {
        try await TestJobs().withServer { client in
            for text in Self.short {
                for name in [
                    "Accept", "Accept-Encoding", "Authorization", "Content-Digest", "Content-Type", "Cookie", "Host",
                    "Idempotency-Key", "If-None-Match", "Last-Event-ID", "Origin", "Range", "Sec-Fetch-Site",
                    "User-Agent", "X-Request-ID", "X-Something",
                ] {
                    for target in ["/v1/models", "/v1/jobs", "/v1/uploads"] {
                        let answer = try await client.request(
                            target == "/v1/models" ? "GET" : "POST", target, headers: [(name, text)])
                        try expectRefusal(answer, "\(name) of \(target)")
                    }
                }
            }
        }
    }

    @Test func bodies() async throws {
        try await TestJobs().withServer { client in
            let places = try await DescribedPlaces(client).operations.filter { $0.body != nil }
            #expect(places.count > 3)
            for place in places {
                let target = place.path.replacing(#/\{[^}]*\}/#, with: "a")
                // What is larger than the path takes is not even read.
                for text in Self.long + Self.short {
                    for body in [
                        #"{"\#(text)": 1}"#, #"{"name": "\#(text)"}"#, #"{"labels": {"\#(text)": "b"}}"#,
                        #"{"labels": {"b": "\#(text)"}}"#, #"["\#(text)"]"#, #""\#(text)""#,
                    ] {
                        try expectRefusal(try await client.post(target, json: body), "\(place.method) \(target)")
                    }
                }
            }
            for text in Self.long {
                try expectRefusal(
                    try await client.post("/v1/jobs?dry_run=true", json: #"{"\#(text)": 1}"#), "a dry run")
            }
        }
    }
}
