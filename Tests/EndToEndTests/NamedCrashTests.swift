import Foundation
import TestSupport
import Testing

/// The server or a worker dies at a named place: before and after each write, sync, rename and commit. Whoever comes next
/// ends with the bytes of an uninterrupted run.
@Suite(.blocking) struct NamedCrashTests {
    /// Places, and which passing is the last.
    static let places =
        [
            "file.created", "file.written", "file.synced", "file.renamed", "file.durable", "checkpoint.written",
            "checkpoint.recorded", "checkpoint.pruned", "report.written", "report.synced", "commit.before",
            "commit.after",
        ].flatMap { ["\($0):2", "\($0):9"] }
        + [
            "worker.started:1", "worker.locked:1", "outcome.before:1", "outcome.after:1", "spawn.before:1",
            "spawn.after:1",
        ]
        + [
            "commit.before/submit:1", "commit.after/submit:1", "commit.after/claim:1", "commit.before/succeeded:1",
            "commit.after/succeeded:1",
        ]

    @Test func everyPlaceCanBeTheLast() throws {
        let folder = try TemporaryFolder()
        let reference = try KillTests.reference(in: folder)
        var survived: [String] = []
        for (number, place) in Self.places.enumerated() {
            let data = folder.path + "/data-\(number)", marker = folder.path + "/died-\(number)"
            let environment = ["VITSCOPE_FAULT": place, "VITSCOPE_FAULT_ONCE": marker]
            var server = try Self.start(data, environment)
            let key = "crash-\(number)"
            var id: String?
            for _ in 0..<4 where id == nil {
                // A post that was not answered is posted again.
                do { id = try server.submit(KillTests.body, key: key) } catch is CurlFailed {
                    server.process.waitUntilExit()
                    try KillTests.checkIntegrity(data, place)
                    server = try Self.start(data, environment)
                }
            }
            let job = try #require(id, "\(place)")
            var isChecked = false
            for _ in 0..<4 where !isChecked {
                // On a slow machine the place may come only while the end is being checked.
                do {
                    let end = try server.finished(job)
                    #expect(end["state"] as? String == "succeeded", "\(place): \(end)")
                    try KillTests.check(job, of: server, against: reference, place)
                    let list = try server.curl("/v1/jobs").json["jobs"] as? [Any]
                    #expect(list?.count == 1, "\(place): one job")
                    isChecked = true
                } catch is CurlFailed {
                    server.process.waitUntilExit()
                    try KillTests.checkIntegrity(data, place)
                    server = try Self.start(data, environment)
                }
            }
            #expect(isChecked, "\(place): it never came to the end")
            let hasDied = FileManager.default.fileExists(atPath: marker), status = server.stop()
            let diesNow = !hasDied && FileManager.default.fileExists(atPath: marker)
            // A server that dies on its way out has another status, which its marker tells.
            if !diesNow { #expect(status == 143, "\(place): it ended with \(status)") }
            if !hasDied && !diesNow { survived.append(place) }
        }
        #expect(survived.isEmpty, "nobody died at \(survived)")
    }

    /// A server on `data`; one that dies on its way is started again.
    private static func start(_ data: String, _ environment: [String: String]) throws -> Server {
        do { return try Server(data: data, environment: environment) } catch is ServerDidNotStart {
            return try Server(data: data, environment: environment)
        }
    }
}
