import Foundation
import GRDB
import Jobs
import JobsTestSupport
import Storage
import Testing

/// Bits that the disk has turned: nothing that is not what was written is handed out.
@Suite struct DamageTests {
    private func withStore(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("damage-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try await body(folder + "/jobs.sqlite")
    }

    private func execute(_ sql: String, on path: String) throws {
        let database = try DatabaseQueue(path: path)
        try database.writeWithoutTransaction { try $0.execute(sql: sql) }
        try database.close()
    }

    private func aside(_ path: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(
            atPath: path.replacingOccurrences(of: "jobs.sqlite", with: "set-aside"))
    }

    /// What a job says is changed behind our back, in each column that a bit may turn to something legal.
    @Test(arguments: [
        "state = 'succeeded', finished_at = 1", "step = step + 1", "body = body || ' '", "run_at = run_at + 1",
    ])
    func aChangedJobIsTakenOutAndTold(of change: String) async throws {
        try await withStore { path in
            let store = try await SQLiteJobStore(path: path)
            let (good, bad) = (JobSamples.job(), JobSamples.job())
            for job in [good, bad] { _ = try await store.submit(job, key: nil, limit: 9) }
            try await store.close()
            try execute("UPDATE job SET \(change) WHERE id = '\(bad.id.text)'", on: path)
            let again = try await SQLiteJobStore(path: path)
            #expect(again.warnings.first?.contains("taken out") == true, "\(again.warnings)")
            #expect(try aside(path).count == 1)
            #expect(try await again.job(bad.id) == nil)
            #expect(try await again.notices(of: bad.id, after: 0, limit: 9).isEmpty)
            #expect(try await again.job(good.id) == good)
            #expect(try await again.integrityProblems() == [])
            try await again.close()
            let third = try await SQLiteJobStore(path: path)
            #expect(third.warnings.isEmpty)
            try await third.close()
        }
    }

    /// The type of a value is turned, of the seal's too: a row that cannot even be read is taken out as well.
    @Test(arguments: ["seal", "step", "kind", "created_at"]) func aTurnedTypeIsOutlived(of column: String) async throws
    {
        try await withStore { path in
            let store = try await SQLiteJobStore(path: path)
            let (good, bad) = (JobSamples.job(), JobSamples.job())
            for job in [good, bad] { _ = try await store.submit(job, key: nil, limit: 9) }
            try await store.close()
            try execute(
                """
                PRAGMA writable_schema = ON;
                UPDATE sqlite_master SET sql = replace(replace(sql, ') STRICT', ')'), 'CHECK (', 'CHECK (1 OR ')
                WHERE name = 'job';
                """, on: path)
            try execute("UPDATE job SET \(column) = x'FF' WHERE id = '\(bad.id.text)'", on: path)
            let again = try await SQLiteJobStore(path: path)
            #expect(again.warnings.first?.contains("taken out") == true, "\(again.warnings)")
            #expect(try await again.job(bad.id) == nil)
            #expect(try await again.job(good.id) == good)
            try await again.close()
        }
    }

    @Test func aDamagedIndexIsMadeAgain() async throws {
        try await withStore { path in
            let store = try await SQLiteJobStore(path: path)
            let job = JobSamples.job()
            _ = try await store.submit(job, key: nil, limit: 9)
            try await store.close()
            let database = try DatabaseQueue(path: path)
            let (root, size) = try await database.read { db in
                (
                    try Int.fetchOne(
                        db, sql: "SELECT rootpage FROM sqlite_master WHERE name = 'sqlite_autoindex_job_1'") ?? 0,
                    try Int.fetchOne(db, sql: "PRAGMA page_size") ?? 0
                )
            }
            try database.close()
            var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
            let page = (root - 1) * size..<root * size, id = Array(job.id.text.utf8)
            let place = try #require(page.first { bytes[$0...].starts(with: id) })
            bytes[place + 3] ^= 1
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            let again = try await SQLiteJobStore(path: path)
            #expect(again.warnings.first?.contains("index") == true, "\(again.warnings)")
            #expect(try await again.job(job.id) == job)
            #expect(try await again.integrityProblems() == [])
            try await again.close()
        }
    }

    @Test func whatWasToldIsRefusedWhereItIsDamaged() async throws {
        try await withStore { path in
            let store = try await SQLiteJobStore(path: path)
            let job = JobSamples.job()
            _ = try await store.submit(job, key: nil, limit: 9)
            try await store.close()
            try execute("UPDATE notice SET data = '{}'", on: path)
            let again = try await SQLiteJobStore(path: path)
            await #expect(throws: JobStoreError.corrupt("a notice in it is not what was written")) {
                try await again.notices(of: job.id, after: 0, limit: 9)
            }
            try await again.close()
        }
    }

    /// Rows of an older program have no seal, and are taken as they are.
    @Test func rowsWithoutASealAreBelieved() async throws {
        try await withStore { path in
            let store = try await SQLiteJobStore(path: path)
            let job = JobSamples.job()
            _ = try await store.submit(job, key: nil, limit: 9)
            try await store.close()
            try execute("UPDATE job SET seal = NULL; UPDATE notice SET seal = NULL", on: path)
            let again = try await SQLiteJobStore(path: path)
            #expect(again.warnings.isEmpty)
            #expect(try await again.job(job.id) == job)
            #expect(try await again.notices(of: job.id, after: 0, limit: 9).count == 1)
            try await again.close()
        }
    }
}
