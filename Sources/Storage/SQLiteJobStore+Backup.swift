import FoundationEssentials
import GRDB
public import Jobs

extension SQLiteJobStore {
    /// Copies the database at `path` as it is at one moment into a new file, also while a server works with it.
    ///
    /// Nothing is written beside the copy: of two connections that write, SQLite before 3.51.3 may damage the file, so
    /// this one only reads.
    ///
    /// - Parameter target: where no file is yet.
    /// - Throws: `corrupt` for a copy that is not in order; nothing is left of it then.
    public static func copy(_ path: String, to target: String) async throws(JobStoreError) {
        do {
            try await Task {
                let files = FileManager.default
                guard files.fileExists(atPath: path) else { throw JobStoreError.failed("there is none at \(path)") }
                guard !files.fileExists(atPath: target) else {
                    throw JobStoreError.failed("\(target) is there already")
                }
                do {
                    let source = try DatabaseQueue(path: path, configuration: reading)
                    let copy = try DatabaseQueue(path: target)
                    try source.backup(to: copy)
                    // One file, that needs no log beside it.
                    try copy.writeWithoutTransaction { db in
                        _ = try String.fetchOne(db, sql: "PRAGMA journal_mode = DELETE")
                        try inspect(db)
                    }
                    try copy.close()
                    try source.close()
                    try files.setAttributes([.posixPermissions: 0o600], ofItemAtPath: target)
                } catch {
                    for end in ["", "-wal", "-shm", "-journal"] { try? files.removeItem(atPath: target + end) }
                    throw error
                }
            }.value
        } catch { throw JobStoreError(error) }
    }

    /// Makes sure that the file at `path` is a database of the queue, in order, and of a version that this program reads.
    ///
    /// - Throws: `JobStoreError` that says what it is instead.
    public static func check(_ path: String) async throws(JobStoreError) {
        do {
            try await Task {
                let database = try DatabaseQueue(path: path, configuration: reading)
                try database.read { try inspect($0) }
                try database.close()
            }.value
        } catch { throw JobStoreError(error) }
    }

    private static var reading: Configuration {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(10)
        return configuration
    }

    private static func inspect(_ db: Database) throws {
        let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        guard version <= JobDatabase.version else {
            throw JobStoreError.newerVersion("version \(version), this one knows \(JobDatabase.version)")
        }
        guard try Int.fetchOne(db, sql: "PRAGMA application_id") == JobDatabase.applicationID else {
            throw JobStoreError.failed("the file is no database of the queue")
        }
        let problems = try String.fetchAll(db, sql: "PRAGMA integrity_check").filter { $0 != "ok" }
        if let first = problems.first { throw JobStoreError.corrupt(first) }
    }
}
