import Foundation
import TestSupport
import Testing

/// What workers may, and what their files are worth.
@Suite(.blocking) struct WorkerSafetyTests {
    /// Libraries start threads before the program is asked; those, too, gain no right by running a program.
    @Test func noThreadOfAWorkerGainsARight() throws {
        let server = try Server()
        let id = try server.submit(JobTests.body(epochs: 1000))
        _ = try server.job(id) { ($0["step"] as? Int ?? 0) > 0 }
        let worker = try #require(server.worker(id))
        let threads = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(worker)/task")
        #expect(threads.count > 1)
        var looked = 0
        for thread in threads {
            // A thread may be gone by now, and then it gains nothing.
            let file = "/proc/\(worker)/task/\(thread)/status"
            guard let status = FileManager.default.contents(atPath: file), !status.isEmpty else { continue }
            #expect(String(decoding: status, as: UTF8.self).contains("NoNewPrivs:\t1"), "\(thread)")
            looked += 1
        }
        #expect(looked > 1)
        #expect(try server.curl("/v1/jobs/\(id)/cancel", ["-X", "POST"]).status == 202)
        _ = try server.finished(id)
    }

    @Test func aDamagedCheckpointIsNotHandedOut() throws {
        let server = try Server()
        let id = try server.submit(JobTests.body(epochs: 1))
        #expect(try server.finished(id)["state"] as? String == "succeeded")
        let file = try #require(
            try FileManager.default.contentsOfDirectory(atPath: server.folder(id) + "/run/checkpoints").first {
                $0.hasSuffix(".safetensors")
            })
        let path = server.folder(id) + "/run/checkpoints/" + file
        var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        bytes[bytes.count - 1] ^= 1
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        let reply = try server.curl("/v1/jobs/\(id)/checkpoints/latest/download")
        #expect(reply.status == 409 && reply.text.contains("damaged"), "\(reply.status) \(reply.text.prefix(300))")
        bytes[bytes.count - 1] ^= 1
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        #expect(try server.curl("/v1/jobs/\(id)/checkpoints/latest/download").body == Data(bytes))
    }

    @Test func noEventShowsWhereTheServerKeepsItsFiles() throws {
        let server = try Server()
        let id = try server.submit(JobTests.body(epochs: 1))
        _ = try server.finished(id)
        let text = try server.curl("/v1/jobs/\(id)/events", ["-H", "Accept: application/json"]).text
        #expect(text.contains("checkpoint") && !text.contains(server.data))
    }

    @Test func aTokenFileThatOthersReadIsWarnedOf() throws {
        let folder = try TemporaryFolder(), path = folder.path + "/token"
        try Data("0123456789abcdef0123456789abcdef".utf8).write(to: URL(fileURLWithPath: path))
        for (mode, isWarned) in [(0o644, true), (0o600, false)] {
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
            let server = try Server(["--token-file", path])
            #expect(server.log.contains("may read the token file") == isWarned, "\(server.log)")
        }
    }
}
