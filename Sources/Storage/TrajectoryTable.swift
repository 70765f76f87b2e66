import GRDB
import Jobs

/// Points of trajectories, as rows.
enum TrajectoryTable {
    /// Adds a point, or puts it in the place of an earlier one.
    static func add(_ point: TrajectoryPoint, in db: Database) throws {
        let values = [
            ("job_id", point.jobID.text.databaseValue), ("metric", point.metric.databaseValue),
            ("step", point.step.databaseValue), ("epoch", point.epoch.databaseValue),
            ("data", point.data.databaseValue),
        ]
        try db.cachedStatement(
            sql: "INSERT OR REPLACE INTO trajectory (job_id, metric, step, epoch, data, seal) VALUES (?, ?, ?, ?, ?, ?)"
        ).execute(arguments: StatementArguments(values.map(\.1) + [RowSeal.of(values).databaseValue]))
    }

    /// - Throws: `corrupt` for a row that is not what was written.
    static func point(_ row: Row, of id: JobID) throws -> TrajectoryPoint {
        try RowSeal.check(row, "a point of a trajectory")
        return TrajectoryPoint(
            jobID: id, step: row["step"], epoch: row["epoch"], metric: row["metric"], data: row["data"])
    }
}
