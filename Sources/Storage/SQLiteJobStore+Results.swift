import FoundationEssentials
import GRDB
public import Jobs

extension SQLiteJobStore: ResultStore {
    public func keep(_ result: StoredResult) async throws {
        try await write { db in
            try db.execute(
                sql: """
                    INSERT INTO result (id, kind, created_at, read_at, manifest, document)
                    VALUES (?, ?, ?, ?, ?, ?)
                    ON CONFLICT (id) DO UPDATE SET
                        document = coalesce(document, excluded.document),
                        manifest = CASE WHEN document IS NULL THEN excluded.manifest ELSE manifest END
                    """,
                arguments: [
                    result.id, result.kind, result.createdAt.timeIntervalSinceReferenceDate,
                    result.createdAt.timeIntervalSinceReferenceDate, result.manifest, result.document.map { Data($0) },
                ])
        }
    }

    public func result(_ id: String) async throws -> StoredResult? {
        try await write { db in
            let found = try Row.fetchOne(
                db, sql: "SELECT id, kind, created_at, manifest, document FROM result WHERE id = ?", arguments: [id])
            guard let found else { return nil }
            try db.execute(
                sql: "UPDATE result SET read_at = max(read_at, ?) WHERE id = ?",
                arguments: [Date().timeIntervalSinceReferenceDate, id])
            return StoredResult(row: found)
        }
    }

    public func results(kind: String?, before: String?, limit: Int) async throws -> [StoredResult] {
        try await read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT id, kind, created_at, manifest, NULL AS document FROM result
                    WHERE (?1 IS NULL OR kind = ?1)
                        AND (?2 IS NULL OR sequence < (SELECT sequence FROM result WHERE id = ?2))
                    ORDER BY sequence DESC LIMIT ?3
                    """, arguments: [kind, before, limit]
            ).map(StoredResult.init(row:))
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
                    try db.execute(sql: "UPDATE result SET document = NULL WHERE id = ?", arguments: [id])
                } else {
                    kept = sum
                }
            }
        }
    }
}

extension StoredResult {
    fileprivate init(row: Row) {
        let document: Data? = row["document"]
        self.init(
            id: row["id"], kind: row["kind"],
            createdAt: Date(timeIntervalSinceReferenceDate: row["created_at"]), manifest: row["manifest"],
            document: document.map { [UInt8]($0) })
    }
}
