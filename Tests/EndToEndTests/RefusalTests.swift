import Foundation
import TestSupport
import Testing

/// What users get wrong, and the sentence that helps them.
@Suite(.blocking) struct RefusalTests {
    let server: Server

    init() throws {
        server = try Server(["--demo"], models: fixture("models/files"))
    }

    func problem(_ path: String, _ options: [String] = []) throws -> (status: Int, detail: String) {
        let reply = try server.curl(path, options)
        #expect(reply.header("content-type")?.hasPrefix("application/problem+json") == true, "\(path): \(reply.head)")
        #expect(reply.json["request_id"] as? String == reply.header("x-request-id"), "\(path)")
        #expect(reply.json["status"] as? Int == reply.status, "\(path)")
        #expect(reply.json["title"] is String && reply.json["type"] is String, "\(path)")
        return (reply.status, reply.json["detail"] as? String ?? "")
    }

    @Test func aLayerThatIsNotThere() throws {
        let answer = try problem("/v1/models/untrained/attention?image=shapes-textures:0&layer=99&head=0&query=cls")
        #expect(answer.status == 422)
        #expect(answer.detail.contains("5") && answer.detail.contains("99"), "says the range: \(answer.detail)")
    }

    @Test func aHeadThatIsNotThere() throws {
        let answer = try problem("/v1/models/untrained/attention?image=shapes-textures:0&layer=0&head=-20&query=cls")
        #expect(answer.status == 422)
        #expect(answer.detail.contains("-20"), "\(answer.detail)")
    }

    @Test func everyFaultAtOnce() throws {
        let reply = try server.curl(
            "/v1/models/untrained/attention?image=shapes-textures:0&layer=99&head=x&query=5,99&colour=red")
        let errors = reply.json["errors"] as? [[String: Any]] ?? []
        #expect(reply.status == 422 && errors.count >= 3, "\(reply.text)")
        #expect(errors.everyOne { $0["pointer"] is String && $0["detail"] is String })
    }

    @Test func aModelByANearName() throws {
        let answer = try problem("/v1/models/untraned")
        #expect(answer.status == 404 && answer.detail.contains("untrained"), "\(answer.detail)")
    }

    @Test func anImageThatIsText() throws {
        let answer = try problem("/v1/images", ["-H", "Content-Type: image/jpeg", "-d", "this is no image"])
        #expect(answer.status == 415 && answer.detail.contains("JPEG"), "\(answer.detail)")
    }

    @Test func anImageThatIsTorn() throws {
        let png: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48]
        let folder = try TemporaryFolder()
        try Data(png).write(to: URL(fileURLWithPath: folder.path + "/torn.png"))
        let answer = try problem(
            "/v1/images", ["-H", "Content-Type: image/png", "--data-binary", "@\(folder.path)/torn.png"])
        #expect(answer.status == 400, "\(answer)")
    }

    @Test func aFormatThatIsNone() throws {
        let answer = try problem(
            "/v1/models/untrained/attention?image=shapes-textures:0&layer=0&head=0&query=cls&format=xml")
        #expect(
            answer.status == 406 && answer.detail.contains("npy") && answer.detail.contains("csv"), "\(answer.detail)")
    }

    @Test func aCheckpointThatIsNotThere() throws {
        let reply = try server.post("/v1/models", json: #"{"name": "m", "path": "moco_v3_trian.pth.tar"}"#)
        #expect(reply.status == 404)
        #expect((reply.json["detail"] as? String ?? "").contains("moco_v3_train.pth.tar"), "\(reply.text)")
    }

    @Test(arguments: ["../cases.json", "/etc/passwd", "..", "hf_vit/../../cases.json", "a\u{0}b"])
    func aPathThatLeadsOutside(path: String) throws {
        let body = try JSONSerialization.data(withJSONObject: ["name": "m", "path": path])
        let reply = try server.post("/v1/models", json: String(decoding: body, as: UTF8.self))
        #expect(reply.status == 422, "\(reply.text)")
        #expect(!reply.text.contains("root:") && !reply.text.contains(fixture("models")), "\(reply.text)")
    }

    @Test func aBodyThatIsNoJSON() throws {
        let answer = try problem("/v1/models", ["-H", "Content-Type: application/json", "-d", "{"])
        #expect(answer.status == 400)
    }

    @Test func aMethodThatIsNotOffered() throws {
        let reply = try server.curl("/v1/models/untrained/load-report", ["-X", "DELETE"])
        #expect(reply.status == 405 && reply.header("allow")?.contains("GET") == true, "\(reply.head)")
    }

    @Test func anotherSitesPage() throws {
        for options in [["-H", "Origin: https://evil.example"], ["-H", "Sec-Fetch-Site: cross-site"]] {
            let answer = try problem("/v1/models/untrained", ["-X", "DELETE"] + options)
            #expect(answer.status == 403, "\(options)")
        }
        #expect(try server.curl("/v1/models/untrained").status == 200)
    }

    @Test func anotherHost() throws {
        let reply = try server.curl("/v1/models", ["-H", "Host: evil.example"])
        #expect(reply.status == 421)
    }
}
