import Foundation
import Glibc
import TestSupport
import Testing

/// A question that is cut into shards, each a worker of its own.
@Suite(.blocking) struct ShardTests {
    private static let question = "/v1/models/simmim/analyses/attention-distance?probe_set=some"

    private static let images = 64

    private func numbers(_ reply: Reply, _ name: String) throws -> [Double] {
        try #require(reply.json[name] as? [Double], "\(reply.text.prefix(500))")
    }

    private func server(_ slots: Int) throws -> Server {
        let server = try Server(["--demo", "--analysis-slots", "\(slots)"])
        try Self.writeImages(to: server.data + "/datasets/large/all")
        let made = try server.post(
            "/v1/probe-sets", json: #"{"name":"some","dataset":"large","n_images":\#(Self.images)}"#)
        #expect(made.status == 201, "\(made.text)")
        return server
    }

    /// Images so large that a shard is still at work when somebody looks, on any machine: four of 3000 × 2000 pixels, each a
    /// grey of its own, under many names.
    private static func writeImages(to folder: String) throws {
        let (width, height) = (3000, 2000), manager = FileManager.default
        try manager.createDirectory(atPath: folder, withIntermediateDirectories: true)
        func little(_ number: Int, _ bytes: Int) -> [UInt8] {
            (0..<bytes).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
        }
        // A BMP of 24 bits a pixel; its rows need no padding.
        let header = Array("BM".utf8) + little(54 + 3 * width * height, 4) + little(0, 4) + little(54, 4)
        let format = little(40, 4) + little(width, 4) + little(height, 4) + little(1, 2) + little(24, 2) + little(0, 24)
        for grey in 0..<4 {
            let pixels = [UInt8](repeating: UInt8(40 * grey + 20), count: 3 * width * height)
            try Data(header + format + pixels).write(to: URL(fileURLWithPath: "\(folder)/\(grey).bmp"))
        }
        for index in 4..<images {
            try manager.linkItem(atPath: "\(folder)/\(index % 4).bmp", toPath: "\(folder)/\(index).bmp")
        }
    }

    private func job(_ server: Server, _ id: String) throws -> [String: Any] { try server.curl("/v1/jobs/" + id).json }

    private func parts(_ server: Server, of id: String) throws -> [[String: Any]] {
        let jobs = try server.curl("/v1/jobs?kind=analysis").json["jobs"] as? [[String: Any]] ?? []
        return jobs.filter { $0["parent_id"] as? String == id }
    }

    /// The answer to a question that may be queued.
    private func answer(_ server: Server, _ place: String) throws -> Reply {
        var reply = try server.curl(place, ["-H", "Prefer: wait=15"])
        for _ in 0..<40 where reply.status == 202 { reply = try server.curl(place, ["-H", "Prefer: wait=15"]) }
        #expect(reply.status == 200, "\(reply.text)")
        return reply
    }

    @Test func shardsThatAreKilledAndLostAreComputedAgain() throws {
        let server = try server(1)
        let accepted = try server.curl(Self.question + "&shards=4")
        #expect(accepted.status == 202, "\(accepted.text)")
        let id = try #require(accepted.json["job_id"] as? String)
        let location = try #require(accepted.header("Location"))
        // The worker of the second shard is killed, and what the first came to is lost.
        let folder = server.data + "/jobs/"
        let second = try server.found("the second shard is computed") {
            try parts(server, of: id).first {
                ($0["state"] as? String) == "running" && ($0["name"] as? String)?.contains("shard 2 of 4") == true
            }
        }
        let part = try #require(second["id"] as? String)
        let pid = try server.found("its worker says who it is") {
            FileManager.default.contents(atPath: folder + part + "/state.json").flatMap {
                (try? JSONSerialization.jsonObject(with: $0)) as? [String: Any]
            }?["pid"] as? Int
        }
        Glibc.kill(pid_t(pid), SIGKILL)
        try Data("{}".utf8).write(to: URL(fileURLWithPath: folder + id + "/shards/0.json"))

        let reply = try answer(server, location)
        #expect(reply.json["shards"] as? Int == 4)
        let whole = try answer(server, Self.question)
        for name in ["mean", "std", "sem"] {
            let (cut, all) = (try numbers(reply, name), try numbers(whole, name))
            #expect(cut.count == all.count && !cut.isEmpty)
            for (a, b) in zip(cut, all) { #expect(abs(a - b) < 1e-9) }
        }
        let done = try job(server, id)
        #expect(done["state"] as? String == "succeeded" && done["step"] as? Int == Self.images)
        #expect(try server.curl("/v1/jobs/\(id)/events").text.contains("of 4 shards are done"))
        let events = try String(contentsOfFile: folder + id + "/events.jsonl", encoding: .utf8)
        #expect(events.contains("shard 1 is not there, and is computed again"), "\(events)")
        let all = try parts(server, of: id)
        #expect(all.count == 4 && all.everyOne { $0["state"] as? String == "succeeded" })
        #expect(all.first { $0["id"] as? String == part }?["crashes"] as? Int == 1)
        let manifest = try server.curl("/v1/analyses/\(reply.json["analysis_id"] as? String ?? "")/manifest").json
        let shards = try #require(manifest["shards"] as? [[String: Any]])
        #expect(shards.map { $0["first_image"] as? Int } == (0..<4).map { $0 * Self.images / 4 })
        #expect(shards.everyOne { $0["n_images"] as? Int == Self.images / 4 && ($0["sha256"] as? String)?.count == 64 })
    }

    @Test func cancelEndsEveryShardAndOthersRefuse() throws {
        let server = try server(2)
        let refused = try server.curl("/v1/models/simmim/analyses/pca?probe_set=some&shards=4")
        #expect(refused.status == 422)
        #expect(refused.text.contains("attention-distance") && refused.text.contains("?shards"), "\(refused.text)")
        let accepted = try server.curl(Self.question + "&shards=8")
        let id = try #require(accepted.json["job_id"] as? String)
        _ = try server.found("two shards run") {
            try parts(server, of: id).count { $0["state"] as? String == "running" } == 2 ? true : nil
        }
        #expect(try server.curl("/v1/jobs/\(id)/cancel", ["-X", "POST"]).status == 202)
        _ = try server.found("all have ended") {
            let all = try parts(server, of: id)
            let isOver = all.everyOne { $0["state"] as? String == "cancelled" || $0["state"] as? String == "succeeded" }
            return try isOver && job(server, id)["state"] as? String == "cancelled" ? true : nil
        }
        #expect(try parts(server, of: id).contains { $0["state"] as? String == "cancelled" })
    }
}
