import Foundation
import GRDB
import Jobs
import JobsTestSupport
import Storage
import Testing

/// The log beside the database: what is wrong with it is told, kept, and never taken for the truth.
@Suite struct WriteAheadLogTests {
    /// A folder whose `jobs.sqlite` is as a killed process leaves it: 20 jobs, all of them in the log.
    private func withCrash(_ body: (String, [JobID]) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("log-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for name in ["live", "crash"] {
            try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
        }
        let store = try await SQLiteJobStore(path: folder + "/live/jobs.sqlite")
        var ids: [JobID] = []
        for _ in 0..<20 {
            let job = JobSamples.job()
            _ = try await store.submit(job, key: nil, limit: .max)
            ids.append(job.id)
        }
        for end in ["", "-wal"] {
            try FileManager.default.copyItem(
                atPath: folder + "/live/jobs.sqlite" + end, toPath: folder + "/crash/jobs.sqlite" + end)
        }
        try await store.close()
        try await body(folder + "/crash", ids)
    }

    private func log(_ folder: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder + "/jobs.sqlite-wal")))
    }

    @Test func aLogThatIsWholeHasNoFault() async throws {
        try await withCrash { folder, ids in
            #expect(WriteAheadLog.fault(in: try log(folder)) == nil)
            #expect(WriteAheadLog(path: folder + "/nothing").fault == nil)
            let store = try await SQLiteJobStore(path: folder + "/jobs.sqlite")
            #expect(store.warnings == [])
            for id in ids { #expect(try await store.job(id) != nil) }
            try await store.close()
            #expect(!FileManager.default.fileExists(atPath: folder + "/set-aside"))
        }
    }

    @Test func everyFlippedBitAndEveryCutIsSeen() async throws {
        try await withCrash { folder, _ in
            let whole = try log(folder)
            #expect(whole.count > 10_000)
            // Of an entry's head the place of the page in the file, its sums and its salts; of the rest, samples.
            let places = Array(0..<80) + Array(stride(from: 80, to: whole.count, by: 331)) + [whole.count - 1]
            for place in places {
                var torn = whole
                torn[place] ^= 0x10
                #expect(WriteAheadLog.fault(in: torn) != nil, "byte \(place)")
            }
            for count in stride(from: 1, to: whole.count, by: 331) where (count - 32) % 4120 != 0 {
                #expect(WriteAheadLog.fault(in: Array(whole.prefix(count))) == .cut, "\(count) bytes")
            }
        }
    }

    /// SQLite begins a log anew at its start and leaves the older entries behind it.
    @Test func whatAnOlderLogLeftBehindIsNoFault() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("log-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let database = try DatabaseQueue(path: folder + "/jobs.sqlite")
        try await database.writeWithoutTransaction { db in
            _ = try Row.fetchAll(db, sql: "PRAGMA journal_mode = WAL")
            try db.execute(sql: "CREATE TABLE t (x)")
            for _ in 0..<5 { try db.execute(sql: "INSERT INTO t VALUES (zeroblob(5000))") }
            _ = try Row.fetchAll(db, sql: "PRAGMA wal_checkpoint(RESTART)")
            try db.execute(sql: "INSERT INTO t VALUES (1)")
        }
        let bytes = try log(folder)
        #expect(bytes.count > 32 + 5 * 4120)
        #expect(WriteAheadLog.fault(in: bytes) == nil)
        try database.close()
    }

    @Test func aLogThatDoesNotCheckIsToldAndKept() async throws {
        try await withCrash { folder, ids in
            var bytes = try log(folder)
            bytes[bytes.count / 2] ^= 1
            try Data(bytes).write(to: URL(fileURLWithPath: folder + "/jobs.sqlite-wal"))
            let store = try await SQLiteJobStore(path: folder + "/jobs.sqlite")
            #expect(store.warnings.count == 1 && store.warnings[0].contains("does not check"), "\(store.warnings)")
            #expect(!store.warnings[0].contains(folder), "no path of the machine")
            let first = try await store.job(ids[0]), last = try await store.job(ids[19])
            #expect(first != nil && last == nil, "what came before the damage is there")
            try await store.close()
            let aside = try FileManager.default.contentsOfDirectory(atPath: folder + "/set-aside")
            let kept = try #require(aside.first.map { folder + "/set-aside/" + $0 })
            #expect(try Data(contentsOf: URL(fileURLWithPath: kept + "/jobs.sqlite-wal")) == Data(bytes))
            #expect(FileManager.default.fileExists(atPath: kept + "/jobs.sqlite"))
        }
    }

    /// SQLite deletes a log whose database is missing.
    @Test(arguments: [true, false]) func aLogWithoutItsDatabaseIsKept(isEmpty: Bool) async throws {
        try await withCrash { folder, _ in
            let bytes = try log(folder)
            try FileManager.default.removeItem(atPath: folder + "/jobs.sqlite")
            if isEmpty { _ = FileManager.default.createFile(atPath: folder + "/jobs.sqlite", contents: nil) }
            let store = try await SQLiteJobStore(path: folder + "/jobs.sqlite")
            #expect(store.warnings.count == 1 && store.warnings[0].contains("missing or empty"))
            try await store.close()
            let aside = try FileManager.default.contentsOfDirectory(atPath: folder + "/set-aside")
            let kept = try #require(aside.first.map { folder + "/set-aside/" + $0 })
            #expect(try Data(contentsOf: URL(fileURLWithPath: kept + "/jobs.sqlite-wal")) == Data(bytes))
        }
    }

    /// What is finished is in the main file, where no damage of the log takes it away.
    @Test func anEndLeavesTheLog() async throws {
        try await withCrash { folder, ids in
            let path = folder + "/jobs.sqlite"
            let store = try await SQLiteJobStore(path: path)
            let job = try #require(try await store.claim(.training, for: .local, owner: "me", at: JobSamples.date(1e6)))
            func size() throws -> Int? {
                try FileManager.default.attributesOfItem(atPath: path + "-wal")[.size] as? Int
            }
            #expect(try size() ?? 0 > 0)
            #expect(try await store.commit(JobChange(job, .succeeded, at: JobSamples.date(2e6))))
            #expect(try size() == 0)
            let copy = folder + "/copy.sqlite"
            try FileManager.default.copyItem(atPath: path, toPath: copy)
            let other = try await SQLiteJobStore(path: copy)
            #expect(try await other.job(job.id)?.state == .succeeded)
            try await other.close()
            try await store.close()
        }
    }

    @Test func aLongLogMovesIntoTheMainFile() async throws {
        try await withCrash { folder, _ in
            let store = try await SQLiteJobStore(path: folder + "/jobs.sqlite")
            let body = String(repeating: "7", count: SQLiteJobStore.longestLog)
            let job = Job(
                id: JobID(at: JobSamples.start),
                request: JobRequest(kind: .training, method: "simmim", body: body), at: JobSamples.start)
            let submission = try await store.submit(job, key: nil, limit: .max)
            #expect(submission == .accepted(job))
            let size = try FileManager.default.attributesOfItem(atPath: folder + "/jobs.sqlite-wal")[.size] as? Int
            #expect(size == 0)
            #expect(try await store.job(job.id) == job)
            try await store.close()
        }
    }
}
