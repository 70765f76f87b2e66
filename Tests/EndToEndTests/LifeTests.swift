import Foundation
import TestSupport
import Testing

/// Starting, stopping, and what stays.
@Suite(.blocking) struct LifeTests {
    @Test func theServerStopsCleanlyOnSIGTERM() throws {
        let server = try Server()
        #expect(try server.curl("/livez").text.hasPrefix("ok"))
        #expect(try server.curl("/readyz").status == 200)
        #expect(server.stop() == 143)
    }

    @Test func modelsImagesAndProbeSetsOutliveTheServer() throws {
        let folder = try TemporaryFolder()
        let data = folder.path + "/data"
        let photo = fixture("images/jpeg/444.jpg")
        var server = try Server(data: data, models: fixture("models/files"))
        #expect(try server.load("mine", path: "simmim_pretrain.pth")["state"] as? String == "ready")
        let image = try server.curl("/v1/images", ["-H", "Content-Type: image/jpeg", "--data-binary", "@\(photo)"])
        #expect(image.status == 201)
        let id = try #require(image.json["id"] as? String)
        let again = try server.curl("/v1/images", ["-H", "Content-Type: image/jpeg", "--data-binary", "@\(photo)"])
        #expect(again.status == 200 && again.json["id"] as? String == id)
        let probe = try server.post(
            "/v1/probe-sets", json: #"{"name": "p", "dataset": "shapes-textures", "n_images": 8, "seed": 1}"#)
        #expect(probe.status == 201, "\(probe.text)")
        let before = try server.curl("/v1/models/mine/analyses/attention-nmi?probe_set=p")
        #expect(before.status == 200, "\(before.text)")
        #expect(server.stop() == 143)

        server = try Server(data: data, models: fixture("models/files"))
        let after = try server.curl(
            "/v1/models/mine/analyses/attention-nmi?probe_set=p", ["--retry", "5", "--retry-all-errors"])
        #expect(after.json["analysis_id"] as? String == before.json["analysis_id"] as? String)
        #expect("\(after.json["mean"] ?? "")" == "\(before.json["mean"] ?? "?")", "the same bits")
        let tag = try #require(after.header("etag"))
        let fresh = try server.curl(
            "/v1/models/mine/analyses/attention-nmi?probe_set=p", ["-H", "If-None-Match: \(tag)"])
        #expect(fresh.status == 304 && fresh.body.isEmpty)
        #expect(try server.curl("/v1/images/\(id)").status == 200)
    }

    @Test func oneServerADataDirectory() throws {
        let first = try Server()
        let second = try run(vitscope, ["serve", "--port", "0", "--data", first.data])
        #expect(second.status == 75)
        #expect(second.errors.contains("data directory"), "\(second.errors)")
        #expect(try first.curl("/readyz").status == 200)
    }

    @Test func aPortInUseIsSaidInASentence() throws {
        let first = try Server()
        let port = try #require(first.url.split(separator: ":").last)
        let folder = try TemporaryFolder()
        let second = try run(vitscope, ["serve", "--port", "\(port)", "--data", folder.path + "/data"])
        #expect(second.status == 69)
        #expect(second.errors.contains(port), "\(second.errors)")
    }
}
