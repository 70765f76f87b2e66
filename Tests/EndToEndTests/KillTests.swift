import Foundation
import TestSupport
import Testing

/// kill -9 of the server and of its workers, at random moments. `VITSCOPE_KILLS` says how many; `make soak` takes 300.
@Suite(.blocking) struct KillTests {
    static let kills = Int(ProcessInfo.processInfo.environment["VITSCOPE_KILLS"] ?? "") ?? 20

    /// A few seconds of work that saves itself at every second step.
    static let body = TrainTests.job(#""checkpoint": {"every_steps": 2, "keep_last": 2}"#, images: 256)
        .replacingOccurrences(of: "\"epochs\": 3", with: "\"epochs\": 6")

    @Test func nothingAcknowledgedIsLost() throws {
        let folder = try TemporaryFolder(), data = folder.path + "/data"
        let reference = try Self.reference(in: folder)
        var random = TestRandom("kills")
        let seed = random.seed
        var server = try Server(data: data)
        var ids: [String] = [], keys: [String] = [], readySeconds: [Double] = []
        var lastCheckpoint: [String: Int] = [:], workerKills = 0

        for number in 0..<Self.kills {
            // Two jobs wait or run at any time; each is posted again after the next kill, with the same key.
            while try ids.suffix(3).count(where: { try !Self.isTerminal(server.job($0)) }) < 2 {
                let key = "kill-\(ids.count)"
                ids.append(try server.submit(Self.body, key: key))
                keys.append(key)
            }
            let running = try server.curl("/v1/jobs?state=running").json["jobs"] as? [[String: Any]]
            if number % 2 == 1, let id = running?.first?["id"] as? String {
                // Three ends without progress are the end of a job, rightly; so each worker gets further first.
                let before = lastCheckpoint[id] ?? -1
                let job = try server.job(id) {
                    ($0["checkpoint_step"] as? Int ?? -1) > before || Self.isTerminal($0)
                }
                lastCheckpoint[id] = job["checkpoint_step"] as? Int ?? -1
                try Self.idle(server, requests: random.next() % 10)
                if let worker = server.worker(id) {
                    kill(worker, SIGKILL)
                    workerKills += 1
                }
                continue
            }
            try Self.idle(server, requests: random.next() % 60)
            server.kill()
            try Self.checkIntegrity(data, "after kill \(number), seed \(seed)")
            let start = Date()
            server = try Server(data: data)
            while try server.curl("/readyz").status != 200 {}
            readySeconds.append(Date().timeIntervalSince(start))
            for (id, key) in zip(ids, keys).suffix(3) {
                #expect(try server.submit(Self.body, key: key) == id, "a job or its key is lost, seed \(seed)")
            }
        }
        for id in ids {
            let job = try server.finished(id)
            #expect(job["state"] as? String == "succeeded", "seed \(seed): \(job)")
            try Self.check(id, of: server, against: reference, "seed \(seed), job \(id)")
        }
        #expect(try server.curl("/v1/jobs?page_size=1000").json["jobs"] as? [Any] != nil)
        #expect(((try server.curl("/v1/jobs?page_size=1000").json["jobs"] as? [Any])?.count ?? 0) == ids.count)
        #expect(server.stop() == 143)
        try Self.checkIntegrity(data, "at the end, seed \(seed)")
        print(
            "\(Self.kills) kills, \(workerKills) of workers, \(ids.count) jobs; ready after "
                + "\((readySeconds.max() ?? 0).formatted()) s at the most")
    }

    /// A random moment later: after so many requests, a hundredth of a second each, about.
    static func idle(_ server: Server, requests: UInt64) throws {
        for _ in 0..<requests { _ = try server.curl("/livez") }
    }

    /// The bytes that an uninterrupted run ends with.
    static func reference(in folder: TemporaryFolder) throws -> (model: Data, metrics: Data) {
        let job = try TrainTests.write(body, in: folder), out = folder.path + "/reference"
        let answer = try run(vitscope, ["train", "--config", job, "--out", out])
        #expect(answer.status == 0, "\(answer.errors)")
        return (
            try #require(FileManager.default.contents(atPath: out + "/model.safetensors")),
            try #require(FileManager.default.contents(atPath: out + "/metrics.jsonl"))
        )
    }

    static func isTerminal(_ job: [String: Any]) -> Bool {
        ["succeeded", "failed", "cancelled"].contains(job["state"] as? String)
    }

    /// A finished job has the reference's weights and metrics, whole checkpoints, and a history that makes sense.
    static func check(
        _ id: String, of server: Server, against reference: (model: Data, metrics: Data), _ what: String
    ) throws {
        let run = server.folder(id) + "/run"
        #expect(FileManager.default.contents(atPath: run + "/model.safetensors") == reference.model, "\(what): weights")
        #expect(FileManager.default.contents(atPath: run + "/metrics.jsonl") == reference.metrics, "\(what): metrics")
        let list = try server.curl("/v1/jobs/\(id)/checkpoints").json["checkpoints"] as? [[String: Any]] ?? []
        #expect(list.count == 2, "\(what): checkpoints")
        for checkpoint in list {
            let step = checkpoint["step"] as? Int ?? -1
            let file = try #require(
                FileManager.default.contents(atPath: run + "/checkpoints/step-\(step).safetensors"), "\(what)")
            let digest = try TestSupport.run("sha256sum", [run + "/checkpoints/step-\(step).safetensors"])
            #expect(file.count == checkpoint["size_bytes"] as? Int, "\(what): size")
            #expect(digest.text.hasPrefix(checkpoint["sha256"] as? String ?? "-"), "\(what): digest")
        }
        let events = try server.events(id)
        #expect(events.compactMap { $0["id"] as? Int } == Array(1...events.count), "\(what): numbers of events")
        let kinds = events.compactMap { $0["event"] as? String }
        #expect(kinds.count { $0 == "end" } == 1 && kinds.last == "end", "\(what): one end")
        // A step may be executed twice; it is recorded once.
        let lines = reference.metrics.split(separator: 10).count
        #expect(kinds.count { $0 == "metric" } == lines, "\(what): metrics are told once")
        let steps = events.filter { $0["event"] as? String == "metric" }
            .compactMap { ($0["data"] as? [String: Any])?["step"] as? Int }
        #expect(steps == steps.sorted(), "\(what): steps")
        let states = events.filter { $0["event"] as? String == "state" }
            .compactMap { $0["data"] as? [String: Any] }.compactMap { $0["state"] as? String }
        #expect(states.last == "succeeded" && !states.dropLast().contains("succeeded"), "\(what): states")
    }

    /// SQLite's own check, of a copy, while no server runs.
    static func checkIntegrity(_ data: String, _ what: String) throws {
        let copy = try TemporaryFolder()
        for name in ["jobs.sqlite", "jobs.sqlite-wal"] where FileManager.default.fileExists(atPath: data + "/" + name) {
            try FileManager.default.copyItem(atPath: data + "/" + name, toPath: copy.path + "/" + name)
        }
        let script = """
            import sqlite3, sys
            db = sqlite3.connect(sys.argv[1])
            print(db.execute("PRAGMA integrity_check").fetchall(), db.execute("PRAGMA foreign_key_check").fetchall())
            """
        let answer = try run("python3", ["-c", script, copy.path + "/jobs.sqlite"])
        #expect(answer.text == "[('ok',)] []\n", "\(what): \(answer.text)\(answer.errors)")
    }
}
