import FoundationEssentials
import GRDB
import Jobs

/// What was told about jobs, as rows.
enum NoticeTable {
    /// Adds notices with the next numbers.
    static func add(_ notices: [JobNotice], to id: JobID, at date: Date, in db: Database) throws {
        guard !notices.isEmpty else { return }
        let statement = try db.cachedStatement(
            sql: "INSERT INTO notice (job_id, number, at, kind, data, seal) VALUES (?, ?, ?, ?, ?, ?)")
        for (number, notice) in zip((try last(of: id, in: db) + 1)..., notices) {
            let values = [
                ("job_id", id.text.databaseValue), ("number", number.databaseValue),
                ("at", date.timeIntervalSinceReferenceDate.databaseValue),
                ("kind", notice.kind.rawValue.databaseValue), ("data", notice.data.databaseValue),
            ]
            try statement.execute(
                arguments: StatementArguments(values.map(\.1) + [RowSeal.of(values).databaseValue]))
        }
    }

    /// The number of the last one; 0 without any.
    static func last(of id: JobID, in db: Database) throws -> Int {
        try Int.fetchOne(
            db.cachedStatement(sql: "SELECT max(number) FROM notice WHERE job_id = ?"), arguments: [id.text]) ?? 0
    }

    /// - Throws: `corrupt` for a row that is not what was written.
    static func notice(_ row: Row) throws -> NumberedNotice {
        try RowSeal.check(row, "a notice")
        guard let kind = JobNotice.Kind(rawValue: row["kind"]) else {
            throw JobStoreError.corrupt("a notice is of no known kind")
        }
        return NumberedNotice(
            number: row["number"], at: Date(timeIntervalSinceReferenceDate: row["at"]),
            notice: JobNotice(kind, row["data"]))
    }
}
