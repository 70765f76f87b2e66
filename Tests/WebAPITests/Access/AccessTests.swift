import Foundation
import NIOCore
import Testing
import WebAPI

/// Who gets in, over a real socket.
@Suite struct AccessTests {
    static let token = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    static let bearer = ("Authorization", "Bearer " + token)

    static func withGuardedServer(_ body: @escaping @Sendable (RawClient) async throws -> Void) async throws {
        let token = try AccessToken(token)
        try await withFolder(StaticAssetsTests.files) { page in
            try await withServer(starts: true, page: page, web: { $0.access = .token(token) }, body)
        }
    }

    static func signIn(_ client: RawClient, headers: [(String, String)] = []) async throws -> String {
        let answer = try await client.post("/v1/session", json: #"{"token": "\#(token)"}"#, headers: headers)
        #expect(answer.status == 204, "\(answer.body)")
        return answer.field("set-cookie") ?? ""
    }

    @Test func everyRouteButTheOpenOnesWantsTheToken() async throws {
        try await Self.withGuardedServer { client in
            let text = try await client.get("/openapi.json", headers: [Self.bearer]).body
            let document = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] ?? [:]
            let paths = document["paths"] as? [String: [String: [String: Any]]] ?? [:]
            #expect(paths.count > 30)
            var open: Set<String> = []
            for (path, methods) in paths {
                for (method, operation) in methods {
                    let target = path.replacing("{", with: "").replacing("}", with: "")
                    let answer = try await client.request(method.uppercased(), target)
                    let isOpen = answer.status != 401
                    if isOpen { open.insert("\(method) \(path)") }
                    #expect((operation["security"] as? [Any])?.isEmpty == (isOpen ? true : nil), "\(method) \(path)")
                    if !isOpen {
                        #expect(answer.field("www-authenticate") == "Bearer realm=\"ViTScope\"")
                        #expect(answer.body.contains("/problems/unauthorized"))
                    }
                    let known = try await client.request(method.uppercased(), target, headers: [Self.bearer])
                    #expect(known.status != 401, "\(method) \(path)")
                }
            }
            #expect(
                open == [
                    "get /", "get /assets/{path}", "get /livez", "get /readyz", "get /problems/{name}",
                    "post /v1/session", "delete /v1/session",
                ])
            // Empty parts of a path are none, and two dots are a name like any other.
            for (target, status) in [
                ("//v1/models", 401), ("/v1//models", 401), ("/v1/models/", 401), ("//livez/../v1/models", 404),
            ] {
                #expect(try await client.get(target).status == status, "\(target)")
            }
            #expect(try await client.request("HEAD", "/v1/models").status == 401)
        }
    }

    @Test(arguments: [
        "Bearer", "Bearer ", "Bearer wrong", "Basic " + token, "Bearer \(token) x", "Bearer \(token)x", token,
        "Bearer \(token.uppercased())",
    ])
    func whatIsNoTokenIsRefused(field: String) async throws {
        try await Self.withGuardedServer { client in
            let answer = try await client.get("/v1", headers: [("Authorization", field)])
            #expect(answer.status == 401)
            #expect(answer.field("cache-control") == "no-store")
            let both = try await client.get("/v1", headers: [("Authorization", field), Self.bearer])
            #expect(both.status == 401)
            #expect(try await client.get("/v1", headers: [("authorization", "bearer  " + Self.token)]).status == 200)
        }
    }

    @Test func browserSignsInAndOut() async throws {
        try await Self.withGuardedServer { client in
            let cookie = try await Self.signIn(client)
            let parts = cookie.split(separator: "; ").map(String.init)
            #expect(Set(parts.dropFirst()) == ["HttpOnly", "SameSite=Strict", "Path=/"])
            #expect(!cookie.contains(Self.token))
            let own = parts[0]
            #expect(own.hasPrefix("vitscope_session="))
            for field in [own, "a=b; \(own)", "vitscope_session=stale; \(own)", "\(own); theme=dark"] {
                #expect(try await client.get("/v1", headers: [("Cookie", field)]).status == 200, "\(field)")
            }
            for field in ["vitscope_session=", "x\(own)", "vitscope_session=\(Self.token)", own.dropLast() + "x"] {
                #expect(try await client.get("/v1", headers: [("Cookie", String(field))]).status == 401, "\(field)")
            }
            let secure = try await Self.signIn(client, headers: [("X-Forwarded-Proto", "https")])
            #expect(secure.hasSuffix("; Secure"))
            let out = try await client.request("DELETE", "/v1/session", headers: [("Cookie", own)])
            #expect(out.status == 204)
            #expect(out.field("set-cookie")?.contains("Max-Age=0") == true)
            #expect(try await client.get("/v1", headers: [("Cookie", own)]).status == 401)
        }
    }

    @Test func guessingIsSlowedDownAndLocksNobodyElseOut() async throws {
        try await Self.withGuardedServer { client in
            let cookie = try await Self.signIn(client).split(separator: ";")[0]
            for _ in 0..<5 {
                #expect(try await client.get("/v1", headers: [("Authorization", "Bearer wrong")]).status == 401)
                let wrong = try await client.post("/v1/session", json: #"{"token": "wrong"}"#)
                #expect(wrong.status == 401)
                // Who sends nothing, or an old cookie, does not guess.
                #expect(try await client.get("/v1").status == 401)
                #expect(try await client.get("/v1", headers: [("Cookie", "vitscope_session=old")]).status == 401)
            }
            for request in [
                try await client.get("/v1", headers: [("Authorization", "Bearer wrong")]),
                try await client.post("/v1/session", json: #"{"token": "wrong"}"#),
            ] {
                #expect(request.status == 429)
                #expect(Int(request.field("retry-after") ?? "").map { (1...61).contains($0) } == true)
                #expect(request.body.contains("/problems/too-many-failures"))
            }
            #expect(try await client.get("/v1", headers: [("Cookie", String(cookie))]).status == 200)
            // Behind a proxy everybody has one address: who knows the token is not who guesses.
            #expect(try await client.get("/v1", headers: [Self.bearer]).status == 200)
            #expect(try await client.post("/v1/session", json: #"{"token": "\#(Self.token)"}"#).status == 204)
            #expect(try await client.get("/livez").status == 200)
        }
    }

    @Test func aServerWithoutATokenSetsNoCookie() async throws {
        try await withServer { client in
            let answer = try await client.post("/v1/session", json: #"{"token": "whatever"}"#)
            #expect(answer.status == 204)
            #expect(answer.field("set-cookie") == nil)
            #expect(try await client.post("/v1/session", json: "{}").status == 422)
        }
    }

    @Test func aLargeBodyOfAStrangerIsNotReadToItsEnd() async throws {
        try await Self.withGuardedServer { client in
            let head = "POST /v1/uploads HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4000000000\r\n\r\n"
            let answer = try RawResponse(
                try await client.exchange(bytes: [
                    ByteBuffer(string: head), ByteBuffer(repeating: 0x78, count: 1_000_000),
                ]))
            #expect(answer.status == 401)
            #expect(answer.field("connection") == "close")
        }
    }

    /// Hosts × methods × origins × credentials (T18): what must be refused is, and for the right reason.
    @Test func matrixOfHostsMethodsOriginsAndCredentials() async throws {
        try await Self.withGuardedServer { client in
            let cookie = ("Cookie", String(try await Self.signIn(client).split(separator: ";")[0]))
            let own = "http://127.0.0.1:\(client.port)"
            let hosts: [(fields: [(String, String)], refusal: Int?)] = [
                ([], nil), ([("Host", "localhost:1")], nil), ([("Host", "evil.example")], 421),
                ([("Host", "127.0.0.1.evil.example")], 421), ([("Host", "a b")], 400),
                ([("Host", "localhost"), ("Host", "evil.example")], 400),
            ]
            let origins: [(fields: [(String, String)], isForeign: Bool)] = [
                ([], false), ([("Sec-Fetch-Site", "none")], false), ([("Origin", "http://evil.example")], true),
                ([("Origin", "null")], true), ([("Sec-Fetch-Site", "cross-site")], true),
                ([("Sec-Fetch-Site", "same-site")], true), ([("Origin", own + ".evil.example")], true),
            ]
            let credentials: [(fields: [(String, String)], isKnown: Bool)] = [
                ([], false), ([Self.bearer], true), ([cookie], true), ([("Cookie", "vitscope_session=x")], false),
            ]
            for target in ["/v1/models/x", "/v1/jobs/x/cancel", "/v1/nothing", "/"] {
                for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "PROPFIND"] {
                    for host in hosts {
                        for origin in origins {
                            for credential in credentials {
                                let answer = try await client.request(
                                    method, target, headers: host.fields + origin.fields + credential.fields)
                                let name = "\(method) \(target) \(host.fields) \(origin.fields) \(credential.fields)"
                                if let refusal = host.refusal {
                                    #expect(answer.status == refusal, "\(name)")
                                } else if origin.isForeign, method != "GET", method != "HEAD" {
                                    #expect(answer.status == 403, "\(name)")
                                } else {
                                    let isRoute = Self.isGuarded(method, target)
                                    #expect((answer.status == 401) == (isRoute && !credential.isKnown), "\(name)")
                                    #expect(![400, 403, 421].contains(answer.status), "\(name)")
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// Whether there is a route that wants the token.
    private static func isGuarded(_ method: String, _ target: String) -> Bool {
        switch target {
        case "/v1/models/x": ["GET", "HEAD", "DELETE"].contains(method)
        case "/v1/jobs/x/cancel": method == "POST"
        default: false
        }
    }
}
