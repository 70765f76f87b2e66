import TestSupport
import Foundation
import Jobs
import JobsTestSupport
import NIOCore
import Testing
import WebAPI

/// The life of jobs over a real socket; their workers are scripted.
@Suite struct JobRouteTests {
    @Test func jobIsPostedFoundAndDone() async throws {
        let jobs = TestJobs()
        try await jobs.withServer { client in
            let posted = try await client.post("/v1/jobs", json: TestJobs.body)
            #expect(posted.status == 202, "\(posted.body)")
            let job = try RouteTests.object(posted)
            let id = job["id"] as? String ?? ""
            #expect(posted.field("location") == "/v1/jobs/\(id)")
            #expect(job["method"] as? String == "simmim")
            #expect((job["config"] as? [String: Any])?["epochs"] as? Int == 1)
            await jobs.tell(id, step: 7, life: .ended(.succeeded))
            let done = try await jobs.end(of: id, client)
            #expect(done["state"] as? String == "succeeded")
            let loss = (done["metrics"] as? [String: [String: Any]])?["loss"]
            #expect(loss?["min_step"] as? Int == 7)
            for (target, count) in [
                ("/v1/jobs", 1), ("/v1/jobs?state=succeeded", 1), ("/v1/jobs?state=queued,succeeded", 1),
                ("/v1/jobs?state=failed&state=queued", 0), ("/v1/jobs?method=simmim", 1), ("/v1/jobs?method=mae", 0),
                ("/v1/jobs?label=team", 1), ("/v1/jobs?label=team%3Da", 1), ("/v1/jobs?label=team=b", 0),
                ("/v1/jobs?label=team&label=other", 0), ("/v1/jobs?kind=analysis", 0), ("/v1/jobs?kind=training", 1),
            ] {
                let list = try RouteTests.object(try await client.get(target))
                #expect((list["jobs"] as? [Any])?.count == count, "\(target)")
            }
            let metrics = try await client.get("/metrics").body
            #expect(metrics.contains("\nvitscope_jobs{state=\"succeeded\"} 1\n"))
            #expect(metrics.contains("\nvitscope_jobs{state=\"running\"} 0\n"))
            #expect(try await client.request("DELETE", "/v1/jobs/\(id)").status == 204)
            #expect(try await client.get("/v1/jobs/\(id)").status == 404)
        }
    }

    @Test func listsComeInPagesTheNewestFirst() async throws {
        let jobs = TestJobs()
        try await jobs.withServer(slots: 0) { client in
            var ids: [String] = []
            for index in 0..<5 { ids.append(try await jobs.post(client, TestJobs.body("job \(index)"))) }
            var found: [String] = []
            var token: String? = ""
            while let page = token {
                let list = try RouteTests.object(try await client.get("/v1/jobs?page_size=2&page_token=\(page)"))
                found += (list["jobs"] as? [[String: Any]] ?? []).compactMap { $0["id"] as? String }
                token = list["next_page_token"] as? String
            }
            #expect(found == ids.reversed())
            let positions = try await ids.asyncMap { id in
                try RouteTests.object(try await client.get("/v1/jobs/\(id)"))["queue_position"] as? Int
            }
            #expect(positions == [0, 1, 2, 3, 4])
        }
    }

    @Test func keyMakesRepetitionHarmless() async throws {
        let jobs = TestJobs()
        try await jobs.withServer(slots: 0) { client in
            let key = [("Idempotency-Key", "once-1")]
            let answers = try await withThrowingTaskGroup { group in
                for _ in 0..<40 {
                    group.addTask { try await client.post("/v1/jobs", json: TestJobs.body, headers: key) }
                }
                return try await group.reduce(into: [RawResponse]()) { $0.append($1) }
            }
            #expect(answers.everyOne { $0.status == 202 })
            #expect(answers.count { $0.field("idempotency-replayed") == "true" } == 39)
            #expect(Set(answers.compactMap { $0.field("location") }).count == 1)
            let other = try await client.post("/v1/jobs", json: TestJobs.body("other"), headers: key)
            #expect(other.status == 422)
            for wrong in ["with space", String(repeating: "x", count: 129)] {
                let answer = try await client.post(
                    "/v1/jobs", json: TestJobs.body, headers: [("Idempotency-Key", wrong)])
                #expect(answer.status == 422)
            }
            let two = try await client.post(
                "/v1/jobs", json: TestJobs.body, headers: key + [("Idempotency-Key", "once-2")])
            #expect(two.status == 400)
        }
    }

    @Test func whatIsWrongIsToldWithItsPlace() async throws {
        let jobs = TestJobs()
        try await jobs.withServer(slots: 0) { client in
            let faulty = try await client.post(
                "/v1/jobs", json: TestJobs.body(extra: #", "epohcs": 3, "momentum": "x", "clip_grad": -1"#))
            #expect(faulty.status == 422, "\(faulty.body)")
            let pointers = try RouteTests.faults(faulty)
            #expect(pointers.contains("/epohcs") && pointers.contains("/clip_grad"), "\(pointers)")
            for (target, pointer) in [
                ("/v1/jobs?state=done", "?state"), ("/v1/jobs?kind=x", "?kind"), ("/v1/jobs?page_size=0", "?page_size"),
                ("/v1/jobs?page_size=100000", "?page_size"), ("/v1/jobs?colour=red", "?colour"),
            ] {
                let answer = try await client.get(target)
                #expect(answer.status == 422, "\(target)")
                #expect(try RouteTests.faults(answer) == [pointer], "\(target)")
            }
            #expect(try await client.get("/v1/jobs?page_token=nonsense").status == 400)
            #expect(try await client.post("/v1/jobs", json: "{").status == 400)
            let form = try await client.request(
                "POST", "/v1/jobs", headers: [("Content-Type", "application/x-www-form-urlencoded")],
                body: ByteBuffer(string: TestJobs.body))
            #expect(form.status == 415)
            let large = try await client.post("/v1/jobs", json: String(repeating: " ", count: 1 << 20) + "{}")
            #expect(large.status == 413)
            let id = try await jobs.post(client)
            for (target, pointer) in [
                ("wait=61", "?wait"), ("wait=-1", "?wait"), ("wait=1&until=x", "?until"), ("wait=1e3", "?wait"),
            ] {
                #expect(try RouteTests.faults(try await client.get("/v1/jobs/\(id)?\(target)")) == [pointer])
            }
        }
    }

    @Test func whatTheStateForbidsIsAConflict() async throws {
        let jobs = TestJobs()
        try await jobs.withServer { client in
            let id = try await jobs.post(client)
            try await jobs.wait(for: "running", of: id, client)
            #expect(try await client.request("DELETE", "/v1/jobs/\(id)").status == 409)
            #expect(try await client.request("POST", "/v1/jobs/\(id)/resume").status == 409)
            #expect(try await client.request("POST", "/v1/jobs/\(id)/retry").status == 409)
            #expect(try await client.request("POST", "/v1/jobs/\(id)/cancel").status == 202)
            #expect(try await jobs.end(of: id, client)["state"] as? String == "cancelled")
            for action in ["cancel", "pause", "resume"] {
                #expect(try await client.request("POST", "/v1/jobs/\(id)/\(action)").status == 409, "\(action)")
            }
            let again = try await client.request("POST", "/v1/jobs/\(id)/retry")
            #expect(again.status == 202)
            let copy = try RouteTests.object(again)
            #expect(copy["parent_id"] as? String == id)
            #expect(again.field("location") == "/v1/jobs/\(copy["id"] as? String ?? "")")
            for target in ["cancel", "pause", "resume", "retry"] {
                let missing = try await client.request("POST", "/v1/jobs/nothing/\(target)")
                #expect(missing.status == 404)
                #expect(missing.body.contains("/v1/jobs"))
            }
        }
    }

    @Test func pausedJobIsHeldUntilItGoesOn() async throws {
        let jobs = TestJobs()
        try await jobs.withServer { client in
            let id = try await jobs.post(client)
            try await jobs.wait(for: "running", of: id, client)
            #expect(try await client.request("POST", "/v1/jobs/\(id)/pause").status == 202)
            try await jobs.wait(for: "queued", of: id, client)
            let held = try RouteTests.object(try await client.get("/v1/jobs/\(id)"))
            #expect(held["held"] as? Bool == true)
            #expect(held["queue_position"] is NSNull)
            if let id = JobID(id) { await jobs.executor.script(id, .running) }
            #expect(try await client.request("POST", "/v1/jobs/\(id)/resume").status == 202)
            try await jobs.wait(for: "running", of: id, client)
        }
    }

    @Test func aFullQueueSaysWhenToComeBack() async throws {
        let jobs = TestJobs()
        try await jobs.withServer(slots: 0, queueLength: 2) { client in
            for _ in 0..<2 { _ = try await jobs.post(client) }
            let full = try await client.post("/v1/jobs", json: TestJobs.body)
            #expect(full.status == 429)
            #expect(full.field("retry-after") == "60")
            #expect(full.body.contains("/problems/queue-full"))
        }
    }

    @Test func aServerWithoutAQueueSaysSo() async throws {
        try await withServer(starts: true) { client in
            for target in ["/v1/jobs", "/v1/jobs/x", "/v1/jobs/x/events"] {
                let answer = try await client.get(target)
                #expect(answer.status == 503)
            }
        }
    }

    @Test func dryRunPostsNothing() async throws {
        let jobs = TestJobs()
        try await jobs.withServer(slots: 0) { client in
            let estimate = try await client.post("/v1/jobs?dry_run=true", json: TestJobs.body)
            #expect(estimate.status == 200, "\(estimate.body)")
            #expect(try RouteTests.object(estimate)["memory_bytes"] as? Int == 7)
            #expect(try await client.post("/v1/jobs?dry_run=maybe", json: TestJobs.body).status == 422)
            let list = try RouteTests.object(try await client.get("/v1/jobs"))
            #expect((list["jobs"] as? [Any])?.isEmpty == true)
        }
    }

    @Test func longPollHearsOfAnyChangeOrOfTheEnd() async throws {
        let jobs = TestJobs()
        try await jobs.withServer(slots: 0) { client in
            let id = try await jobs.post(client)
            async let change = client.get("/v1/jobs/\(id)?wait=60&until=change")
            async let end = client.get("/v1/jobs/\(id)?wait=60")
            // However the three meet, both hear of the end.
            #expect(try await client.request("POST", "/v1/jobs/\(id)/cancel").status == 202)
            #expect(try RouteTests.object(try await change)["state"] as? String == "cancelled")
            #expect(try RouteTests.object(try await end)["state"] as? String == "cancelled")
        }
    }
}

extension Sequence {
    /// `transform` of each, one after another.
    func asyncMap<T>(_ transform: (Element) async throws -> T) async rethrows -> [T] {
        var values: [T] = []
        for element in self { values.append(try await transform(element)) }
        return values
    }
}
