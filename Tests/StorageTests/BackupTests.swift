import Foundation
import Jobs
import JobsTestSupport
import Storage
import Testing

/// Copies of a database that is at work.
@Suite struct BackupTests {
    private func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("backup-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try await body(folder)
    }

    @Test func aStoreAtWorkIsCopiedAsItIs() async throws {
        try await withFolder { folder in
            let path = folder + "/jobs.sqlite", copy = folder + "/copy.sqlite"
            let store = try await SQLiteJobStore(path: path)
            let early = JobSamples.job(), late = JobSamples.job()
            _ = try await store.submit(early, key: nil, limit: 9)
            try await SQLiteJobStore.copy(path, to: copy)
            _ = try await store.submit(late, key: nil, limit: 9)
            #expect(try FileManager.default.attributesOfItem(atPath: copy)[.posixPermissions] as? Int == 0o600)
            #expect(!FileManager.default.fileExists(atPath: copy + "-wal"), "it needs no log")
            try await SQLiteJobStore.check(copy)
            let other = try await SQLiteJobStore(path: copy)
            #expect(try await other.job(early.id) == early)
            #expect(try await other.job(late.id) == nil)
            try await other.close()
            #expect(try await store.job(late.id) == late)
            #expect(try await store.integrityProblems() == [])
            try await store.close()
        }
    }

    @Test func whatIsInTheWayAndWhatIsNotThereIsSaid() async throws {
        try await withFolder { folder in
            let path = folder + "/jobs.sqlite"
            await #expect(throws: JobStoreError.self) { try await SQLiteJobStore.copy(path, to: folder + "/x") }
            let store = try await SQLiteJobStore(path: path)
            try await store.close()
            try Data("mine".utf8).write(to: URL(fileURLWithPath: folder + "/x"))
            await #expect(throws: JobStoreError.self) { try await SQLiteJobStore.copy(path, to: folder + "/x") }
            #expect(try Data(contentsOf: URL(fileURLWithPath: folder + "/x")) == Data("mine".utf8))
            await #expect(throws: JobStoreError.self) { try await SQLiteJobStore.check(folder + "/x") }
        }
    }

    @Test func aDamagedDatabaseIsNoBackup() async throws {
        try await withFolder { folder in
            let path = folder + "/jobs.sqlite"
            let store = try await SQLiteJobStore(path: path)
            for _ in 0..<200 { _ = try await store.submit(JobSamples.job(), key: nil, limit: .max) }
            try await store.close()
            var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
            for place in (bytes.count / 2)..<(bytes.count / 2 + 8192) { bytes[place] = 0x5A }
            try bytes.write(to: URL(fileURLWithPath: path))
            await #expect(throws: JobStoreError.self) { try await SQLiteJobStore.copy(path, to: folder + "/copy") }
            #expect(!FileManager.default.fileExists(atPath: folder + "/copy"))
            await #expect(throws: JobStoreError.self) { try await SQLiteJobStore.check(path) }
        }
    }

    @Test func theRefusalSaysWhatToDo() {
        let words = "\(JobStoreError.corrupt("x"))"
        #expect(words.contains("vitscope restore --data DIR --from BACKUP") && words.contains("none is deleted"))
    }
}
