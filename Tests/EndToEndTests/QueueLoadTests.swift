import Foundation
import TestSupport
import Testing

/// Many at once: one key, many cancels.
@Suite(.blocking) struct QueueLoadTests {
    /// 1,000 posts of one key, many at a time, give one job.
    @Test func oneKeyGivesOneJob() throws {
        let server = try Server(["--job-slots", "0"])
        let folder = try TemporaryFolder()
        let body = try TrainTests.write(JobTests.body(), in: folder)
        var config = "parallel\nparallel-max = 64\n"
        for number in 0..<1000 {
            config += number > 0 ? "next\n" : ""
            config += """
                url = "\(server.url)/v1/jobs"
                header = "Content-Type: application/json"
                header = "Idempotency-Key: only-one"
                data = "@\(body)"
                output = "\(folder.path)/answer-\(number)"
                write-out = "%{http_code}\\n"

                """
        }
        let path = folder.path + "/curl.txt"
        try Data(config.utf8).write(to: URL(fileURLWithPath: path))
        let answer = try run("curl", ["-sS", "-K", path])
        #expect(answer.status == 0, "\(answer.errors)")
        #expect(answer.text.split(separator: "\n").count { $0 == "202" } == 1000)
        let ids = try Set(
            (0..<1000).map { number in
                let data = try #require(FileManager.default.contents(atPath: folder.path + "/answer-\(number)"))
                let fields = try JSONSerialization.jsonObject(with: data) as? [String: Any]
                return try #require(fields?["id"] as? String)
            })
        #expect(ids.count == 1)
        #expect((try server.curl("/v1/jobs").json["jobs"] as? [Any])?.count == 1)
    }

    /// Cancels at random moments: each job ends as cancelled, soon, its worker is gone, and nothing is written any more.
    /// Each tenth time the server is killed right after its answer. 500 in `make soak`.
    @Test func cancelsEndWithinAStep() throws {
        let cancels = Int(ProcessInfo.processInfo.environment["VITSCOPE_CANCELS"] ?? "") ?? 25
        let folder = try TemporaryFolder(), data = folder.path + "/data"
        var server = try Server(["--job-slots", "2"], data: data)
        var random = TestRandom("cancels"), slowest = 0.0
        let seed = random.seed
        for number in 0..<cancels {
            let id = try server.submit(JobTests.body(#""checkpoint": {"every_steps": 1}"#, epochs: 10_000))
            try KillTests.idle(server, requests: random.next() % 80)
            let start = Date()
            #expect(try server.curl("/v1/jobs/\(id)/cancel", ["-X", "POST"]).status == 202, "seed \(seed)")
            let isKilled = number % 10 == 9
            if isKilled {
                server.kill()
                server = try Server(["--job-slots", "2"], data: data)
            }
            let job = try server.finished(id)
            if !isKilled { slowest = max(slowest, Date().timeIntervalSince(start)) }
            #expect(job["state"] as? String == "cancelled", "cancel \(number), seed \(seed): \(job)")
            #expect(server.worker(id) == nil, "cancel \(number), seed \(seed)")
            let files = try Self.files(in: server.folder(id))
            try KillTests.idle(server, requests: 5)
            #expect(try Self.files(in: server.folder(id)) == files, "cancel \(number), seed \(seed)")
            #expect(try server.curl("/v1/jobs/\(id)", ["-X", "DELETE"]).status == 204)
        }
        print("\(cancels) cancels, the slowest after \(slowest.formatted()) s")
    }

    /// Every file below `folder` with its size and the time of its last change.
    private static func files(in folder: String) throws -> [String: [String]] {
        let files = FileManager.default
        return try Dictionary(
            uniqueKeysWithValues: files.subpathsOfDirectory(atPath: folder).map { name in
                let attributes = try files.attributesOfItem(atPath: folder + "/" + name)
                return (name, [FileAttributeKey.size, .modificationDate].map { "\(attributes[$0] ?? "")" })
            })
    }
}
