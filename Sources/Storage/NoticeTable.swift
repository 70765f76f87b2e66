import FoundationEssentials
import GRDB
import Jobs

/// What was told about jobs, as rows.
enum NoticeTable {
    /// Adds notices with the next numbers.
    static func add(_ notices: [JobNotice], to id: JobID, at date: Date, in db: Database) throws {
        guard !notices.isEmpty else { return }
        let statement = try db.cachedStatement(
            sql: "INSERT INTO notice (job_id, number, at, kind, data) VALUES (?, ?, ?, ?, ?)")
        for (number, notice) in zip((try last(of: id, in: db) + 1)..., notices) {
            try statement.execute(arguments: [
                id.text, number, date.timeIntervalSinceReferenceDate, notice.kind.rawValue, notice.data,
            ])
        }
    }

    /// The number of the last one; 0 without any.
    static func last(of id: JobID, in db: Database) throws -> Int {
        try Int.fetchOne(
            db.cachedStatement(sql: "SELECT max(number) FROM notice WHERE job_id = ?"), arguments: [id.text]) ?? 0
    }

    static func notice(_ row: Row) throws -> NumberedNotice {
        guard let kind = JobNotice.Kind(rawValue: row["kind"]) else {
            throw JobStoreError.corrupt("a notice is of no known kind")
        }
        return NumberedNotice(
            number: row["number"], at: Date(timeIntervalSinceReferenceDate: row["at"]),
            notice: JobNotice(kind, row["data"]))
    }
}
