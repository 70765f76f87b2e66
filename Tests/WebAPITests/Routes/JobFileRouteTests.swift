import Foundation
import Jobs
import Platform
import Testing
import WebAPI

/// What jobs leave, over a real socket.
@Suite struct JobFileRouteTests {
    private static let bytes = Data((0..<1000).map { UInt8(ascii: "a") + UInt8($0 % 26) })
    private static let text = String(decoding: bytes, as: UTF8.self)

    private static func withRun(_ body: @escaping @Sendable (RawClient, String) async throws -> Void) async throws {
        let jobs = TestJobs()
        try await jobs.withServer(slots: 0) { client in
            let id = try await jobs.post(client)
            try TestJobs.writeRun(
                id, in: client.data, checkpoints: [20: bytes, 30: bytes + bytes],
                metrics: [
                    #"{"step": 10, "epoch": 0.5, "loss": 2.5, "lr": 0.1}"#,
                    #"{"step": 20, "epoch": 1, "loss": 1.5, "lr": 0.2}"#,
                ])
            try await body(client, "/v1/jobs/\(id)")
        }
    }

    @Test func checkpointsAreListedAndDownloaded() async throws {
        try await Self.withRun { client, job in
            let list = try RouteTests.object(try await client.get(job + "/checkpoints"))
            #expect((list["checkpoints"] as? [[String: Any]])?.compactMap { $0["step"] as? Int } == [20, 30])
            #expect(list["latest_step"] as? Int == 30)
            let whole = try await client.get(job + "/checkpoints/20/download")
            #expect(whole.status == 200)
            #expect(whole.body == Self.text)
            #expect(whole.field("etag") == "\"\(SHA256.hex(of: Array(Self.text.utf8)))\"")
            #expect(whole.field("content-length") == "1000")
            #expect(whole.field("accept-ranges") == "bytes")
            #expect(whole.field("content-disposition")?.hasSuffix("-step-20.safetensors\"") == true)
            #expect(try await client.get(job + "/checkpoints/latest/download").body.utf8.count == 2000)
            let head = try await client.request(
                "HEAD", job + "/checkpoints/20/download", headers: [("Range", "bytes=0-1")])
            #expect(head.status == 200)
            #expect(head.body.isEmpty)
            #expect(head.field("content-length") == "1000")
            for (step, status) in [
                ("10", 410), ("25", 404), ("31", 404), ("-1", 404), ("x", 404), ("9999999999999999999999", 404),
                ("%2e%2e", 404),
            ] {
                #expect(try await client.get(job + "/checkpoints/\(step)/download").status == status, "\(step)")
            }
        }
    }

    @Test func brokenDownloadGoesOn() async throws {
        try await Self.withRun { client, job in
            let target = job + "/checkpoints/20/download"
            let tag = "\"\(SHA256.hex(of: Array(Self.text.utf8)))\""
            for (fields, status, range, body) in [
                ([("Range", "bytes=0-9")], 206, "bytes 0-9/1000", Self.text.prefix(10)),
                ([("Range", "bytes=990-")], 206, "bytes 990-999/1000", Self.text.suffix(10)),
                ([("Range", "bytes=-3")], 206, "bytes 997-999/1000", Self.text.suffix(3)),
                ([("Range", "bytes=990-5000"), ("If-Range", tag)], 206, "bytes 990-999/1000", Self.text.suffix(10)),
                ([("Range", "bytes=990-"), ("If-Range", "\"other\"")], 200, nil, Self.text[...]),
                ([("Range", "bytes=990-"), ("If-Range", "W/" + tag)], 200, nil, Self.text[...]),
                ([("Range", "bytes=0-1,5-6")], 200, nil, Self.text[...]),
                ([("Range", "bytes=6-5")], 200, nil, Self.text[...]),
                ([("If-None-Match", tag)], 304, nil, ""),
                ([("If-None-Match", tag), ("Range", "bytes=0-1")], 304, nil, ""),
            ] as [([(String, String)], Int, String?, Substring)] {
                let answer = try await client.get(target, headers: fields)
                #expect(answer.status == status, "\(fields)")
                #expect(answer.field("content-range") == range, "\(fields)")
                #expect(answer.body == body, "\(fields)")
                if status != 304 { #expect(answer.field("content-length") == String(body.utf8.count)) }
            }
            for wrong in ["bytes=1000-", "bytes=-0", "bytes=99999999999999999999-"] {
                let answer = try await client.get(target, headers: [("Range", wrong)])
                #expect(answer.status == 416, "\(wrong)")
                #expect(answer.field("content-range") == "bytes */1000")
            }
        }
    }

    @Test func metricsComeAsJSONOrCSV() async throws {
        try await Self.withRun { client, job in
            let json = try RouteTests.object(try await client.get(job + "/metrics?keys=loss"))
            #expect(json["keys"] as? [String] == ["loss"])
            let series = (json["series"] as? [String: [String: Any]])?["loss"]
            #expect(series?["steps"] as? [Int] == [10, 20])
            #expect(series?["values"] as? [Double] == [2.5, 1.5])
            for headers in [[("Accept", "text/csv")], []] {
                let csv = try await client.get(
                    job + "/metrics" + (headers.isEmpty ? "?format=csv" : ""), headers: headers)
                #expect(csv.field("content-type") == "text/csv; charset=utf-8")
                #expect(csv.body.split(whereSeparator: \.isNewline).count == 5, "\(csv.body)")
            }
            for (query, pointer) in [
                ("keys=los", "?keys"), ("max_points=1", "?max_points"), ("max_points=x", "?max_points"),
                ("format=xml", "?format"),
            ] {
                let answer = try await client.get(job + "/metrics?" + query)
                #expect(answer.status == 422)
                #expect(try RouteTests.faults(answer) == [pointer])
            }
            #expect(try await client.get(job + "/metrics", headers: [("Accept", "image/png")]).status == 406)
        }
    }

    @Test func logIsTextAndTrajectoryIsByStep() async throws {
        try await Self.withRun { client, job in
            #expect(try await client.get(job + "/logs").body == "")
            let folder = client.data + job.dropFirst(3) + "/logs"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try Data("one\ntwo\nthree\n".utf8).write(to: URL(fileURLWithPath: folder + "/worker.log"))
            let log = try await client.get(job + "/logs?tail=2")
            #expect(log.body == "two\nthree\n")
            #expect(log.field("content-type") == "text/plain; charset=utf-8")
            #expect(try await client.get(job + "/logs?tail=-1").status == 422)
            let none = try RouteTests.object(try await client.get(job + "/trajectory?metric=attention-nmi"))
            #expect((none["steps"] as? [Int])?.isEmpty == true)
            #expect((none["reasons"] as? [Any])?.count == 1)
            for query in ["", "?metric=x"] {
                #expect(try RouteTests.faults(try await client.get(job + "/trajectory" + query)) == ["?metric"])
            }
        }
    }
}
