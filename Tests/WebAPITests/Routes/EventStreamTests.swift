import TestSupport
import Foundation
import Jobs
import JobsTestSupport
import Logging
import NIOCore
import Runs
import Service
import Testing
import UnixSignals
import WebAPI

/// Events as they happen, over a real socket.
@Suite struct EventStreamTests {
    struct Event: Equatable {
        let id: Int
        let kind: String
        let data: String
    }

    /// The stream of an old client, to whom an answer without a length ends with the connection.
    static func read(_ client: RawClient, _ id: String, headers: String = "", query: String = "") async throws
        -> (answer: RawResponse, events: [Event])
    {
        let answer = try RawResponse(
            try await client.exchange([
                "GET /v1/jobs/\(id)/events\(query) HTTP/1.0\r\nHost: localhost\r\n\(headers)\r\n"
            ]))
        return (answer, events(in: answer.body))
    }

    static func events(in text: String) -> [Event] {
        text.split(separator: "\n\n").compactMap { block in
            var fields: [String: String] = [:]
            for line in block.split(separator: "\n") where !line.hasPrefix(":") {
                let parts = line.split(separator: ": ", maxSplits: 1).map(String.init)
                if parts.count == 2 { fields[parts[0]] = parts[1] }
            }
            guard let id = fields["id"].flatMap({ Int($0) }) else { return nil }
            return Event(id: id, kind: fields["event"] ?? "", data: fields["data"] ?? "")
        }
    }

    @Test func streamTellsEverythingOnceAndEnds() async throws {
        let jobs = TestJobs()
        try await jobs.withServer { client in
            let id = try await jobs.post(client)
            async let live = Self.read(client, id)
            try await jobs.wait(for: "running", of: id, client)
            let notices = (0..<2000).map { JobNotice(.log, #"{"message":"line \#($0) – ü"}"#) }
            await jobs.tell(id, step: 5, notices, life: .ended(.succeeded))
            let (answer, events) = try await live
            #expect(answer.status == 200)
            #expect(answer.field("content-type") == "text/event-stream")
            #expect(answer.field("cache-control") == "no-cache")
            #expect(answer.body.hasPrefix("retry: 1000\n\n"))
            #expect(events.map(\.id) == Array(1...events.count))
            #expect(events.count { $0.kind == "log" } == 2000)
            #expect(events.first?.kind == "state")
            #expect(events.last?.kind == "end")
            #expect(events.last?.data.contains("succeeded") == true)
            for place in [0, 1, 1000, events.count - 1] {
                let (_, rest) = try await Self.read(client, id, headers: "Last-Event-ID: \(place)\r\n")
                #expect(rest == Array(events[place...]), "\(place)")
                let (_, same) = try await Self.read(client, id, query: "?after=\(place)")
                #expect(same == rest)
            }
            for place in [events.count, events.count + 1, 999_999_999] {
                let (over, none) = try await Self.read(client, id, headers: "Last-Event-ID: \(place)\r\n")
                #expect(over.status == 204)
                #expect(none.isEmpty)
            }
        }
    }

    @Test func clientThatComesBackMissesNothing() async throws {
        let jobs = TestJobs()
        try await jobs.withServer { client in
            let id = try await jobs.post(client)
            try await jobs.wait(for: "running", of: id, client)
            var seen: [Event] = []
            for step in 1...20 {
                let isLast = step == 20
                await jobs.tell(
                    id, step: step, [JobNotice(.progress, #"{"step":\#(step)}"#)],
                    life: isLast ? .ended(.succeeded) : .running)
                // A page, however much of it is there, then gone again.
                let place = seen.last?.id ?? 0
                let page = try RouteTests.object(
                    try await client.get(
                        "/v1/jobs/\(id)/events?after=\(place)&wait=60&limit=3",
                        headers: [("Accept", "application/json")])
                )
                for event in page["events"] as? [[String: Any]] ?? [] {
                    seen.append(
                        Event(id: event["id"] as? Int ?? 0, kind: event["event"] as? String ?? "", data: ""))
                }
                #expect(page["next_after"] as? Int == seen.last?.id)
                // What the worker says next would replace what nobody has looked at yet.
                while await jobs.isUnread(id, step: step) { await Task.yield() }
            }
            let (_, rest) = try await Self.read(client, id, headers: "Last-Event-ID: \(seen.last?.id ?? 0)\r\n")
            let all = seen.map(\.id) + rest.map(\.id)
            #expect(all == Array(1...all.count))
            #expect((seen + rest).count { $0.kind == "progress" } == 20)
        }
    }

    @Test(arguments: [
        "-1", "abc", "1.5", "0x10", "99999999999999999999999", "1 2", "+1", "%31", "1e3", "\u{0661}",
    ])
    func hostilePlacesAreRefused(place: String) async throws {
        let jobs = TestJobs()
        try await jobs.withServer(slots: 0) { client in
            let id = try await jobs.post(client)
            let (answer, _) = try await Self.read(client, id, headers: "Last-Event-ID: \(place)\r\n")
            #expect(answer.status == 400)
            guard !place.utf8.contains(where: { $0 <= 0x20 || $0 >= 0x7F }), place != "%31", place != "+1" else {
                return
            }
            #expect(try await client.get("/v1/jobs/\(id)/events?after=\(place)").status == 400)
        }
    }

    @Test func formIsChosenByAccept() async throws {
        let jobs = TestJobs()
        try await jobs.withServer(slots: 0) { client in
            let id = try await jobs.post(client)
            _ = try await client.request("POST", "/v1/jobs/\(id)/cancel")
            let target = "/v1/jobs/\(id)/events"
            for (accept, type) in [
                ("*/*", "text/event-stream"), ("text/event-stream", "text/event-stream"),
                ("application/json", "application/json"), ("text/html, application/json;q=0.9", "application/json"),
            ] {
                let answer = try await client.get(target, headers: [("Accept", accept)])
                #expect(answer.field("content-type") == type, "\(accept)")
            }
            #expect(try await client.get(target, headers: [("Accept", "image/png")]).status == 406)
            let head = try await client.request("HEAD", target)
            #expect(head.status == 200)
            #expect(head.body.isEmpty)
            let page = try RouteTests.object(
                try await client.get(target + "?limit=1", headers: [("Accept", "application/json")]))
            #expect(page["over"] as? Bool == false)
            #expect(page["next_after"] as? Int == 1)
            #expect(try await client.get("/v1/jobs/nothing/events").status == 404)
        }
    }

    @Test func hundredWatchersHearTheSame() async throws {
        let jobs = TestJobs()
        try await jobs.withServer { client in
            let id = try await jobs.post(client)
            try await withThrowingTaskGroup { group in
                for _ in 0..<100 { group.addTask { try await Self.read(client, id).events } }
                try await jobs.wait(for: "running", of: id, client)
                await jobs.tell(id, step: 5, [JobNotice(.log, #"{"message":"x"}"#)], life: .ended(.succeeded))
                var all: [[Event]] = []
                for try await events in group { all.append(events) }
                #expect(all.count == 100)
                #expect(all.everyOne { $0 == all[0] && $0.last?.kind == "end" })
            }
        }
    }

    @Test(arguments: [true, false])
    func watcherThatLeavesIsForgotten(closesBothSides: Bool) async throws {
        let jobs = TestJobs()
        try await jobs.withServer(slots: 0) { client in
            let id = try await jobs.post(client)
            let request = "GET /v1/jobs/\(id)/events HTTP/1.1\r\nHost: localhost\r\n\r\n"
            let channel = try await client.connect()
            try await channel.executeThenClose { inbound, outbound in
                try await outbound.write(ByteBuffer(string: request))
                var iterator = inbound.makeAsyncIterator()
                _ = try await iterator.next()
                guard !closesBothSides else { return }
                // The client will say no more, but listens: the stream ends, in order.
                outbound.finish()
                var rest = ByteBuffer()
                while let more = try await iterator.next() { rest.writeImmutableBuffer(more) }
                #expect(String(buffer: rest).hasSuffix("0\r\n\r\n"))
            }
            for _ in 0..<10_000 {
                if try await client.get("/metrics").body.contains("\nvitscope_http_connections 1\n") { return }
            }
            Issue.record("the connection is still counted")
        }
    }

    @Test func streamEndsWhenItsJobIsDeleted() async throws {
        let jobs = TestJobs()
        try await jobs.withServer(slots: 0) { client in
            let id = try await jobs.post(client)
            async let live = Self.read(client, id)
            _ = try await client.request("POST", "/v1/jobs/\(id)/cancel")
            #expect(try await client.request("DELETE", "/v1/jobs/\(id)").status == 204)
            _ = try await live
            #expect(try await client.get("/v1/jobs/\(id)/events").status == 404)
        }
    }

    @Test func streamEndsWhenTheServerDoes() async throws {
        let jobs = TestJobs()
        let folder = NSTemporaryDirectory() + "vitscope-web-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var configuration = ServiceConfiguration(dataDirectory: folder, threads: 1)
        jobs.install(in: &configuration)
        configuration.jobs.runner.slots[.training] = 0
        let service = ViTScopeService(configuration: configuration, logger: Logger(label: "test"))
        try await service.start()
        let (texts, text) = AsyncStream<String>.makeStream()
        let signal = try await DrainTests.end(service: service, seconds: 3600) { client, sent in
            let id = try await jobs.post(client)
            let channel = try await client.connect()
            Task {
                try await channel.executeThenClose { inbound, outbound in
                    try await outbound.write(
                        ByteBuffer(string: "GET /v1/jobs/\(id)/events HTTP/1.0\r\nHost: localhost\r\n\r\n"))
                    var iterator = inbound.makeAsyncIterator()
                    var all = ByteBuffer()
                    while let more = try await iterator.next() {
                        all.writeImmutableBuffer(more)
                        // What is there has come, so the stream waits for more.
                        if String(buffer: all).contains("event: state") { sent.yield(.sigterm) }
                    }
                    text.yield(String(buffer: all))
                }
                text.finish()
            }
            var iterator = texts.makeAsyncIterator()
            #expect(await iterator.next()?.hasSuffix(": the server stops; come back for the rest\n\n") == true)
        }
        #expect(signal == .sigterm)
        await service.shutdown()
    }
}

extension TestJobs {
    /// Whether the worker's word about `step` is not recorded yet.
    fileprivate func isUnread(_ id: String, step: Int) async -> Bool {
        guard let id = JobID(id), let job = await store.job(id) else { return false }
        return job.step < step
    }
}
