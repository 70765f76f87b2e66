import Foundation
import GRDB
import Jobs
import JobsTestSupport
import Storage
import Testing

@Suite struct SQLiteJobStoreTests {
    /// A file in a folder of its own, which goes when the test is over.
    private func withPath<Value>(_ body: (String) async throws -> Value) async throws -> Value {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("store-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try await body(folder.appendingPathComponent("jobs.sqlite").path)
    }

    private func execute(_ sql: String, on path: String) throws {
        let database = try DatabaseQueue(path: path)
        try database.writeWithoutTransaction { try $0.execute(sql: sql) }
        try database.close()
    }

    private func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    @Test(arguments: JobStoreCheck.allCases) func conforms(to check: JobStoreCheck) async throws {
        try await withPath { path in
            let store = try await SQLiteJobStore(path: path)
            try await check.run(on: store)
            #expect(try await store.integrityProblems() == [])
            try await store.close()
        }
    }

    /// A start that died before its tables were made has left the list of migrations, which is no reason to refuse it.
    @Test func aFirstStartThatWasCutShortIsNoStranger() async throws {
        try await withPath { path in
            try execute("CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY)", on: path)
            let store = try await SQLiteJobStore(path: path)
            #expect(try await store.count(.training, .queued) == 0)
            try await store.close()
        }
    }

    @Test func everythingIsThereAfterReopening() async throws {
        try await withPath { path in
            let key = IdempotencyKey("k", fingerprint: "f")
            let first = try await SQLiteJobStore(path: path)
            let job = JobSamples.job(JobSamples.request(labels: ["a": "b"]))
            #expect(try await first.submit(job, key: key, limit: 9) == .accepted(job))
            let running = try #require(await first.claim(.training, for: .local, owner: "one", at: JobSamples.date(1)))
            try await first.close()
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)).isEmpty == false)
            #expect(!FileManager.default.fileExists(atPath: path + "-wal"))
            await #expect(throws: JobStoreError.self) { try await first.job(job.id) }

            let second = try await SQLiteJobStore(path: path)
            #expect(try await second.submit(JobSamples.job(), key: key, limit: 9) == .repeated(running))
            #expect(try await second.notices(of: job.id, after: 0, limit: 9).count == 2)
            #expect(try await second.integrityProblems() == [])
            try await second.close()
        }
    }

    /// What was answered is on the disk: a copy of the files at that moment, as a crash leaves them, has it.
    @Test func nothingAcknowledgedIsOnlyInMemory() async throws {
        try await withPath { path in
            let store = try await SQLiteJobStore(path: path)
            let job = JobSamples.job()
            _ = try await store.submit(job, key: nil, limit: 9)
            let copy = path + ".copy"
            for end in ["", "-wal"] { try FileManager.default.copyItem(atPath: path + end, toPath: copy + end) }
            let other = try await SQLiteJobStore(path: copy)
            #expect(try await other.job(job.id) == job)
            try await other.close()
            try await store.close()
        }
    }

    @Test func onlyTheOwnerMayRead() async throws {
        try await withPath { path in
            let store = try await SQLiteJobStore(path: path)
            _ = try await store.submit(JobSamples.job(), key: nil, limit: 9)
            #expect(try mode(path) == 0o600)
            #expect(try mode(path + "-wal") == 0o600)
            try await store.checkpoint()
            let size = try FileManager.default.attributesOfItem(atPath: path + "-wal")[.size] as? Int
            #expect(size == 0)
            try await store.close()
        }
    }

    @Test func newerFileIsRefusedAndUntouched() async throws {
        try await withPath { path in
            try execute("CREATE TABLE future (x); PRAGMA user_version = 4", on: path)
            let before = try Data(contentsOf: URL(fileURLWithPath: path))
            let error = await #expect(throws: JobStoreError.self) { try await SQLiteJobStore(path: path) }
            #expect(error == .newerVersion("version 4, this one knows 3"))
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
        }
    }

    @Test func fileOfAnotherProgramIsRefused() async throws {
        try await withPath { path in
            try execute("CREATE TABLE songs (x)", on: path)
            await #expect(throws: JobStoreError.self) { try await SQLiteJobStore(path: path) }
        }
    }

    @Test func damageIsToldApart() async throws {
        try await withPath { path in
            try Data(repeating: 7, count: 8192).write(to: URL(fileURLWithPath: path))
            let error = await #expect(throws: JobStoreError.self) { try await SQLiteJobStore(path: path) }
            guard case .corrupt = error else { return #expect(Bool(false), "\(String(describing: error))") }
        }
        try await withPath { path in
            let store = try await SQLiteJobStore(path: path)
            for _ in 0..<200 { _ = try await store.submit(JobSamples.job(), key: nil, limit: .max) }
            try await store.close()
            var data = try Data(contentsOf: URL(fileURLWithPath: path))
            for place in (data.count / 2)..<(data.count / 2 + 8192) { data[place] = 0x5A }
            try data.write(to: URL(fileURLWithPath: path))
            let error = await #expect(throws: JobStoreError.self) { try await SQLiteJobStore(path: path) }
            guard case .corrupt = error else { return #expect(Bool(false), "\(String(describing: error))") }
        }
    }

    @Test func missingFolderIsASentence() async throws {
        let error = await #expect(throws: JobStoreError.self) { try await SQLiteJobStore(path: "/nowhere/jobs.sqlite") }
        #expect("\(error.map { "\($0)" } ?? "")".contains("folder"))
    }

    @Test func errorsAreToldApart() {
        #expect(JobStoreError(DatabaseError(resultCode: .SQLITE_FULL)) == .diskFull)
        #expect(JobStoreError(DatabaseError(resultCode: .SQLITE_IOERR_WRITE)) == .diskFull)
        #expect(JobStoreError(DatabaseError(resultCode: .SQLITE_CORRUPT, message: "x")) == .corrupt("x"))
        #expect(JobStoreError(DatabaseError(resultCode: .SQLITE_IOERR_FSYNC, message: "x")) == .corrupt("x"))
        #expect(JobStoreError(DatabaseError(resultCode: .SQLITE_BUSY, message: "x")) == .failed("x"))
    }

    /// A writer that breaks an invariant is refused by its name.
    @Test(arguments: [
        ("state = 'succeeded'", "job_at_its_end_has_finished"), ("state = 'running'", "job_running_has_an_owner"),
        ("state = 'asleep'", "job_state_is_known"), ("attempt = -1", "job_counts_from_zero"),
        ("state = 'failed', finished_at = 1", "job_failed_has_a_failure"),
        ("cancel_requested_at = 1", "job_asked_to_cancel_does_not_go_on"),
        ("state = 'running', lease_owner = 'x', held = 1", "job_held_is_queued"),
    ])
    func constraintsHold(assignment: String, constraint: String) async throws {
        try await withPath { path in
            let store = try await SQLiteJobStore(path: path)
            _ = try await store.submit(JobSamples.job(), key: nil, limit: 9)
            try await store.close()
            let error = #expect(throws: DatabaseError.self) { try execute("UPDATE job SET \(assignment)", on: path) }
            #expect(error?.message?.contains(constraint) == true, "\(String(describing: error))")
        }
    }
}
