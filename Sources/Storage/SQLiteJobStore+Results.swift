import FoundationEssentials
import GRDB
public import Jobs

extension SQLiteJobStore: ResultStore {
    public func keep(_ result: StoredResult) async throws {
        let document = result.document.map { Data($0) }
        try await write { db in
            try db.execute(
                sql: """
                    INSERT INTO result (id, kind, created_at, read_at, manifest, document, document_seal)
                    VALUES (?, ?, ?, ?, ?, ?, ?)
                    ON CONFLICT (id) DO UPDATE SET
                        document = coalesce(document, excluded.document),
                        document_seal = CASE WHEN document IS NULL THEN excluded.document_seal ELSE document_seal END,
                        manifest = CASE WHEN document IS NULL THEN excluded.manifest ELSE manifest END
                    """,
                arguments: [
                    result.id, result.kind, result.createdAt.timeIntervalSinceReferenceDate,
                    result.createdAt.timeIntervalSinceReferenceDate, result.manifest, document,
                    document.map { RowSeal.of([("document", $0.databaseValue)]) },
                ])
            let row = try Row.fetchOne(db, sql: "\(Self.heads) WHERE id = ?", arguments: [result.id])
            guard let row else { return }
            try db.execute(
                sql: "UPDATE result SET seal = ? WHERE id = ?", arguments: [RowSeal.of(row), result.id])
        }
    }

    /// What is under a result's seal.
    private static let heads = "SELECT id, kind, created_at, manifest, seal FROM result"

    /// What is not as it was written is gone: a result can be computed again.
    public func result(_ id: String) async throws -> StoredResult? {
        try await write { db in
            let head = try Row.fetchOne(db, sql: "\(Self.heads) WHERE id = ?", arguments: [id])
            guard let head else { return nil }
            guard RowSeal.matches(head) else {
                try db.execute(sql: "DELETE FROM result WHERE id = ?", arguments: [id])
                return nil
            }
            let found = try Row.fetchOne(
                db, sql: "SELECT document, document_seal FROM result WHERE id = ?", arguments: [id])
            var document: DatabaseValue = found?["document"] ?? .null
            let seal: DatabaseValue = found?["document_seal"] ?? .null
            if !seal.isNull, !document.isNull, seal != RowSeal.of([("document", document)]).databaseValue {
                try db.execute(
                    sql: "UPDATE result SET document = NULL, document_seal = NULL WHERE id = ?", arguments: [id])
                document = .null
            }
            try db.execute(
                sql: "UPDATE result SET read_at = max(read_at, ?) WHERE id = ?",
                arguments: [Date().timeIntervalSinceReferenceDate, id])
            return StoredResult(head: head, document: Data.fromDatabaseValue(document))
        }
    }

    public func results(kind: String?, before: String?, limit: Int) async throws -> [StoredResult] {
        try await read { db in
            try Row.fetchAll(
                db,
                sql: """
                    \(Self.heads)
                    WHERE (?1 IS NULL OR kind = ?1)
                        AND (?2 IS NULL OR sequence < (SELECT sequence FROM result WHERE id = ?2))
                    ORDER BY sequence DESC LIMIT ?3
                    """, arguments: [kind, before, limit]
            ).filter { RowSeal.matches($0) }.map { StoredResult(head: $0, document: nil) }
        }
    }

    public func prune(to bytes: Int) async throws {
        try await write { db in
            let rows = try Row.fetchAll(
                db,
                sql: "SELECT id, length(document) AS size FROM result WHERE document IS NOT NULL ORDER BY read_at DESC")
            var kept = 0
            for row in rows {
                let size: Int = row["size"], id: String = row["id"]
                let (sum, overflow) = kept.addingReportingOverflow(size)
                if overflow || sum > bytes {
                    try db.execute(
                        sql: "UPDATE result SET document = NULL, document_seal = NULL WHERE id = ?",
                        arguments: [id])
                } else {
                    kept = sum
                }
            }
        }
    }
}

extension StoredResult {
    fileprivate init(head: Row, document: Data?) {
        self.init(
            id: head["id"], kind: head["kind"],
            createdAt: Date(timeIntervalSinceReferenceDate: head["created_at"]), manifest: head["manifest"],
            document: document.map { [UInt8]($0) })
    }
}
