import Foundation
import TestSupport
import Testing

/// `vitscope jobs` against a server.
@Suite(.blocking) struct JobsCommandTests {
    private static func jobs(_ arguments: [String], _ server: Server) throws -> Answer {
        let answer = try run(vitscope, ["jobs"] + arguments + ["--server", server.url])
        return Answer(status: answer.status, text: answer.text, errors: answer.errors)
    }

    private struct Answer {
        let status: Int32
        let text: String
        let errors: String

        var line: String { text.trimmingCharacters(in: .whitespacesAndNewlines) }
        var json: [String: Any] {
            (try? JSONSerialization.jsonObject(with: Data(text.utf8))) as? [String: Any] ?? [:]
        }
        var lines: [[String: Any]] { (try? TrainTests.lines(Data(text.utf8))) ?? [] }
    }

    @Test func jobIsSubmittedFollowedAndDownloaded() throws {
        let server = try Server()
        let folder = try TemporaryFolder()
        let file = try TrainTests.write(TrainTests.job(#""name": "by command""#), in: folder)
        let submitted = try Self.jobs(["submit", file, "--idempotency-key", "one"], server)
        #expect(submitted.status == 0, "\(submitted.errors)")
        let id = submitted.line
        #expect(try Self.jobs(["submit", file, "--idempotency-key", "one"], server).line == id)
        let followed = try Self.jobs(["follow", id], server)
        #expect(followed.status == 0, "\(followed.errors)")
        #expect(followed.lines.last?["event"] as? String == "end")
        #expect(followed.lines.contains { $0["event"] as? String == "metric" && $0["loss"] is Double })
        let got = try Self.jobs(["get", id, "--json", "--wait"], server)
        #expect(got.status == 0 && got.json["state"] as? String == "succeeded")
        #expect(try Self.jobs(["list", "--state", "succeeded"], server).text.contains("by command"))
        #expect(try Self.jobs(["list", "--state", "failed"], server).text.isEmpty)
        #expect(try Self.jobs(["logs", id], server).status == 0)
        let saved = folder.path + "/last.safetensors"
        #expect(try Self.jobs(["download", id, "--out", saved], server).status == 0)
        #expect(try run(vitscope, ["inspect", saved]).status == 0)
        // It is at its end: nothing to cancel, but it can go.
        #expect(try Self.jobs(["cancel", id], server).status == 1)
        #expect(try Self.jobs(["delete", id], server).status == 0)
        #expect(try Self.jobs(["get", id], server).status == 1)
    }

    @Test func refusalsSayWhatToDo() throws {
        let server = try Server(["--job-slots", "0"])
        let folder = try TemporaryFolder()
        let wrong = try TrainTests.write(#"{"method": "simmim", "arch": "vit_tiny", "epochs": -1}"#, in: folder)
        let refused = try Self.jobs(["submit", wrong], server)
        #expect(refused.status == 78)
        #expect(refused.errors.contains("/epochs") && refused.errors.contains("/arch"), "\(refused.errors)")
        let file = try TrainTests.write(TrainTests.job(), in: folder, as: "right.json")
        let estimate = try Self.jobs(["submit", file, "--dry-run"], server)
        #expect(estimate.status == 0 && estimate.json["parameters"] is Int, "\(estimate.errors)")
        #expect(try Self.jobs(["list"], server).text.isEmpty)
        let id = try Self.jobs(["submit", file], server).line
        let paused = try Self.jobs(["pause", id], server)
        #expect(paused.text.contains("paused"), "\(paused.errors)")
        #expect(try Self.jobs(["resume", id], server).text.contains("queued"))
        #expect(try Self.jobs(["cancel", id, "--json"], server).json["state"] as? String == "cancelled")
        let waited = try Self.jobs(["get", id, "--wait"], server)
        #expect(waited.status == 1 && waited.errors.contains("cancelled"))
        let again = try Self.jobs(["retry", id], server)
        #expect(again.status == 0 && !again.text.contains(id), "\(again.errors)")
        #expect(try Self.jobs(["follow", "../" + id], server).status == 1)
        #expect(try run(vitscope, ["jobs", "list", "--server", "ftp://nowhere"]).status == 2)
    }

    @Test func serverThatIsNotThereIsUnavailable() throws {
        let server = try Server()
        _ = server.stop()
        let answer = try Self.jobs(["cancel", "x"], server)
        #expect(answer.status == 69 && answer.errors.contains("--server"), "\(answer.errors)")
        let start = ContinuousClock.now
        let followed = try Self.jobs(["follow", "x"], server)
        #expect(followed.status == 69 && ContinuousClock.now - start < .seconds(90), "\(followed.errors)")
    }

    /// The server goes and comes back while a job is followed: every event is told, and none twice.
    @Test func followingOutlivesTheServer() throws {
        let folder = try TemporaryFolder()
        let file = try TrainTests.write(TrainTests.job(images: 512), in: folder)
        var server = try Server(data: folder.path + "/data")
        let id = try Self.jobs(["submit", file], server).line
        let process = Process()
        process.executableURL = URL(fileURLWithPath: vitscope)
        process.arguments = ["jobs", "follow", id, "--server", server.url]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        var said = Data()
        while !String(decoding: said, as: UTF8.self).contains(#""event":"metric""#) {
            let more = output.fileHandleForReading.availableData
            try #require(!more.isEmpty, "following ended before a metric")
            said += more
        }
        let port = try #require(URL(string: server.url)?.port)
        _ = server.stop()
        server = try Server(data: folder.path + "/data", port: port)
        said += output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        let told = try TrainTests.lines(said).map { $0["event"] as? String ?? "" }
        let stored = try server.curl("/v1/jobs/\(id)/events?limit=10000", ["-H", "Accept: application/json"])
        let all = (stored.json["events"] as? [[String: Any]] ?? []).map { $0["event"] as? String ?? "" }
        #expect(told == all)
        #expect(told.last == "end")
    }
}
