import FoundationEssentials
import GRDB
import Jobs

/// Jobs as rows.
enum JobTable {
    static func job(_ id: JobID, in db: Database) throws -> Job? {
        try Row.fetchOne(db.cachedStatement(sql: "SELECT * FROM job WHERE id = ?"), arguments: [id.text])
            .map { try job($0) }
    }

    /// Adds a new job with its first notice. A parent that is not there is left out.
    static func insert(_ job: Job, in db: Database) throws {
        var values = try request(job).merging(status(job)) { old, _ in old }
        if let parent = job.request.parentID, try self.job(parent, in: db) == nil { values["parent_id"] = .null }
        let columns = values.keys.sorted()
        try db.cachedStatement(
            sql: """
                INSERT INTO job (\(columns.joined(separator: ", ")))
                VALUES (\(columns.map { ":" + $0 }.joined(separator: ", ")))
                """
        ).execute(arguments: StatementArguments(values))
        for (key, value) in job.request.labels {
            try db.cachedStatement(sql: "INSERT INTO job_label (key, value, job_id) VALUES (?, ?, ?)")
                .execute(arguments: [key, value, job.id.text])
        }
        try seal(job.id, in: db)
        try NoticeTable.add([JobChange.firstNotice(of: job)], to: job.id, at: job.createdAt, in: db)
    }

    /// Writes a change down if the job is still what it was before.
    ///
    /// - Returns: false, and nothing is written, where it is not.
    static func write(_ change: JobChange, in db: Database) throws -> Bool {
        var values = try status(change.after)
        let assignments = values.keys.sorted().map { "\($0) = :\($0)" }.joined(separator: ", ")
        values["id"] = change.before.id.text.databaseValue
        values["old_version"] = change.before.version.databaseValue
        values["old_state"] = change.before.state.rawValue.databaseValue
        values["old_attempt"] = change.before.attempt.databaseValue
        try db.cachedStatement(
            sql: """
                UPDATE job SET \(assignments)
                WHERE id = :id AND version = :old_version AND state = :old_state AND attempt = :old_attempt
                """
        ).execute(arguments: StatementArguments(values))
        guard db.changesCount == 1 else { return false }
        try seal(change.before.id, in: db)
        try NoticeTable.add(change.notices, to: change.before.id, at: change.date, in: db)
        if !change.parentNotices.isEmpty, let id = change.before.request.parentID,
            let parent = try job(id, in: db), !parent.state.isTerminal
        {
            try NoticeTable.add(change.parentNotices, to: id, at: change.date, in: db)
        }
        for point in change.points where try job(point.jobID, in: db) != nil {
            try TrajectoryTable.add(point, in: db)
        }
        for child in change.children { try insert(child, in: db) }
        return true
    }

    /// Its parent is forgotten when that is deleted; how long it takes is a guess, and like who runs it younger than the
    /// first seals.
    private static let unsealed: Set<String> = ["parent_id", "expected_seconds", "executor"]

    private static func seal(_ id: JobID, in db: Database) throws {
        guard
            let row = try Row.fetchOne(
                db.cachedStatement(sql: "SELECT * FROM job WHERE id = ?"), arguments: [id.text])
        else { return }
        try db.cachedStatement(sql: "UPDATE job SET seal = ? WHERE id = ?")
            .execute(arguments: [RowSeal.of(row, without: unsealed), id.text])
    }

    /// - Throws: `corrupt` for a row that is not what was written.
    static func job(_ row: Row) throws -> Job {
        try RowSeal.check(row, without: unsealed, "a job")
        guard let id = JobID(row["id"]), let kind = JobKind(rawValue: row["kind"]),
            let state = JobState(rawValue: row["state"]), let executor = ExecutorName(rawValue: row["executor"])
        else { throw JobStoreError.corrupt("a job has no id, kind, state or executor that is known") }
        let parent: String? = row["parent_id"]
        let request = JobRequest(
            kind: kind, executor: executor, name: row["name"], method: row["method"], body: row["body"],
            labels: try decode(row["labels"]), priority: row["priority"], parentID: parent.flatMap { JobID($0) },
            expectedSeconds: row["expected_seconds"])
        var status = Job.Status(runAt: Date(timeIntervalSinceReferenceDate: row["run_at"]))
        status.version = row["version"]
        status.state = state
        status.isHeld = row["held"]
        status.attempt = row["attempt"]
        status.crashes = row["crashes"]
        status.retries = row["retries"]
        status.leaseToken = row["lease_token"]
        status.leaseOwner = row["lease_owner"]
        status.heartbeatAt = date(row["heartbeat_at"])
        status.step = row["step"]
        status.totalSteps = row["total_steps"]
        status.checkpointStep = row["checkpoint_step"]
        status.progress = row["progress"]
        status.metrics = try decode(row["metrics"])
        status.metricLines = row["metric_lines"]
        status.reportOffset = row["report_offset"]
        status.cancelRequestedAt = date(row["cancel_requested_at"])
        status.pauseRequestedAt = date(row["pause_requested_at"])
        status.finishRequestedAt = date(row["finish_requested_at"])
        status.finishReason = row["finish_reason"]
        if let reason = (row["failure_reason"] as String?).flatMap({ JobFailure.Reason(rawValue: $0) }) {
            status.failure = JobFailure(reason, row["failure_message"])
        }
        status.startedAt = date(row["started_at"])
        status.finishedAt = date(row["finished_at"])
        return Job(
            id: id, request: request, createdAt: Date(timeIntervalSinceReferenceDate: row["created_at"]),
            status: status)
    }
}

extension JobTable {
    /// The columns that never change.
    private static func request(_ job: Job) throws -> [String: DatabaseValue] {
        let request = job.request
        return [
            "id": job.id.text.databaseValue,
            "kind": request.kind.rawValue.databaseValue,
            "executor": request.executor.rawValue.databaseValue,
            "name": value(request.name),
            "method": request.method.databaseValue,
            "body": request.body.databaseValue,
            "labels": try encode(request.labels),
            "priority": request.priority.databaseValue,
            "parent_id": value(request.parentID?.text),
            "expected_seconds": value(request.expectedSeconds),
            "created_at": value(job.createdAt),
        ]
    }

    /// The columns that change.
    private static func status(_ job: Job) throws -> [String: DatabaseValue] {
        [
            "version": job.version.databaseValue,
            "state": job.state.rawValue.databaseValue,
            "run_at": value(job.runAt),
            "held": job.isHeld.databaseValue,
            "attempt": job.attempt.databaseValue,
            "crashes": job.crashes.databaseValue,
            "retries": job.retries.databaseValue,
            "lease_token": job.leaseToken.databaseValue,
            "lease_owner": value(job.leaseOwner),
            "heartbeat_at": value(job.heartbeatAt),
            "step": job.step.databaseValue,
            "total_steps": value(job.totalSteps),
            "checkpoint_step": value(job.checkpointStep),
            "progress": value(job.progress),
            "metrics": try encode(job.metrics),
            "metric_lines": job.metricLines.databaseValue,
            "report_offset": job.reportOffset.databaseValue,
            "cancel_requested_at": value(job.cancelRequestedAt),
            "pause_requested_at": value(job.pauseRequestedAt),
            "finish_requested_at": value(job.finishRequestedAt),
            "finish_reason": value(job.finishReason),
            "failure_reason": value(job.failure?.reason.rawValue),
            "failure_message": value(job.failure?.message),
            "started_at": value(job.startedAt),
            "finished_at": value(job.finishedAt),
        ]
    }

    private static func value(_ date: Date?) -> DatabaseValue { value(date?.timeIntervalSinceReferenceDate) }

    private static func value(_ value: (some DatabaseValueConvertible)?) -> DatabaseValue {
        value?.databaseValue ?? .null
    }

    private static func date(_ seconds: Double?) -> Date? { seconds.map { Date(timeIntervalSinceReferenceDate: $0) } }

    private static func encode(_ value: some Encodable) throws -> DatabaseValue {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self).databaseValue
    }

    private static func decode<Value: Decodable>(_ text: String) throws -> Value {
        do {
            return try JSONDecoder().decode(Value.self, from: Data(text.utf8))
        } catch {
            throw JobStoreError.corrupt("a job has labels or metrics that are no JSON")
        }
    }
}
