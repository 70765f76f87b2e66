public import FoundationEssentials
import GRDB
public import Jobs
import Synchronization

/// Results of analyses in one SQLite file beside that of the queue, so that neither waits for the other, and so that a
/// start need not look at what can be computed again.
///
/// Nothing here takes longer because more is kept: each question is an entry of an index, and the size of all documents
/// is a number that every change keeps right. A power loss may take the last results, which are computed again.
///
/// A class because it is an open file.
public final class SQLiteResultStore: ResultStore {
    private let database: DatabaseQueue
    private let isOpen = Mutex(true)
    /// What was found amiss, in sentences.
    package let warnings: [String]
    /// When a result was read is written down this often at the most, seconds.
    private static let readInterval = 3600.0

    /// Opens the file at `path`, or makes it. What is no database of results is set aside.
    ///
    /// - Throws: `JobStoreError` where the file can be neither opened nor set aside.
    public init(path: String) async throws(JobStoreError) {
        do {
            (database, warnings) = try await Task { try ResultDatabase.open(path) }.value
        } catch {
            throw JobStoreError(error)
        }
    }

    public func keep(_ results: [StoredResult]) async throws {
        try await write { db in
            for result in results { try Self.keep(result, in: db) }
        }
    }

    static func keep(_ result: StoredResult, in db: Database) throws {
        let document = result.document.map { Data($0) }
        let date = result.createdAt.timeIntervalSinceReferenceDate
        try db.cachedStatement(
            sql: """
                INSERT INTO result (id, kind, created_at, read_at, manifest, document, document_seal)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (id) DO UPDATE SET
                    document = coalesce(document, excluded.document),
                    document_seal = CASE WHEN document IS NULL THEN excluded.document_seal ELSE document_seal END,
                    manifest = CASE WHEN document IS NULL THEN excluded.manifest ELSE manifest END
                """
        ).execute(arguments: [
            result.id, result.kind, date, date, result.manifest, document,
            document.map { RowSeal.of([("document", $0.databaseValue)]) },
        ])
        guard let row = try head(result.id, in: db) else { return }
        try db.cachedStatement(sql: "UPDATE result SET seal = ? WHERE id = ?")
            .execute(arguments: [RowSeal.of(row), result.id])
    }

    /// What is under a result's seal.
    private static let heads = "SELECT id, kind, created_at, manifest, seal FROM result"

    private static func head(_ id: String, in db: Database) throws -> Row? {
        try Row.fetchOne(db.cachedStatement(sql: "\(heads) WHERE id = ?"), arguments: [id])
    }

    /// What is not as it was written is gone: a result can be computed again.
    public func result(_ id: String) async throws -> StoredResult? {
        try await run { db in
            guard let head = try Self.head(id, in: db) else { return nil }
            guard RowSeal.matches(head) else {
                try db.execute(sql: "DELETE FROM result WHERE id = ?", arguments: [id])
                return nil
            }
            let found = try Row.fetchOne(
                db.cachedStatement(sql: "SELECT document, document_seal, read_at FROM result WHERE id = ?"),
                arguments: [id])
            var document: DatabaseValue = found?["document"] ?? .null
            let seal: DatabaseValue = found?["document_seal"] ?? .null
            if !seal.isNull, !document.isNull, seal != RowSeal.of([("document", document)]).databaseValue {
                try db.execute(
                    sql: "UPDATE result SET document = NULL, document_seal = NULL WHERE id = ?", arguments: [id])
                document = .null
            }
            let now = Date().timeIntervalSinceReferenceDate
            if let readAt = found.flatMap({ Double.fromDatabaseValue($0["read_at"]) }),
                now - readAt > Self.readInterval
            {
                try db.execute(sql: "UPDATE result SET read_at = ? WHERE id = ?", arguments: [now, id])
            }
            return StoredResult(head: head, document: Data.fromDatabaseValue(document))
        }
    }

    public func results(kind: String?, before: String?, limit: Int) async throws -> [StoredResult] {
        // One statement for each choice, so that each walks the index that fits it.
        var conditions: [String] = [], values: [String] = []
        if let kind {
            conditions.append("kind = ?")
            values.append(kind)
        }
        if let before {
            conditions.append("sequence < (SELECT sequence FROM result WHERE id = ?)")
            values.append(before)
        }
        let rule = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
        let sql = "\(Self.heads) \(rule) ORDER BY sequence DESC LIMIT ?"
        let arguments = StatementArguments(values) + StatementArguments([max(limit, 0)])
        return try await run { db in
            try Row.fetchAll(db.cachedStatement(sql: sql), arguments: arguments)
                .filter { RowSeal.matches($0) }.map { StoredResult(head: $0, document: nil) }
        }
    }

    public func prune(to bytes: Int) async throws {
        while try await run({ try ResultDatabase.documentBytes($0) }) > bytes {
            let isEmpty = try await write { db in
                let oldest = try String.fetchAll(
                    db.cachedStatement(
                        sql: "SELECT id FROM result WHERE document IS NOT NULL ORDER BY read_at, sequence LIMIT 16"))
                for id in oldest where try ResultDatabase.documentBytes(db) > bytes {
                    try db.cachedStatement(
                        sql: "UPDATE result SET document = NULL, document_seal = NULL WHERE id = ?"
                    ).execute(arguments: [id])
                }
                // Where nothing is left, nothing is its size, whatever was written down.
                if oldest.isEmpty { try ResultDatabase.setDocumentBytes(0, in: db) }
                return oldest.isEmpty
            }
            if isEmpty { return }
        }
    }

    public func forget(readBefore date: Date, isDry: Bool) async throws -> Int {
        let limit = date.timeIntervalSinceReferenceDate
        return try await write { db in
            guard !isDry else {
                return try Int.fetchOne(db, sql: "SELECT count(*) FROM result WHERE read_at < ?", arguments: [limit])
                    ?? 0
            }
            try db.execute(sql: "DELETE FROM result WHERE read_at < ?", arguments: [limit])
            return db.changesCount
        }
    }

    /// Has everything up to here on the disk, where a power loss does not reach it.
    func settle() async throws { try await run { try Self.truncateLog($0) } }

    @Sendable private static func truncateLog(_ db: Database) throws {
        _ = try Row.fetchOne(db, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
    }

    public func close() async throws {
        try await run(isLast: true) { try Self.truncateLog($0) }
        do { try database.close() } catch { throw JobStoreError(error) }
    }

    private func write<Value: Sendable>(
        _ work: @escaping @Sendable (Database) throws -> Value
    ) async throws(JobStoreError) -> Value {
        try await run { db in
            var value: Value?
            try db.inTransaction(.immediate) {
                value = try work(db)
                return .commit
            }
            guard let value else { throw JobStoreError.failed("a transaction came to nothing") }
            return value
        }
    }

    private func run<Value: Sendable>(
        isLast: Bool = false, _ work: @escaping @Sendable (Database) throws -> Value
    ) async throws(JobStoreError) -> Value {
        try await database.turn(isOpen, isLast: isLast, work)
    }
}

extension StoredResult {
    init(head: Row, document: Data?) {
        self.init(
            id: head["id"], kind: head["kind"],
            createdAt: Date(timeIntervalSinceReferenceDate: head["created_at"]), manifest: head["manifest"],
            document: document.map { [UInt8]($0) })
    }
}
