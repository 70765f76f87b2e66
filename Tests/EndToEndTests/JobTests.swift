import Foundation
import TestSupport
import Testing

/// The queue over HTTP as users meet it.
@Suite(.blocking) struct JobTests {
    /// A job of about a second; `more` are further members.
    static func body(_ more: String = "", epochs: Int = 2) -> String {
        TrainTests.job(more).replacingOccurrences(of: "\"epochs\": 3", with: "\"epochs\": \(epochs)")
    }

    @Test func postedJobTrainsAndItsCheckpointIsAModel() throws {
        let server = try Server(["--demo"])
        let analysis = #""analysis": {"every_epochs": 1, "probe_set": "demo"}, "labels": {"team": "vision"}"#
        let id = try server.submit(Self.body(analysis))
        let job = try server.finished(id)
        #expect(job["state"] as? String == "succeeded", "\(job)")
        #expect((job["progress"] as? [String: Any])?["fraction"] as? Double == 1)
        let loss = (job["metrics"] as? [String: Any])?["loss"] as? [String: Any]
        #expect(loss?["last"] is Double && loss?["min_step"] is Int)

        let events = try server.events(id)
        #expect(events.compactMap { $0["id"] as? Int } == Array(1...events.count))
        let kinds = events.compactMap { $0["event"] as? String }
        #expect(Set(kinds).isSuperset(of: ["state", "progress", "metric", "checkpoint", "analysis", "end"]))
        #expect(kinds.last == "end" && kinds.count { $0 == "end" } == 1)

        for metric in ["attention-distance", "attention-nmi", "fourier"] {
            let course = try server.curl("/v1/jobs/\(id)/trajectory?metric=\(metric)").json
            #expect(course["steps"] as? [Int] == [0, 4, 8], "\(metric): \(course)")
            let values = course["values"] as? [[Double]] ?? []
            #expect(values.count == 3 && values.everyOne { $0.count == (course["layers"] as? [Any])?.count })
        }
        for step in ["8", "latest"] {
            let model = "job:\(id)@\(step)"
            let reply = try server.curl("/v1/models/\(model)/analyses/attention-nmi?probe_set=demo")
            #expect(reply.status == 200, "\(reply.text)")
            // What was measured while it trained is what is measured now.
            let course = try server.curl("/v1/jobs/\(id)/trajectory?metric=attention-nmi").json
            #expect("\(reply.json["mean"] ?? "")" == "\((course["values"] as? [Any])?.last ?? "?")")
        }
        let cka = try server.curl("/v1/cka?a=job:\(id)@latest&b=untrained&probe_set=demo")
        #expect(cka.status == 200, "\(cka.text)")
        let kept = try server.load("kept", path: "job:\(id)@latest")
        #expect(kept["state"] as? String == "ready", "\(kept)")
        #expect(try server.curl("/v1/jobs/\(id)", ["-X", "DELETE"]).status == 204)
        #expect(try server.curl("/v1/jobs/\(id)").status == 404)
        #expect(!FileManager.default.fileExists(atPath: server.folder(id)))
        #expect(try server.curl("/v1/models/kept/attention?image=shapes-textures:0").status == 200)
    }

    /// However fast a run diverges, it says how far it came.
    @Test func divergingJobEndsAtTheStepItReached() throws {
        let server = try Server()
        // The first steps have next to no learning rate, a later one has far too much.
        let id = try server.submit(
            Self.body(#""warmup_epochs": 2"#, epochs: 4).replacingOccurrences(
                of: "\"lr\": 0.001", with: "\"lr\": 1000, \"optimizer\": \"sgd\""))
        let job = try server.finished(id)
        #expect(job["state"] as? String == "failed", "\(job)")
        let failure = (job["failure"] as? [String: Any])?["message"] as? String ?? ""
        let failed = failure.split(separator: " ").compactMap { Int($0) }.first
        let reached = (job["progress"] as? [String: Any])?["step"] as? Int
        #expect(failed != nil && reached != nil && failed == reached.map { $0 + 1 }, "\(failure), \(job)")
        #expect((reached ?? 0) > 1, "diverged before there was anything to tell: \(job)")
    }

    @Test func everyFaultIsToldAtOnce() throws {
        let server = try Server()
        let reply = try server.post(
            "/v1/jobs",
            json: #"""
                {"method": "mocco", "arch": {"img_size": 32, "patch_size": 8, "embed_dim": 24, "depth": 2}, "epochs": -1,
                 "dataset": "no-such", "stop_when": [{"metric": "loss"}], "analysis": {"probe_set": "none"}}
                """#)
        #expect(reply.status == 422)
        let pointers = (reply.json["errors"] as? [[String: Any]] ?? []).compactMap { $0["pointer"] as? String }
        #expect(Set(pointers).isSuperset(of: ["/method", "/epochs"]), "\(pointers)")
        let second = try server.post(
            "/v1/jobs",
            json: Self.body(#""analysis": {"probe_set": "none"}"#).replacingOccurrences(
                of: "\"dataset\": \"shapes-textures\", \"dataset_options\": {\"n_images\": 64}",
                with: "\"dataset\": \"no-such\""))
        let more = (second.json["errors"] as? [[String: Any]] ?? []).compactMap { $0["pointer"] as? String }
        #expect(Set(more) == ["/dataset", "/analysis/probe_set"], "\(second.text)")
        #expect((try server.curl("/v1/jobs").json["jobs"] as? [Any])?.isEmpty == true)
        // Nothing of the server's disk is reached by a name.
        for path in ["/etc", "../..", "/proc/self"] {
            let reply = try server.post(
                "/v1/jobs",
                json: Self.body().replacingOccurrences(
                    of: "\"dataset\": \"shapes-textures\", \"dataset_options\": {\"n_images\": 64}",
                    with: "\"dataset\": \"\(path)\""))
            #expect(reply.status == 422, "\(path): \(reply.text)")
        }
    }

    @Test func dryRunMeasuresAndWritesNothing() throws {
        let server = try Server()
        let reply = try server.post("/v1/jobs?dry_run=true", json: Self.body())
        #expect(reply.status == 200, "\(reply.text)")
        #expect(reply.json["parameters"] is Int && reply.json["seconds_per_epoch"] is Double)
        #expect((try server.curl("/v1/jobs").json["jobs"] as? [Any])?.isEmpty == true)
    }

    @Test func pausedJobGoesOnFromItsCheckpoint() throws {
        let server = try Server()
        let id = try server.submit(Self.body(#""checkpoint": {"every_epochs": 1000}"#, epochs: 60))
        _ = try server.job(id) { ($0["step"] as? Int ?? 0) > 8 }
        #expect(try server.curl("/v1/jobs/\(id)/pause", ["-X", "POST"]).status == 202)
        let paused = try server.job(id) { $0["held"] as? Bool == true }
        #expect(paused["state"] as? String == "queued" && paused["checkpoint_step"] is Int, "\(paused)")
        #expect(server.worker(id) == nil)
        #expect(try server.curl("/v1/jobs/\(id)/resume", ["-X", "POST"]).status == 202)
        #expect(try server.curl("/v1/jobs/\(id)/resume", ["-X", "POST"]).status == 409)
        let done = try server.finished(id)
        #expect(done["state"] as? String == "succeeded" && done["attempt"] as? Int == 1)
        let lines = try TrainTests.lines(
            FileManager.default.contents(atPath: server.folder(id) + "/run/metrics.jsonl") ?? Data())
        #expect(lines.compactMap { $0["step"] as? Int } == Array(stride(from: 2, through: 240, by: 2)))
        #expect(try server.events(id).count { $0["event"] as? String == "metric" } == lines.count)
    }

    @Test func cancelledJobCanBeRepeated() throws {
        let server = try Server()
        let id = try server.submit(Self.body(epochs: 1000))
        _ = try server.job(id) { ($0["checkpoint_step"] as? Int ?? 0) > 0 }
        #expect(try server.curl("/v1/jobs/\(id)/cancel", ["-X", "POST"]).status == 202)
        let job = try server.finished(id)
        #expect(job["state"] as? String == "cancelled")
        #expect(server.worker(id) == nil)
        #expect(try server.curl("/v1/jobs/\(id)/cancel", ["-X", "POST"]).status == 409)
        let again = try server.curl("/v1/jobs/\(id)/retry", ["-X", "POST"])
        #expect(again.status == 202 && again.json["parent_id"] as? String == id, "\(again.text)")
        let second = try #require(again.json["id"] as? String)
        let running = try server.job(second) { ($0["step"] as? Int ?? 0) > 0 }
        #expect(
            (running["step"] as? Int ?? 0) >= (job["checkpoint_step"] as? Int ?? 0), "it begins where the first ended")
        #expect(try server.curl("/v1/jobs/\(second)", ["-X", "DELETE"]).status == 409)
        #expect(try server.curl("/v1/jobs/\(second)/cancel", ["-X", "POST"]).status == 202)
    }

    @Test func stopRuleEndsTheRun() throws {
        let server = try Server(["--demo"])
        let rules =
            #""analysis": {"every_epochs": 1, "probe_set": "demo", "metrics": ["attention-nmi"]}, "stop_when": "#
        let byLoss = try server.submit(
            Self.body(rules + #"[{"metric": "loss", "below": 1e9, "after_epochs": 2}]"#, epochs: 500))
        let byNMI = try server.submit(
            Self.body(
                rules + #"[{"metric": "attention-nmi", "layer": -1, "above": 0, "after_epochs": 1}]"#, epochs: 500))
        for id in [byLoss, byNMI] {
            let job = try server.finished(id)
            #expect(job["state"] as? String == "succeeded", "\(job)")
            #expect((job["step"] as? Int ?? 0) < 2000 && job["finish_reason"] is String, "\(job)")
            #expect(FileManager.default.fileExists(atPath: server.folder(id) + "/run/model.safetensors"))
        }
    }

    /// SIGTERM: the worker saves itself, and the next server goes on with the same job.
    @Test func stoppedServerGoesOnWithItsJob() throws {
        let folder = try TemporaryFolder(), data = folder.path + "/data"
        var server = try Server(data: data)
        let key = "the-one"
        let body = Self.body(#""checkpoint": {"every_epochs": 1000}"#, epochs: 60)
        let id = try server.submit(body, key: key)
        _ = try server.job(id) { ($0["step"] as? Int ?? 0) > 4 }
        #expect(server.stop() == 143)
        #expect(server.worker(id) == nil)
        server = try Server(data: data)
        #expect(try server.submit(body, key: key) == id, "the key is remembered")
        let other = try server.curl(
            "/v1/jobs",
            ["-H", "Content-Type: application/json", "-H", "Idempotency-Key: \(key)", "-d", Self.body(epochs: 3)])
        #expect(other.status == 422)
        let job = try server.finished(id)
        #expect(job["state"] as? String == "succeeded" && job["attempt"] as? Int == 1 && job["crashes"] as? Int == 0)
        #expect((try server.curl("/v1/jobs").json["jobs"] as? [Any])?.count == 1)
    }
}
