import Foundation
import NIOCore
import Service
import Testing
import WebAPI

/// What users do, over a real socket, with a real service behind it.
@Suite struct RouteTests {
    static let models = fixtures + "/models/files"
    static let registration = #"{"name": "vit", "path": "timm_vit.safetensors", "num_heads": 3}"#

    static func object(_ answer: RawResponse) throws -> [String: Any] {
        try JSONSerialization.jsonObject(with: Data(answer.body.utf8)) as? [String: Any] ?? [:]
    }

    static func faults(_ answer: RawResponse) throws -> [String] {
        (try object(answer)["errors"] as? [[String: String]] ?? []).map { $0["pointer"] ?? "" }
    }

    @Test func modelLivesFromRegistrationToDeletion() async throws {
        try await withServer(starts: true, models: Self.models) { client in
            let made = try await client.post("/v1/models", json: Self.registration)
            #expect(made.status == 201)
            #expect(made.field("location") == "/v1/models/vit")
            let model = try Self.object(made)
            #expect(model["state"] as? String == "ready")
            #expect((model["config"] as? [String: Any])?["grid"] as? [Int] == [4, 4])
            #expect(try await client.post("/v1/models", json: Self.registration).status == 201)
            #expect(try await client.post("/v1/models", json: #"{"name": "vit", "path": "hf_vit"}"#).status == 409)
            let report = try Self.object(try await client.get("/v1/models/vit/load-report"))
            #expect(report["verdict"] as? String == "complete")
            let near = try await client.get("/v1/models/vti1")
            #expect(near.status == 404)
            #expect(try await client.request("DELETE", "/v1/models/vit").status == 204)
            #expect(try await client.get("/v1/models/vit").status == 404)
        }
    }

    @Test func faultsOfARegistrationAreToldTogether() async throws {
        try await withServer(starts: true, models: Self.models) { client in
            let answer = try await client.post(
                "/v1/models",
                json: #"{"path": 3, "num_haeds": 1, "img_size": [1], "precision": "f8", "#
                    + #""preprocess": {"mean": "a", "x/y": 1}}"#)
            #expect(answer.status == 422)
            let pointers = try Self.faults(answer)
            for pointer in [
                "/num_haeds", "/name", "/path", "/img_size", "/precision", "/preprocess/mean", "/preprocess/x~1y",
            ] {
                #expect(pointers.contains(pointer), "\(pointer)")
            }
        }
    }

    @Test func fileThatIsNoModelIsRefusedWithAReason() async throws {
        try await withServer(starts: true, models: Self.models) { client in
            let answer = try await client.post("/v1/models", json: #"{"name": "m", "path": "timm_vit.safetensors"}"#)
            #expect(answer.status == 422)
            #expect(answer.body.contains("num_heads"))
            #expect(try Self.object(try await client.get("/v1/models/m"))["state"] as? String == "failed")
            #expect(try await client.post("/v1/models", json: #"{"name": "n", "path": "../x"}"#).status == 422)
            let near = try await client.post("/v1/models", json: #"{"name": "n", "path": "timm_vt.safetensors"}"#)
            #expect(near.status == 404)
            #expect(near.body.contains("timm_vit.safetensors"))
        }
    }

    @Test func resultIsNamedByItsContent() async throws {
        try await withServer(starts: true, models: Self.models) { client in
            _ = try await client.post("/v1/models", json: Self.registration)
            let target = "/v1/models/vit/attention?image=shapes-textures:0&layer=-1&head=all&query=1,2"
            let first = try await client.get(target)
            #expect(first.status == 200)
            let result = try Self.object(first)
            #expect(first.field("etag") == "\"\(result["analysis_id"] as? String ?? "")\"")
            #expect(result["shape"] as? [Int] == [1, 1, 3, 1, 4, 4])
            #expect(first.field("server-timing")?.contains("forward;dur=") == true)
            let again = try await client.get(target)
            #expect(again.body == first.body)
            let known = try await client.get(target, headers: [("If-None-Match", first.field("etag") ?? "")])
            #expect(known.status == 304)
            #expect(known.body.isEmpty)
            #expect(known.field("etag") == first.field("etag"))
            let link = (result["links"] as? [String: String])?["npy"] ?? ""
            let npy = try await client.get(link)
            #expect(npy.field("content-type") == "application/x-npy")
            #expect(npy.field("x-tensor-shape") == "1,1,3,1,4,4")
            #expect(npy.field("x-tensor-dtype") == "<f4")
            #expect(npy.field("x-tensor-axes") == "image,layer,head,query,key_row,key_col")
            #expect(npy.field("etag") != first.field("etag"))
            #expect(
                try await client.get(target, headers: [("Accept", "image/png")]).field("content-type") == "image/png")
        }
    }

    @Test func wrongQuestionsGetSentencesThatHelp() async throws {
        try await withServer(starts: true, models: Self.models) { client in
            _ = try await client.post("/v1/models", json: Self.registration)
            let path = "/v1/models/vit/attention?image=shapes-textures:0"
            for (target, status, pointers, word) in [
                (path + "&layer=99", 422, ["?layer"], "0 to 2"), (path + "&head=-20", 422, ["?head"], "-3"),
                (path + "&layer=99&head=-20&layre=1&query=x", 422, ["?layre", "?layer", "?head", "?query"], "layer"),
                (path + "&format=xml", 406, [], "npy"),
                ("/v1/models/vti/attention?image=shapes-textures:0", 404, [], "vti"),
                ("/v1/models/vit/attention", 422, ["?image"], "probe_set"),
                ("/v1/models/vit/attention?image=shapes-texture:0", 404, [], "shapes-textures"),
                (path + "&overlay=yes", 422, ["?overlay"], "true or false"),
                (path + "&layer=0&layer=1", 422, ["?layer"], "once"),
            ] as [(String, Int, [String], String)] {
                let answer = try await client.get(target)
                #expect(answer.status == status, "\(target): \(answer.body)")
                #expect(Set(try Self.faults(answer)) == Set(pointers), "\(target): \(answer.body)")
                #expect(answer.body.contains(word), "\(target): \(answer.body)")
            }
        }
    }

    @Test func uploadIsKeptWholeOrNotAtAll() async throws {
        try await withServer(starts: true, models: Self.models) { client in
            let file = try Data(contentsOf: URL(fileURLWithPath: Self.models + "/timm_vit.safetensors"))
            let kept = try await client.request(
                "POST", "/v1/uploads", headers: [("Content-Type", "application/octet-stream")],
                body: ByteBuffer(bytes: file))
            #expect(kept.status == 201)
            let digest = try Self.object(kept)["sha256"] as? String ?? ""
            #expect(digest.count == 64)
            let again = try await client.request("POST", "/v1/uploads", body: ByteBuffer(bytes: file))
            #expect(again.status == 200)
            let known = try await client.request("HEAD", "/v1/uploads/" + digest)
            #expect(known.status == 200)
            #expect(try await client.request("HEAD", "/v1/uploads/" + digest.reversed()).status == 404)
            let mistaken = try await client.request(
                "POST", "/v1/uploads",
                headers: [("Content-Digest", "sha-256=:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=:")],
                body: ByteBuffer(bytes: file))
            #expect(mistaken.status == 422)
            #expect(mistaken.body.contains(digest))
            let model = try await client.post(
                "/v1/models", json: #"{"name": "up", "num_heads": 3, "path": "upload:\#(digest)"}"#)
            #expect(model.status == 201)
            #expect(try await client.request("DELETE", "/v1/uploads/" + digest).status == 409)
            let before = Self.files(below: client.data)
            let torn = try await client.exchange(
                ["POST /v1/uploads HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nabc"], closesInput: true)
            #expect(try RawResponse(torn).status == 400)
            _ = try await client.exchange([
                "POST /v1/uploads HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n"
            ])
            #expect(Self.files(below: client.data) == before)
        }
    }

    @Test func rawBytesOfProgramsAreTakenAsTheyCome() async throws {
        try await withServer(starts: true) { client in
            let png = OpenAPITests.onePixel
            for (headers, status) in [
                ([], 201), ([("Content-Type", "application/x-www-form-urlencoded")], 200),
                ([("Content-Type", "image/png")], 200), ([("Content-Type", "multipart/form-data; boundary=x")], 415),
                ([("Content-Type", "text/plain")], 415),
                ([("Sec-Fetch-Site", "same-origin"), ("Content-Type", "application/x-www-form-urlencoded")], 415),
                ([("Sec-Fetch-Site", "same-origin")], 415),
            ] as [([(String, String)], Int)] {
                let answer = try await client.request("POST", "/v1/images", headers: headers, body: png)
                #expect(answer.status == status, "\(headers): \(answer.body)")
            }
        }
    }

    @Test func picturesAreTheirOwnOrTheModels() async throws {
        try await withServer(starts: true, models: Self.models) { client in
            let added = try await client.request("POST", "/v1/images", body: OpenAPITests.onePixel)
            let id = try Self.object(added)["id"] as? String ?? ""
            let original = try await client.get("/v1/images/\(id)")
            #expect(original.field("content-type") == "image/png")
            #expect(original.field("cache-control")?.contains("immutable") == true)
            #expect(original.field("content-disposition")?.hasPrefix("attachment") == true)
            let view = try await client.get("/v1/images/\(id)?view=model&size=32")
            #expect(view.status == 200)
            #expect(view.field("content-disposition") == nil)
            let tag = view.field("etag") ?? ""
            #expect(try await client.get("/v1/images/\(id)?size=32", headers: [("If-None-Match", tag)]).status == 304)
            #expect(try await client.get("/v1/images/sha256:\(String(repeating: "0", count: 64))").status == 404)
        }
    }

    @Test func listsComeInPages() async throws {
        try await withServer(starts: true) { client in
            var token = ""
            var refs: [String] = []
            for _ in 0..<3 {
                let page = try Self.object(
                    try await client.get("/v1/datasets/shapes-textures/images?page_size=2&page_token=\(token)"))
                refs += (page["images"] as? [[String: Any]] ?? []).compactMap { $0["ref"] as? String }
                token = page["next_page_token"] as? String ?? ""
            }
            #expect(refs == (0..<6).map { "shapes-textures:\($0)" })
            #expect(try await client.get("/v1/datasets/shapes-textures/images?page_token=nonsense").status == 400)
        }
    }

    /// Splits have a slash in their names, which a path writes as %2F.
    @Test func datasetsAsPeopleHaveThemAreServed() async throws {
        let folder = NSTemporaryDirectory() + "vitscope-sets-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let manager = FileManager.default
        let files = ["train/a", "train/b", "val/a", "val/b"].map { "net/\($0)/0.jpg" } + ["pets/cats/0.jpg"]
        for file in files {
            let url = URL(fileURLWithPath: "\(folder)/\(file)")
            try manager.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try manager.copyItem(atPath: fixtures + "/images/jpeg/padding.jpg", toPath: url.path)
        }
        try manager.copyItem(atPath: folder + "/pets/cats/0.jpg", toPath: folder + "/pets/cats/1.ppm")
        try manager.createSymbolicLink(atPath: folder + "/pets/dogs", withDestinationPath: "/etc")
        try await withServer(starts: true, change: { $0.datasetsDirectory = folder }) { client in
            let list = try Self.object(try await client.get("/v1/datasets"))["datasets"] as? [[String: Any]] ?? []
            #expect(list.map { $0["name"] as? String } == ["shapes-textures", "net", "net/train", "net/val", "pets"])
            #expect(list[1]["splits"] as? [String] == ["net/train", "net/val"])
            #expect((list[2]["links"] as? [String: String])?["images"] == "/v1/datasets/net%2Ftrain/images")
            let left = list[4]["left_out"] as? [[String: Any]] ?? []
            #expect(left.map { $0["example"] as? String } == ["cats/1.ppm", "dogs"])
            #expect((list[4]["index_rule"] as? String)?.contains("Torchvision's own numbers differ") == true)
            let page = try Self.object(try await client.get("/v1/datasets/net%2Ftrain/images?check=true"))
            let images = page["images"] as? [[String: Any]] ?? []
            #expect(images.map { $0["ref"] as? String } == ["net/train:0", "net/train:1"])
            #expect((images[0]["warnings"] as? [String])?.count == 2)
            #expect(try await client.get("/v1/images/net%2Ftrain:1").status == 200)
            #expect(try await client.get("/v1/datasets/net/train/images").status == 404)
            for name in ["net%2F..%2Fpets", "..%2Fdata", "pets%2Fdogs", "net%2Ftrain%2Fa", "%2Fetc", "net%2F%2Ftrain"] {
                #expect(try await client.get("/v1/datasets/\(name)/images").status == 404, "\(name)")
            }
            let made = try await client.post(
                "/v1/probe-sets", json: #"{"name": "p", "dataset": "net/val", "n_images": 2, "on_error": "skip"}"#)
            #expect(made.status == 201, "\(made.body)")
            #expect((try Self.object(made)["warnings"] as? [String])?.count == 4)
            let wrong = try await client.post(
                "/v1/probe-sets", json: #"{"name": "q", "dataset": "net", "n_images": 2, "on_error": "ignore"}"#)
            #expect(try Self.faults(wrong).contains("/on_error"))
        }
    }

    /// Numbers that make no sense are refused by the field, and the crop mode comes back.
    @Test func preparationIsCheckedAndEchoed() async throws {
        try await withServer(starts: true, models: Self.models) { client in
            func register(_ preprocess: String) async throws -> RawResponse {
                try await client.post(
                    "/v1/models",
                    json:
                        #"{"name": "m", "path": "timm_vit.safetensors", "num_heads": 3, "preprocess": \#(preprocess)}"#)
            }
            for (preprocess, pointer) in [
                (#"{"crop_mode": "stretch"}"#, "/preprocess/crop_mode"),
                (#"{"crop_mode": 1}"#, "/preprocess/crop_mode"),
                (#"{"crop_pct": 0}"#, "/preprocess/crop_pct"), (#"{"crop_pct": 1e308}"#, "/preprocess/crop_pct"),
                (#"{"std": [0, 1, 1]}"#, "/preprocess/std"), (#"{"mean": [1e300, 0, 0]}"#, "/preprocess/mean"),
            ] {
                let answer = try await register(preprocess)
                #expect(answer.status == 422, "\(preprocess)")
                #expect(try Self.faults(answer) == [pointer])
            }
            for number in ["NaN", "1e999"] {
                #expect(try await register(#"{"crop_pct": \#(number)}"#).status == 400, "\(number)")
            }
            let made = try await register(#"{"crop_mode": "squash"}"#)
            #expect(made.status == 201)
            let preprocess = try Self.object(made)["preprocess"] as? [String: Any]
            #expect(preprocess?["crop_mode"] as? String == "squash")
        }
    }

    /// All files below a folder.
    private static func files(below folder: String) -> [String] {
        (FileManager.default.enumerator(atPath: folder)?.allObjects as? [String] ?? []).sorted()
    }
}
