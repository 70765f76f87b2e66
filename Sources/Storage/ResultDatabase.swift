import FoundationEssentials
import GRDB
import Jobs

/// The file of results and its tables.
enum ResultDatabase {
    /// "ViTR" in ASCII.
    private static let applicationID = 0x5669_5452
    /// Grows when the tables change: results of before are then computed again.
    private static let version = 1

    /// - Returns: the database, and in sentences what its users should know.
    static func open(_ path: String) throws -> (database: DatabaseQueue, warnings: [String]) {
        do { return (try begin(path), []) } catch {
            guard isNoDatabase(error) else { throw error }
            let place = try SetAside.folder(beside: path)
            let files = FileManager.default, name = path.split(separator: "/").last.map(String.init) ?? path
            for end in ["", "-wal", "-shm"] where files.fileExists(atPath: path + end) {
                try files.moveItem(atPath: path + end, toPath: "\(place.path)/\(name)\(end)")
            }
            return (
                try begin(path),
                [
                    "The database of kept results could not be read (\(JobStoreError(error))), and a new one was begun. "
                        + "What it had is computed again when it is asked for; comparisons are asked for anew. The file as "
                        + "it was is kept in \(place.name)."
                ]
            )
        }
    }

    /// Whether the file is at fault, and not the disk or its rights.
    private static func isNoDatabase(_ error: any Error) -> Bool {
        if let error = error as? DatabaseError {
            return error.resultCode == .SQLITE_NOTADB || error.resultCode == .SQLITE_CORRUPT
                || error.resultCode == .SQLITE_ERROR
        }
        return (error as? JobStoreError).map { if case .corrupt = $0 { true } else { false } } ?? false
    }

    private static func begin(_ path: String) throws -> DatabaseQueue {
        let files = FileManager.default
        if !files.fileExists(atPath: path), !files.createFile(atPath: path, contents: nil) {
            throw JobStoreError.failed("\(path) could not be made; check that its folder exists and may be written")
        }
        try files.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        var configuration = Configuration()
        configuration.label = "results"
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { db in
            for setting in [
                "journal_mode = WAL", "synchronous = NORMAL", "trusted_schema = OFF", "cell_size_check = ON",
                "mmap_size = 0", "journal_size_limit = 67108864",
            ] {
                _ = try Row.fetchAll(db, sql: "PRAGMA \(setting)")
            }
        }
        let database = try DatabaseQueue(path: path, configuration: configuration)
        try database.write { db in
            let application = try Int.fetchOne(db, sql: "PRAGMA application_id") ?? 0
            let known = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
            let tables = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master") ?? 0
            if application == 0, tables == 0 { return try db.execute(sql: schema) }
            guard application == applicationID, known == version else {
                throw JobStoreError.corrupt("it is of another program or version")
            }
            // A file without its tables fails here and not at the first question.
            _ = try documentBytes(db)
            _ = try Row.fetchOne(db, sql: "SELECT id, document_seal, seal FROM result LIMIT 1")
        }
        return database
    }

    /// What all documents take together.
    static func documentBytes(_ db: Database) throws -> Int {
        try Int.fetchOne(db.cachedStatement(sql: "SELECT bytes FROM result_size")) ?? 0
    }

    static func setDocumentBytes(_ bytes: Int, in db: Database) throws {
        try db.execute(sql: "UPDATE result_size SET bytes = ?", arguments: [bytes])
    }

    /// The document of a result has a seal of its own, because it is read alone.
    private static var schema: String {
        """
        PRAGMA application_id = \(applicationID);
        PRAGMA user_version = \(version);
        CREATE TABLE result (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            kind TEXT NOT NULL,
            created_at REAL NOT NULL,
            read_at REAL NOT NULL,
            seal INTEGER,
            document_seal INTEGER,
            manifest TEXT NOT NULL,
            document BLOB,
            CONSTRAINT result_id_is_a_digest CHECK (length(id) = 64)
        ) STRICT;
        CREATE INDEX result_kind ON result(kind, sequence);
        CREATE INDEX result_age ON result(read_at, sequence) WHERE document IS NOT NULL;
        CREATE TABLE result_size (bytes INTEGER NOT NULL) STRICT;
        INSERT INTO result_size VALUES (0);
        CREATE TRIGGER result_added AFTER INSERT ON result WHEN NEW.document IS NOT NULL BEGIN
            UPDATE result_size SET bytes = bytes + length(NEW.document);
        END;
        CREATE TRIGGER result_changed AFTER UPDATE OF document ON result BEGIN
            UPDATE result_size
            SET bytes = bytes + coalesce(length(NEW.document), 0) - coalesce(length(OLD.document), 0);
        END;
        CREATE TRIGGER result_removed AFTER DELETE ON result WHEN OLD.document IS NOT NULL BEGIN
            UPDATE result_size SET bytes = bytes - length(OLD.document);
        END;
        """
    }
}
