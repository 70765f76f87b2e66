import Foundation
import JSON
import NIOCore
import Testing
import WebAPI

/// What every answer has in common, over a real socket.
@Suite struct MiddlewareTests {
    struct Problem: Decodable {
        let type: String, title: String, status: Int, detail: String, requestID: String
        let errors: [Fault]?
        struct Fault: Decodable { let pointer: String, detail: String }
        enum CodingKeys: String, CodingKey {
            case type, title, status, detail, errors
            case requestID = "request_id"
        }

        init(_ response: RawResponse) throws {
            self = try JSONDecoder().decode(Problem.self, from: Data(response.body.utf8))
        }
    }

    @Test func everyAnswerIsGuarded() async throws {
        try await withServer { client in
            for target in ["/livez", "/nothing", "/v1", "/problems/invalid"] {
                let answer = try await client.get(target)
                #expect(answer.field("content-security-policy")?.hasPrefix("default-src 'self'") == true)
                #expect(answer.field("x-content-type-options") == "nosniff")
                #expect(answer.field("x-frame-options") == "DENY")
                #expect(answer.field("referrer-policy") == "no-referrer")
                #expect(answer.field("server-timing")?.contains("http;dur=") == true)
                #expect(answer.field("access-control-allow-origin") == nil)
                #expect(answer.field("date") != nil)
                #expect((answer.field("x-request-id") ?? "").count == 16)
            }
        }
    }

    @Test func requestIDsOfClientsAreKeptWhereTheyAreHarmless() async throws {
        try await withServer { client in
            let kept = try await client.get("/nothing", headers: [("X-Request-Id", "my-id.1")])
            #expect(kept.field("x-request-id") == "my-id.1")
            #expect(try Problem(kept).requestID == "my-id.1")
            for id in ["with space", String(repeating: "x", count: 129), "\u{E9}"] {
                let answer = try await client.get("/livez", headers: [("X-Request-Id", id)])
                #expect((answer.field("x-request-id") ?? "").count == 16)
            }
        }
    }

    @Test func errorsAreProblemsWithAPage() async throws {
        try await withServer { client in
            let cases: [(String, String, [(String, String)], Int)] = [
                ("GET", "/nothing", [], 404), ("GET", "/v1/modles", [], 404), ("PUT", "/v1/models", [], 405),
                ("DELETE", "/livez", [], 405), ("GET", "/v1", [("Accept", "image/png")], 406),
                ("GET", "/v1", [("Host", "evil.example")], 421), ("GET", "/v1", [("Host", "a b")], 400),
                ("GET", "/\(String(repeating: "x", count: 9000))", [], 414),
                ("GET", "/v1", [("X-A", String(repeating: "x", count: 33_000))], 431),
                ("GET", "/v1?pretty=1", [], 422), ("GET", "/v1?a=%zz", [], 400), ("GET", "/problems/none", [], 404),
                ("POST", "/v1/models", [("Content-Type", "text/plain"), ("Content-Length", "0")], 415),
                ("POST", "/v1/models", [("Content-Type", "application/json"), ("Content-Length", "999999")], 413),
                ("POST", "/v1/models", [("Origin", "http://evil.example")], 403),
                ("GET", "/readyz", [], 503),
            ]
            for (method, target, headers, status) in cases {
                let answer = try await client.request(method, target, headers: headers)
                #expect(answer.status == status, "\(method) \(target.prefix(60))")
                #expect(answer.field("content-type") == "application/problem+json")
                let problem = try Problem(answer)
                #expect(problem.status == status)
                #expect(problem.requestID == answer.field("x-request-id"))
                #expect(problem.detail.count > 10)
                #expect(problem.type.hasPrefix("/problems/"))
                let page = try await client.get(problem.type)
                #expect(page.status == 200)
                #expect(page.body.contains(problem.title))
            }
        }
    }

    @Test func adviceNamesTheNearest() async throws {
        try await withServer { client in
            #expect(try await Problem(client.get("/v1/modles")).detail.contains("/v1/models"))
            let fault = try await Problem(client.get("/v1/models?page_sice=3&page_token=a&page_token=b"))
            #expect(fault.errors?.map(\.pointer) == ["?page_sice", "?page_token"])
            #expect(fault.errors?.first?.detail.contains("page_size") == true)
        }
    }

    @Test func methodsAreListed() async throws {
        try await withServer { client in
            let wrong = try await client.request("PATCH", "/v1/models")
            #expect(wrong.status == 405)
            #expect(wrong.field("allow") == "GET, POST, HEAD, OPTIONS")
            let options = try await client.request("OPTIONS", "/v1/models/x")
            #expect(options.status == 204)
            #expect(options.field("allow") == "GET, DELETE, HEAD, OPTIONS")
            #expect(options.field("access-control-allow-origin") == nil)
            #expect(try await client.request("OPTIONS", "*").status == 204)
        }
    }

    @Test func headIsGetWithoutBody() async throws {
        try await withServer { client in
            for target in ["/livez", "/v1", "/nothing", "/metrics", "/openapi.json"] {
                let get = try await client.get(target)
                let head = try await client.request("HEAD", target)
                #expect(head.status == get.status)
                #expect(head.body.isEmpty)
                #expect(head.field("content-type") == get.field("content-type"))
                if target == "/livez" { #expect(head.field("content-length") == "2") }
            }
        }
    }

    @Test func onlyOurOwnPageMayChangeAnything() async throws {
        try await withServer { client in
            let own = "http://127.0.0.1:\(client.port)"
            for method in ["POST", "DELETE", "PUT", "PATCH"] {
                for (fields, passes) in [
                    ([("Origin", own)], true), ([("Origin", own), ("Sec-Fetch-Site", "same-origin")], true),
                    ([("Sec-Fetch-Site", "none")], true), ([], true), ([("Origin", "null")], false),
                    ([("Origin", "http://evil.example")], false), ([("Origin", "http://127.0.0.1:1")], false),
                    ([("Origin", own + ".evil.example")], false), ([("Sec-Fetch-Site", "cross-site")], false),
                    ([("Sec-Fetch-Site", "same-site")], false),
                    ([("Origin", own), ("Origin", "http://evil.example")], false),
                ] as [([(String, String)], Bool)] {
                    let answer = try await client.request(method, "/v1/models/x", headers: fields)
                    #expect((answer.status != 403) == passes, "\(method) \(fields)")
                }
            }
        }
    }

    @Test func configuredHostsAreKnown() async throws {
        try await withServer { client in
            for host in ["vit.example", "localhost:1"] {
                let answer = try await client.get("/livez", headers: [("Host", host)])
                #expect(answer.status == 200)
            }
        }
    }

    @Test func metricsAreThereFromTheStart() async throws {
        try await withServer { client in
            let text = try await client.get("/metrics").body
            for series in [
                "vitscope_http_requests_total{method=\"GET\",route=\"/v1/models\",status=\"200\"} 0",
                "vitscope_http_requests_in_flight 1",
                "vitscope_http_request_duration_seconds_bucket{route=\"/v1/models\",le=\"+Inf\"} 0",
                "vitscope_compute_queue_depth 0", "vitscope_cache_hits_total{cache=\"activations\"} 0",
                "vitscope_models{state=\"ready\"} 0", "process_resident_memory_bytes ", "process_cpu_seconds_total ",
                "vitscope_build_info{version=\"1.2.3\",revision=\"abc\"} 1", "vitscope_http_connections 1",
            ] { #expect(text.contains("\n" + series), "\(series)") }
            _ = try await client.get("/nothing")
            let later = try await client.get("/metrics").body
            #expect(later.contains("route=\"unmatched\",status=\"404\"} 1"))
            #expect(later.contains("route=\"/metrics\",status=\"200\"} 1"))
        }
    }

    @Test func pageIsServedBelowAnyPrefix() async throws {
        try await withFolder(StaticAssetsTests.files) { folder in
            try await withServer(page: folder) { client in
                let page = try await client.get("/")
                #expect(page.status == 200)
                #expect(page.field("content-type") == "text/html; charset=utf-8")
                #expect(page.field("cache-control") == "no-cache")
                let version = page.body.split(separator: "assets/").dropFirst().first.map { $0.prefix(16) } ?? ""
                let script = try await client.get("/assets/\(version)/app.js")
                #expect(script.status == 200)
                #expect(script.field("cache-control")?.contains("immutable") == true)
                #expect(script.field("content-type") == "text/javascript; charset=utf-8")
                let plain = try await client.get("/assets/app.js")
                #expect(plain.field("cache-control") == "no-cache")
                let packed = try await client.get("/assets/app.js", headers: [("Accept-Encoding", "br, gzip")])
                #expect(packed.field("content-encoding") == "gzip")
                #expect(packed.field("etag") != plain.field("etag"))
                let known = try await client.get(
                    "/assets/app.js", headers: [("If-None-Match", plain.field("etag") ?? "")])
                #expect(known.status == 304)
                #expect(known.body.isEmpty)
                for (path, status) in [
                    ("/assets/", 404), ("/assets/none.js", 404), ("/assets/..%2findex.html", 404),
                    ("/assets/%2e%2e/secret", 404), ("/assets/app.js%00", 400),
                ] {
                    #expect(try await client.get(path).status == status, "\(path)")
                }
            }
        }
    }
}
