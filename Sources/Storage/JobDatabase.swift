import FoundationEssentials
import GRDB
import Jobs

/// Opens the file, checks it, and makes its tables.
enum JobDatabase {
    /// "ViTS" in ASCII; `file` and other programs can tell the file by it.
    static let applicationID = 0x5669_5453
    /// Grows when an older program could no longer read the file.
    static let version = 3

    /// - Returns: the database, and in sentences what its users should know.
    /// - Throws: `JobStoreError`, or an error of the database.
    static func open(_ path: String) throws -> (database: DatabaseQueue, warnings: [String]) {
        var warnings = try setDamageAside(path)
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
            try check(db, thoroughly: !warnings.isEmpty)
            // What the log holds moves into the main file, where a damaged log cannot take it away.
            _ = try Row.fetchOne(db, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
        }
        try JobSchema.migrator.migrate(database)
        if let warning = try mend(database, path) { warnings.append(warning) }
        return (database, warnings)
    }

    /// Keeps a copy of what SQLite is about to throw away without a word: the end of a log that does not check, and a
    /// log whose database is gone.
    private static func setDamageAside(_ path: String) throws -> [String] {
        let files = FileManager.default, log = path + "-wal"
        let size = (try? files.attributesOfItem(atPath: path))?[.size] as? Int ?? 0
        let logSize = (try? files.attributesOfItem(atPath: log))?[.size] as? Int ?? 0
        guard logSize > 0 else { return [] }
        if size == 0 {
            let place = try SetAside.folder(beside: path)
            try files.moveItem(atPath: log, toPath: place.path + "/jobs.sqlite-wal")
            return [
                "The database of the queue is missing or empty beside its log, which means nothing without it. The log "
                    + "was moved to \(place.name) in the data directory."
            ]
        }
        guard let fault = WriteAheadLog(path: log).fault else { return [] }
        let place = try SetAside.folder(beside: path)
        for end in ["", "-wal"] { try files.copyItem(atPath: path + end, toPath: place.path + "/jobs.sqlite" + end) }
        let what =
            switch fault {
            case .header: "does not begin as it should, so that nothing in it counts"
            case .entry(let entry, let count):
                "does not check from entry \(entry) of \(count) on, so that what it said there is lost"
            case .cut: "ends in the middle of an entry, so that what came last may be lost"
            }
        return ["The log of the queue's database \(what). Both files as they were are kept in \(place.name)."]
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
        // A start that was cut short has begun its list of migrations, and nothing else.
        let tables =
            try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master WHERE tbl_name != 'grdb_migrations'") ?? 0
        guard application == applicationID || application == 0 && tables == 0 else {
            throw JobStoreError.failed("the file belongs to another program; choose another data directory")
        }
    }

    private static func set(_ db: Database) throws {
        _ = try String.fetchOne(db, sql: "PRAGMA journal_mode = WAL")
        for setting in [
            "synchronous = FULL", "trusted_schema = OFF", "cell_size_check = ON", "mmap_size = 0",
            // `SQLiteJobStore` moves the log itself: SQLite would leave in it what the main file holds already, and a log
            // that is damaged before such an entry would then bring back the past.
            "wal_autocheckpoint = 0", "journal_size_limit = 67108864",
        ] {
            _ = try Row.fetchAll(db, sql: "PRAGMA \(setting)")
        }
    }

    /// Asserts what durability rests on, and that the file is in order.
    ///
    /// - Parameter thoroughly: whether its indices are compared with its rows as well.
    private static func check(_ db: Database, thoroughly: Bool) throws {
        for (setting, wanted) in [
            ("journal_mode", "wal"), ("synchronous", "2"), ("foreign_keys", "1"), ("trusted_schema", "0"),
            ("cell_size_check", "1"),
        ] {
            let found = try String.fetchOne(db, sql: "PRAGMA \(setting)") ?? "nothing"
            guard found == wanted else {
                throw JobStoreError.failed("SQLite keeps \(setting) at \(found) and not at \(wanted)")
            }
        }
        let check = thoroughly ? "integrity_check" : "quick_check"
        let problems = try String.fetchAll(db, sql: "PRAGMA \(check)").filter { $0 != "ok" }
        if let first = problems.first(where: { !isMendable($0) }) { throw JobStoreError.corrupt(first) }
    }
}
