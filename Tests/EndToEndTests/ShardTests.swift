import Foundation
import Glibc
import TestSupport
import Testing

/// A question that is cut into shards, each a worker of its own.
@Suite(.blocking) struct ShardTests {
    private static let question = "/v1/models/simmim/analyses/attention-distance?probe_set=some"

    private func numbers(_ reply: Reply, _ name: String) throws -> [Double] {
        try #require(reply.json[name] as? [Double], "\(reply.text.prefix(500))")
    }

    private func server(_ slots: Int) throws -> Server {
        let server = try Server(["--demo", "--analysis-slots", "\(slots)"])
        let made = try server.post(
            "/v1/probe-sets", json: #"{"name":"some","dataset":"shapes-textures","n_images":64}"#)
        #expect(made.status == 201, "\(made.text)")
        return server
    }

    private func job(_ server: Server, _ id: String) throws -> [String: Any] { try server.curl("/v1/jobs/" + id).json }

    private func parts(_ server: Server, of id: String) throws -> [[String: Any]] {
        let jobs = try server.curl("/v1/jobs?kind=analysis").json["jobs"] as? [[String: Any]] ?? []
        return jobs.filter { $0["parent_id"] as? String == id }
    }

    @Test func shardsThatAreKilledAndLostAreComputedAgain() async throws {
        let server = try server(1)
        let accepted = try server.curl(Self.question + "&shards=4")
        #expect(accepted.status == 202, "\(accepted.text)")
        let id = try #require(accepted.json["job_id"] as? String)
        let location = try #require(accepted.header("Location"))
        // The worker of the second shard is killed, and what the first came to is lost.
        let folder = server.data + "/jobs/"
        let second = try await eventually("the second shard is computed") {
            try parts(server, of: id).first {
                ($0["state"] as? String) == "running" && ($0["name"] as? String)?.contains("shard 2 of 4") == true
            }
        }
        let part = try #require(second["id"] as? String)
        let pid = try await eventually("its worker says who it is") {
            FileManager.default.contents(atPath: folder + part + "/state.json").flatMap {
                (try? JSONSerialization.jsonObject(with: $0)) as? [String: Any]
            }?["pid"] as? Int
        }
        Glibc.kill(pid_t(pid), SIGKILL)
        try Data("{}".utf8).write(to: URL(fileURLWithPath: folder + id + "/shards/0.json"))

        var reply = try server.curl(location, ["-H", "Prefer: wait=15"])
        for _ in 0..<40 where reply.status == 202 { reply = try server.curl(location, ["-H", "Prefer: wait=15"]) }
        #expect(reply.status == 200, "\(reply.text)")
        #expect(reply.json["shards"] as? Int == 4)
        let whole = try server.curl(Self.question, ["-H", "Prefer: wait=60"])
        #expect(whole.status == 200, "\(whole.text)")
        for name in ["mean", "std", "sem"] {
            let (cut, all) = (try numbers(reply, name), try numbers(whole, name))
            #expect(cut.count == all.count && !cut.isEmpty)
            for (a, b) in zip(cut, all) { #expect(abs(a - b) < 1e-9) }
        }
        let done = try job(server, id)
        #expect(done["state"] as? String == "succeeded" && done["step"] as? Int == 64)
        #expect(try server.curl("/v1/jobs/\(id)/events").text.contains("of 4 shards are done"))
        let events = try String(contentsOfFile: folder + id + "/events.jsonl", encoding: .utf8)
        #expect(events.contains("shard 1 is not there, and is computed again"), "\(events)")
        let all = try parts(server, of: id)
        #expect(all.count == 4 && all.everyOne { $0["state"] as? String == "succeeded" })
        #expect(all.first { $0["id"] as? String == part }?["crashes"] as? Int == 1)
        let manifest = try server.curl("/v1/analyses/\(reply.json["analysis_id"] as? String ?? "")/manifest").json
        let shards = try #require(manifest["shards"] as? [[String: Any]])
        #expect(shards.map { $0["first_image"] as? Int } == [0, 16, 32, 48])
        #expect(shards.everyOne { $0["n_images"] as? Int == 16 && ($0["sha256"] as? String)?.count == 64 })
    }

    @Test func cancelEndsEveryShardAndOthersRefuse() async throws {
        let server = try server(2)
        let refused = try server.curl("/v1/models/simmim/analyses/pca?probe_set=some&shards=4")
        #expect(refused.status == 422)
        #expect(refused.text.contains("attention-distance") && refused.text.contains("?shards"), "\(refused.text)")
        let accepted = try server.curl(Self.question + "&shards=8")
        let id = try #require(accepted.json["job_id"] as? String)
        _ = try await eventually("two shards run") {
            try parts(server, of: id).count { $0["state"] as? String == "running" } == 2 ? true : nil
        }
        #expect(try server.curl("/v1/jobs/\(id)/cancel", ["-X", "POST"]).status == 202)
        _ = try await eventually("all have ended") {
            let all = try parts(server, of: id)
            let isOver = all.everyOne { $0["state"] as? String == "cancelled" || $0["state"] as? String == "succeeded" }
            return try isOver && job(server, id)["state"] as? String == "cancelled" ? true : nil
        }
        #expect(try parts(server, of: id).contains { $0["state"] as? String == "cancelled" })
    }
}
