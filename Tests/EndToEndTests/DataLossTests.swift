import Foundation
import TestSupport
import Testing

/// What becomes of the database, no start loses a weight or a finished job.
@Suite(.blocking) struct DataLossTests {
    /// A data directory as kill -9 leaves it, with three finished jobs.
    final class Trained: @unchecked Sendable {
        let folder: TemporaryFolder
        let ids: [String]
        /// A job that waits behind another.
        let waiting: String
        var data: String { folder.path + "/data" }

        /// - Parameter backup: made when the first job is done.
        init() throws {
            folder = try TemporaryFolder()
            let server = try Server(data: folder.path + "/data")
            var ids: [String] = []
            for number in 0..<3 {
                let id = try server.submit(
                    JobTests.body("\"name\": \"job \(number)\", \"labels\": {\"n\": \"\(number)\"}"))
                #expect(try server.finished(id)["state"] as? String == "succeeded")
                ids.append(id)
                guard number == 0 else { continue }
                let backup = try run(
                    vitscope, ["backup", "--data", server.data, "--out", folder.path + "/backup"])
                #expect(backup.status == 0 && backup.text == folder.path + "/backup\n", "\(backup.errors)")
            }
            // What was told last is in the log.
            _ = try server.submit(JobTests.body("\"name\": \"works\"", epochs: 1000))
            waiting = try server.submit(JobTests.body("\"name\": \"waits\"", epochs: 1000))
            server.kill()
            self.ids = ids
        }

        func copy(_ name: String) throws -> String {
            try FileManager.default.createDirectory(
                atPath: folder.path + "/" + name, withIntermediateDirectories: true)
            try FileManager.default.copyItem(atPath: data, toPath: folder.path + "/\(name)/data")
            return folder.path + "/\(name)/data"
        }
    }

    @Test func nothingIsLostWhateverBecomesOfTheDatabase() throws {
        let trained = try Trained()
        let damages: [(name: String, says: String?, damage: (String) throws -> Void)] = [
            ("nothing", nil, { _ in }),
            (
                "missing", "missing or empty",
                { try Self.remove($0, ["jobs.sqlite", "jobs.sqlite-wal", "jobs.sqlite-shm"]) }
            ),
            ("moved", "missing or empty", { try Self.remove($0, ["jobs.sqlite"]) }),
            (
                "empty", "missing or empty",
                {
                    try Self.remove($0, ["jobs.sqlite-wal", "jobs.sqlite-shm"])
                    try Data().write(to: URL(fileURLWithPath: $0 + "/jobs.sqlite"))
                }
            ),
            ("flipped", "does not check", { try Self.change($0 + "/jobs.sqlite-wal") { $0[$0.count / 3] ^= 4 } }),
            (
                "cut", "middle of an entry",
                { try Self.change($0 + "/jobs.sqlite-wal") { $0.removeLast($0.count / 2 / 4120 * 4120 + 100) } }
            ),
            ("no log", nil, { try Self.remove($0, ["jobs.sqlite-wal", "jobs.sqlite-shm"]) }),
            (
                "older backup", "listed again",
                { data in
                    let answer = try run(
                        vitscope, ["restore", "--data", data, "--from", trained.folder.path + "/backup"])
                    #expect(answer.status == 0, "\(answer.errors)")
                }
            ),
        ]
        for (name, says, damage) in damages {
            let data = try trained.copy(name)
            try damage(data)
            let server = try Server(data: data, models: fixture("models/files"))
            let warnings = try server.curl("/v1").json["warnings"] as? [String] ?? []
            if let says {
                #expect(warnings.contains { $0.contains(says) }, "\(name): \(warnings)")
                #expect(server.log.contains(says), "\(name): the log says it too")
            }
            #expect(!warnings.contains { $0.contains(trained.folder.path) }, "\(name): \(warnings)")
            for (number, id) in trained.ids.enumerated() { try Self.check(id, number, on: server, name) }
            // Nor is what was accepted and had not begun.
            let waits = try server.job(trained.waiting)
            #expect(waits["name"] as? String == "waits" && waits["state"] as? String == "queued", "\(name): \(waits)")
            #expect(server.stop() == 143)
            // The next start has nothing to find.
            let again = try Server(data: data)
            for id in trained.ids { #expect(try again.job(id)["state"] as? String == "succeeded", "\(name)") }
            #expect(
                !(try again.curl("/v1").json["warnings"] as? [String] ?? []).contains { $0.contains("listed again") })
            again.kill()
        }
    }

    /// A finished job is listed with all that it had, its checkpoint comes with the right bytes and is a model.
    static func check(_ id: String, _ number: Int, on server: Server, _ what: String) throws {
        let job = try server.finished(id)
        #expect(job["state"] as? String == "succeeded" && job["name"] as? String == "job \(number)", "\(what): \(job)")
        #expect((job["labels"] as? [String: String]) == ["n": "\(number)"], "\(what)")
        #expect(
            (job["metrics"] as? [String: Any])?["loss"] != nil && job["checkpoint_step"] as? Int == 8, "\(what): \(job)"
        )
        let list = try server.curl("/v1/jobs/\(id)/checkpoints").json["checkpoints"] as? [[String: Any]] ?? []
        let newest = try #require(list.last, "\(what)")
        let folder = try TemporaryFolder()
        let download = try server.curl("/v1/jobs/\(id)/checkpoints/latest/download")
        try download.body.write(to: URL(fileURLWithPath: folder.path + "/file"))
        let digest = try run("sha256sum", [folder.path + "/file"])
        #expect(digest.text.hasPrefix(newest["sha256"] as? String ?? "-"), "\(what)")
        #expect(FileManager.default.fileExists(atPath: server.folder(id) + "/run/model.safetensors"), "\(what)")
        let answer = try server.curl("/v1/models/job:\(id)@latest/analyses/attention-nmi?image=shapes-textures:0")
        #expect(answer.status == 200, "\(what): \(answer.text)")
        let events = try server.events(id).compactMap { $0["event"] as? String }
        #expect(events.last == "end" && events.count { $0 == "end" } == 1, "\(what): \(events)")
    }

    /// A database that cannot be read is refused with what to do, and doing it brings everything back.
    @Test func aDamagedDatabaseSaysWhatToDo() throws {
        let trained = try Trained(), data = trained.data
        try Self.change(data + "/jobs.sqlite") { bytes in
            for place in 100..<bytes.count { bytes[place] = 0x5A }
        }
        let refused = try run(vitscope, ["serve", "--port", "0", "--data", data], directory: repository.path)
        #expect(refused.status != 0 && refused.errors.contains("vitscope restore --data DIR --from BACKUP"))
        for id in trained.ids {
            #expect(FileManager.default.fileExists(atPath: "\(data)/jobs/\(id)/run/model.safetensors"))
        }
        let damaged = try run(vitscope, ["backup", "--data", data, "--out", trained.folder.path + "/second"])
        #expect(damaged.status == 65 && !FileManager.default.fileExists(atPath: trained.folder.path + "/second"))
        let restored = try run(vitscope, ["restore", "--data", data, "--from", trained.folder.path + "/backup"])
        #expect(restored.status == 0 && restored.errors.contains("set-aside/before-restore-"), "\(restored.errors)")
        let server = try Server(data: data)
        for (number, id) in trained.ids.enumerated() { try Self.check(id, number, on: server, "restored") }
        let locked = try run(vitscope, ["restore", "--data", data, "--from", trained.folder.path + "/backup"])
        #expect(locked.status == 75, "a server runs: \(locked.errors)")
        let into = trained.folder.path + "/backups"
        try FileManager.default.createDirectory(atPath: into, withIntermediateDirectories: true)
        let dated = try run(vitscope, ["backup", "--data", data, "--out", into])
        #expect(dated.status == 0 && dated.text.hasPrefix(into + "/vitscope-"), "\(dated.errors)")
        let file = try run(vitscope, ["backup", "--data", data, "--out", into + "/queue.sqlite"])
        #expect(file.status == 0 && FileManager.default.fileExists(atPath: into + "/queue.sqlite"), "\(file.errors)")
        #expect(try run(vitscope, ["backup", "--data", data, "--out", into + "/queue.sqlite"]).status == 1)
    }

    private static func remove(_ data: String, _ names: [String]) throws {
        for name in names where FileManager.default.fileExists(atPath: data + "/" + name) {
            try FileManager.default.removeItem(atPath: data + "/" + name)
        }
    }

    private static func change(_ path: String, _ change: (inout [UInt8]) -> Void) throws {
        var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        change(&bytes)
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }
}
