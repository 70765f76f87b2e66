import Foundation
import JSON
import Jobs
import JobsTestSupport
import Runs
import Service
import Testing

/// Numbers at the ends of what 64 bits hold, at every place that a client can write one to: an answer or a refusal, never
/// a fault of the server and never its end.
@Suite struct ExtremeNumberTests {
    private static let texts = [
        "-9223372036854775808", "9223372036854775807", "18446744073709551616", "-2147483649", "1e308", "-1e308",
        "1e-320", "-0.0",
    ]

    private func expectOutcome(_ answer: RawResponse, _ place: String) {
        #expect(answer.status < 500, "\(place): \(answer.status) \(answer.body.prefix(300))")
    }

    @Test func queries() async throws {
        let jobs = TestJobs()
        await jobs.executor.obey(.cancel, with: .stopped)
        try await withServer(starts: true, models: RouteTests.models, change: { jobs.install(in: &$0) }) { client in
            let made = try await client.post("/v1/models", json: RouteTests.registration)
            #expect(made.status == 201, "\(made.body)")
            // A job that is over, so that no answer waits for it.
            let job = try await jobs.post(client)
            _ = try await client.request("POST", "/v1/jobs/\(job)/cancel")
            try await jobs.end(of: job, client)
            for place in try await DescribedPlaces(client).operations where place.method == "GET" {
                let name = place.path.hasPrefix("/v1/datasets") ? "shapes-textures" : "vit"
                let id = place.path.hasPrefix("/v1/images") ? "shapes-textures:0" : job
                let plain = place.path.replacing("{name}", with: name).replacing("{id}", with: id)
                    .replacing(#/\{[^}]*\}/#, with: "latest")
                let images = place.query.contains("image") ? "image=shapes-textures:0&image=shapes-textures:1&" : ""
                let two = place.query.contains("a") ? "a=vit&b=vit&" : ""
                for text in Self.texts {
                    for name in place.query where !["image", "a", "b"].contains(name) {
                        // Lists, ranges and pairs have their own arithmetic.
                        let forms =
                            name.hasPrefix("lay") || name.hasPrefix("head") || name == "query"
                            ? [text, "\(text),0", "0-\(text)", "\(text)..-1"] : [text]
                        for form in forms {
                            let target = "\(plain)?\(two)\(images)\(name)=\(form)"
                            expectOutcome(try await client.get(target), target)
                        }
                    }
                    for part in place.parts {
                        let target = place.path.replacing("{\(part)}", with: text).replacing(
                            #/\{[^}]*\}/#, with: "latest")
                        expectOutcome(try await client.get(target), target)
                    }
                }
            }
            #expect(try await client.get("/livez").status == 200)
        }
    }

    @Test func bodies() async throws {
        let bases: [String: JSONValue] = [
            "/v1/models": try #require(JSONValue(json: #"{"name": "m", "path": "timm_vit.safetensors"}"#)),
            "/v1/probe-sets": try #require(JSONValue(json: #"{"name": "p", "dataset": "shapes-textures"}"#)),
            "/v1/jobs": try #require(JSONValue(json: TestJobs.body)),
            "/v1/comparisons": try #require(JSONValue(json: #"{"models": ["vit"], "probe_set": "p"}"#)),
        ]
        let jobs = TestJobs()
        func change(_ configuration: inout ServiceConfiguration) {
            jobs.install(in: &configuration)
            // What the first steps of a training say is not asked here: a program that says nothing.
            configuration.jobs.program = "/bin/true"
        }
        try await withServer(starts: true, change: change) { client in
            let places = try await DescribedPlaces(client)
            var written = 0
            for place in places.operations {
                guard place.method == "POST", let body = place.body, !place.path.contains("{") else { continue }
                let base = bases[place.path] ?? .object([]), query = place.path == "/v1/jobs" ? "?dry_run=true" : ""
                for path in places.members(of: body) {
                    for text in Self.texts + ["-9.223372036854775808e18", "9.3e18", "9007199254740993"] {
                        guard let number = JSONValue(json: text) else { continue }
                        for value in [number, .list([number, number])] {
                            let sent = base.setting(path[...], to: value)
                            let answer = try await client.post(
                                place.path + query, json: String(decoding: sent.json, as: UTF8.self))
                            expectOutcome(answer, "\(place.path) \(path.joined(separator: "/")) \(text)")
                            written += 1
                        }
                    }
                }
            }
            #expect(written > 1000, "\(written)")
            #expect(try await client.get("/livez").status == 200)
        }
    }

    @Test func headers() async throws {
        try await TestJobs().withServer { client in
            for text in Self.texts + ["nan", "-inf"] {
                for (name, value) in [
                    ("Range", "bytes=\(text)-"), ("Range", "bytes=0-\(text)"), ("Range", "bytes=-\(text)"),
                    ("Last-Event-ID", text), ("Prefer", "wait=\(text)"), ("Content-Length", text),
                    ("Accept", "application/json;q=\(text)"), ("If-None-Match", text), ("Idempotency-Key", text),
                ] {
                    let get = try await client.get("/v1/jobs", headers: [(name, value)])
                    expectOutcome(get, "\(name): \(value)")
                }
            }
            #expect(try await client.get("/livez").status == 200)
        }
    }
}

extension JSONValue {
    /// This object with the member at `path` set, and objects on the way made where there are none.
    fileprivate func setting(_ path: ArraySlice<String>, to value: JSONValue) -> JSONValue {
        guard let name = path.first else { return value }
        let inner = self[name] ?? .null
        let rest = (object ?? []).filter { $0.name != name }
        return .object(rest + [.init(name, inner.setting(path.dropFirst(), to: value))])
    }
}
