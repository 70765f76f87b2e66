import FoundationEssentials
import GRDB
import Jobs

// What a bit that the disk has turned does to the file, found when it is opened.
extension JobDatabase {
    /// Makes damaged indices of jobs again, and takes jobs out that are not what was written: their folders say what they
    /// were. A copy of the file is kept as it was.
    ///
    /// - Returns: what to say of it; nil where all is well.
    /// - Throws: `corrupt` where the file is still not in order afterwards.
    static func mend(_ database: DatabaseQueue, _ path: String) throws -> String? {
        let (isWrong, damaged) = try database.read { db in
            (
                try String.fetchAll(db, sql: "PRAGMA integrity_check(job)") != ["ok"],
                try damagedJobs(db)
            )
        }
        guard isWrong || !damaged.isEmpty else { return nil }
        let place = try SetAside.folder(beside: path)
        try FileManager.default.copyItem(atPath: path, toPath: place.path + "/jobs.sqlite")
        try database.writeWithoutTransaction { db in
            // A row that its indices do not know cannot be taken out.
            try db.execute(sql: "REINDEX job")
            try db.inTransaction(.immediate) {
                for row in damaged { try db.execute(sql: "DELETE FROM job WHERE sequence = ?", arguments: [row]) }
                for table in ["notice", "trajectory", "idempotency", "job_label"] {
                    try db.execute(sql: "DELETE FROM \(table) WHERE job_id NOT IN (SELECT id FROM job)")
                }
                return .commit
            }
            let problems = try String.fetchAll(db, sql: "PRAGMA integrity_check").filter { $0 != "ok" }
            if let first = problems.first { throw JobStoreError.corrupt(first) }
        }
        let what =
            switch damaged.count {
            case 0: "An index of the queue's database was damaged and was made again; no job is lost by it."
            case 1:
                "A job in the queue's database was not what was written, and was taken out of it. If it has a folder it is "
                    + "found again by that; otherwise only “vitscope restore --data DIR --from BACKUP” brings it back."
            default:
                "\(damaged.count) jobs in the queue's database were not what was written, and were taken out of it. Those "
                    + "that have a folder are found again by that; for the others there is only “vitscope restore --data "
                    + "DIR --from BACKUP”."
            }
        return "\(what) Check the disk. The database as it was is kept in \(place.name)."
    }

    /// Whether `mend` may put a problem right that SQLite has found.
    static func isMendable(_ problem: String) -> Bool {
        problem.contains(" index ") || problem.contains("constraint failed in job") || problem.contains("value in job.")
    }

    private static func damagedJobs(_ db: Database) throws -> [Int64] {
        let rows = try Row.fetchCursor(db, sql: "SELECT * FROM job NOT INDEXED")
        var damaged: [Int64] = []
        while let row = try rows.next() {
            if (try? JobTable.job(row)) == nil { damaged.append(row["sequence"]) }
        }
        return damaged
    }
}
