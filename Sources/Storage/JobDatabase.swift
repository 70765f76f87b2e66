import FoundationEssentials
import GRDB
import Jobs

/// Opens the file, checks it, and makes its tables.
enum JobDatabase {
    /// "ViTS" in ASCII; `file` and other programs can tell the file by it.
    static let applicationID = 0x5669_5453
    /// Grows when an older program could no longer read the file.
    static let version = 1

    /// - Throws: `JobStoreError`, or an error of the database.
    static func open(_ path: String) throws -> DatabaseQueue {
        try makePrivate(path)
        var configuration = Configuration()
        configuration.label = "jobs"
        configuration.busyMode = .timeout(5)
        configuration.foreignKeysEnabled = true
        configuration.prepareDatabase { db in
            try refuseStrangers(db)
            try set(db)
        }
        let database = try DatabaseQueue(path: path, configuration: configuration)
        try database.writeWithoutTransaction { db in
            // GRDB may set it to NORMAL while it opens, and then a power loss takes what was acknowledged.
            try db.execute(sql: "PRAGMA synchronous = FULL")
            try check(db)
        }
        try JobSchema.migrator.migrate(database)
        return database
    }

    /// Makes the file, unless it is there, and lets only its owner read it; SQLite gives its log the same mode.
    private static func makePrivate(_ path: String) throws {
        let files = FileManager.default
        if !files.fileExists(atPath: path), !files.createFile(atPath: path, contents: nil) {
            throw JobStoreError.failed("\(path) could not be made; check that its folder exists and may be written")
        }
        try files.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    }

    private static func refuseStrangers(_ db: Database) throws {
        let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        guard version <= Self.version else {
            throw JobStoreError.newerVersion("version \(version), this one knows \(Self.version)")
        }
        let application = try Int.fetchOne(db, sql: "PRAGMA application_id") ?? 0
        let tables = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master") ?? 0
        guard application == applicationID || application == 0 && tables == 0 else {
            throw JobStoreError.failed("the file belongs to another program; choose another data directory")
        }
    }

    private static func set(_ db: Database) throws {
        _ = try String.fetchOne(db, sql: "PRAGMA journal_mode = WAL")
        for setting in [
            "synchronous = FULL", "trusted_schema = OFF", "cell_size_check = ON", "mmap_size = 0",
            "wal_autocheckpoint = 1000", "journal_size_limit = 67108864",
        ] {
            _ = try Row.fetchAll(db, sql: "PRAGMA \(setting)")
        }
    }

    /// Asserts what durability rests on, and that the file is in order.
    private static func check(_ db: Database) throws {
        for (setting, wanted) in [
            ("journal_mode", "wal"), ("synchronous", "2"), ("foreign_keys", "1"), ("trusted_schema", "0"),
            ("cell_size_check", "1"),
        ] {
            let found = try String.fetchOne(db, sql: "PRAGMA \(setting)") ?? "nothing"
            guard found == wanted else {
                throw JobStoreError.failed("SQLite keeps \(setting) at \(found) and not at \(wanted)")
            }
        }
        let problems = try String.fetchAll(db, sql: "PRAGMA quick_check").filter { $0 != "ok" }
        if let first = problems.first { throw JobStoreError.corrupt(first) }
    }
}
