public import FoundationEssentials
import GRDB
public import Jobs
import Synchronization

/// Jobs in one SQLite file, on one connection.
///
/// A class because it is an open file. There is one connection, so SQLite before 3.51.3, which may damage a file that
/// two connections write, is safe too; `lock` in the data directory keeps other processes out.
public final class SQLiteJobStore: JobStore {
    private let database: DatabaseQueue
    private let path: String
    private let isOpen = Mutex(true)
    public let warnings: [String]
    /// A longer log moves into the main file, bytes.
    package static let longestLog = 4 << 20

    /// Opens the file at `path`, or makes it, and brings it up to date.
    ///
    /// - Throws: where the file is damaged, or of a newer version of the program.
    public init(path: String) async throws(JobStoreError) {
        self.path = path
        do {
            (database, warnings) = try await Task { try JobDatabase.open(path) }.value
        } catch {
            throw JobStoreError(error)
        }
    }

    /// Everything up to here into the main file, so that the log beside it is empty.
    public func checkpoint() async throws(JobStoreError) { try await run(Self.truncateLog) }

    /// Empties the log and closes the file; what is asked afterwards is refused.
    public func close() async throws(JobStoreError) {
        try await run(isLast: true, Self.truncateLog)
        do { try database.close() } catch { throw JobStoreError(error) }
    }

    /// What is wrong with the file, in words; nothing if all is well.
    public func integrityProblems() async throws(JobStoreError) -> [String] {
        try await read { db in
            let found = try String.fetchAll(db, sql: "PRAGMA integrity_check").filter { $0 != "ok" }
            let strays = try Row.fetchAll(db, sql: "PRAGMA foreign_key_check").map { "a row points nowhere: \($0)" }
            return found + strays
        }
    }
}

extension SQLiteJobStore {
    /// Moves what an earlier version kept of results in this file into `results`, once.
    ///
    /// - Returns: what to say where that cannot be done.
    public func moveResults(to results: SQLiteResultStore) async -> String? {
        do {
            try await move(to: results)
            return nil
        } catch {
            return
                "Results that an earlier version has kept in the queue's database could not be moved to that of results "
                + "(\(error)); they are computed again when they are asked for."
        }
    }

    private func move(to results: SQLiteResultStore) async throws {
        let isThere = try await run { db in
            try Bool.fetchOne(db, sql: "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'result')") ?? false
        }
        guard isThere else { return }
        var last: Int64 = 0
        while true {
            let before = last
            let (found, end) = try await run { db in
                let rows = try Row.fetchAll(
                    db, sql: "SELECT * FROM result WHERE sequence > ? ORDER BY sequence LIMIT 64", arguments: [before])
                let whole = rows.filter { row in
                    let document: DatabaseValue = row["document"], seal: DatabaseValue = row["document_seal"]
                    return RowSeal.matches(row, without: ["sequence", "read_at", "document", "document_seal"])
                        && (seal.isNull || document.isNull
                            || seal == RowSeal.of([("document", document)]).databaseValue)
                }
                return (
                    whole.map { StoredResult(head: $0, document: Data.fromDatabaseValue($0["document"])) },
                    rows.last.map { $0["sequence"] as Int64 }
                )
            }
            try await results.keep(found)
            guard let end else { break }
            last = end
        }
        try await results.settle()
        _ = try await write { db in try db.execute(sql: "DROP TABLE result") }
    }
}

extension SQLiteJobStore {
    public func submit(_ job: Job, key: IdempotencyKey?, limit: Int) async throws -> Submission {
        try await write { db in
            if let key, let known = try Self.replay(key, at: job.createdAt, in: db) { return known }
            guard try Self.count(job.request.kind, .queued, in: db) < limit else { return .full }
            try JobTable.insert(job, in: db)
            guard let job = try JobTable.job(job.id, in: db) else { return .full }
            if let key { try Self.keep(key, for: job, in: db) }
            return .accepted(job)
        }
    }

    public func replay(_ key: IdempotencyKey, at date: Date) async throws -> Submission? {
        try await read { db in try Self.replay(key, at: date, in: db) }
    }

    public func job(_ id: JobID) async throws -> Job? {
        try await read { db in try JobTable.job(id, in: db) }
    }

    public func jobs(_ filter: JobFilter, before: JobID?, limit: Int) async throws -> [Job] {
        let query = JobQuery(filter, before: before, limit: limit)
        return try await read { db in
            try Row.fetchAll(db, sql: query.sql, arguments: query.arguments).map { try JobTable.job($0) }
        }
    }

    public func count(_ kind: JobKind, _ state: JobState) async throws -> Int {
        try await read { db in try Self.count(kind, state, in: db) }
    }

    public func queuePosition(of job: Job) async throws -> Int? {
        try await read { db in
            try Int.fetchOne(
                db,
                sql: """
                    SELECT (SELECT count(*) FROM job AS other
                            WHERE other.kind = job.kind AND other.executor = job.executor
                              AND other.state = 'queued' AND NOT other.held
                              AND (other.priority, other.run_at, other.sequence)
                                < (job.priority, job.run_at, job.sequence))
                    FROM job WHERE id = ? AND state = 'queued' AND NOT held
                    """, arguments: [job.id.text])
        }
    }

    public func secondsBefore(_ job: Job) async throws -> Double {
        try await read { db in
            try Double.fetchOne(
                db,
                sql: """
                    SELECT coalesce((SELECT sum(other.expected_seconds) FROM job AS other
                            WHERE other.kind = job.kind AND other.executor = job.executor
                              AND other.state = 'running' AND other.id != job.id), 0)
                        + coalesce((SELECT sum(other.expected_seconds) FROM job AS other
                            WHERE other.kind = job.kind AND other.executor = job.executor
                              AND other.state = 'queued' AND NOT other.held
                              AND (other.priority, other.run_at, other.sequence)
                                < (job.priority, job.run_at, job.sequence)), 0)
                    FROM job WHERE id = ?
                    """, arguments: [job.id.text]) ?? 0
        }
    }

    public func nextStart() async throws -> Date? {
        try await read { db in
            try Double.fetchOne(db, sql: "SELECT min(run_at) FROM job WHERE state = 'queued' AND NOT held")
                .map { Date(timeIntervalSinceReferenceDate: $0) }
        }
    }

    public func unfinishedChildren(of id: JobID) async throws -> Int {
        try await read { db in try Self.unfinishedChildren(of: id, in: db) }
    }

    public func claim(
        _ kind: JobKind, for executor: ExecutorName, owner: String, at date: Date
    ) async throws -> Job? {
        try await write { db in
            guard
                let row = try Row.fetchOne(
                    db,
                    sql: """
                        SELECT * FROM job
                        WHERE kind = ? AND executor = ? AND state = 'queued' AND NOT held AND (run_at <= ? OR run_at > ?)
                        ORDER BY priority, run_at, sequence LIMIT 1
                        """,
                    arguments: [
                        kind.rawValue, executor.rawValue, date.timeIntervalSinceReferenceDate,
                        Job.endOfWaits(from: date).timeIntervalSinceReferenceDate,
                    ])
            else { return nil }
            let change = try JobChange(JobTable.job(row), .claimed(owner: owner), at: date)
            return try JobTable.write(change, in: db) ? change.after : nil
        }
    }

    public func commit(_ change: JobChange) async throws -> Bool {
        let isWritten = try await write { db in try JobTable.write(change, in: db) }
        // What is finished leaves the log, whose damage would take it away. It is durable in either place.
        if isWritten, change.after.state.isTerminal, !change.before.state.isTerminal {
            try? await run(Self.truncateLog)
        }
        return isWritten
    }

    public func notices(of id: JobID, after number: Int, limit: Int) async throws -> [NumberedNotice] {
        try await read { db in
            try Row.fetchAll(
                db, sql: "SELECT * FROM notice WHERE job_id = ? AND number > ? ORDER BY number LIMIT ?",
                arguments: [id.text, number, max(limit, 0)]
            ).map { try NoticeTable.notice($0) }
        }
    }

    public func lastNotice(of id: JobID) async throws -> Int {
        try await read { db in try NoticeTable.last(of: id, in: db) }
    }

    public func trajectory(of id: JobID, metric: String) async throws -> [TrajectoryPoint] {
        try await read { db in
            try Row.fetchAll(
                db, sql: "SELECT * FROM trajectory WHERE job_id = ? AND metric = ? ORDER BY step",
                arguments: [id.text, metric]
            ).map { try TrajectoryTable.point($0, of: id) }
        }
    }

    public func delete(_ id: JobID) async throws -> [JobID] {
        try await write { db in
            guard let job = try JobTable.job(id, in: db), job.state.isTerminal,
                try Self.unfinishedChildren(of: id, in: db) == 0
            else { return [] }
            let analyses = try String.fetchAll(
                db, sql: "SELECT id FROM job WHERE parent_id = ? AND kind = 'analysis'", arguments: [id.text])
            for gone in analyses + [id.text] {
                try db.execute(sql: "DELETE FROM job WHERE id = ?", arguments: [gone])
            }
            return [id] + analyses.compactMap { JobID($0) }
        }
    }
}

extension SQLiteJobStore {
    @Sendable private static func truncateLog(_ db: Database) throws {
        _ = try Row.fetchOne(db, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
    }

    private static func replay(_ key: IdempotencyKey, at date: Date, in db: Database) throws -> Submission? {
        guard
            let row = try Row.fetchOne(
                db, sql: "SELECT * FROM idempotency WHERE key = ? AND created_at >= ?",
                arguments: [key.text, date.timeIntervalSinceReferenceDate - IdempotencyKey.lifetime])
        else { return nil }
        guard String.fromDatabaseValue(row["fingerprint"]) == key.fingerprint else { return .otherRequest }
        return try String.fromDatabaseValue(row["job_id"]).flatMap { JobID($0) }.flatMap {
            try JobTable.job($0, in: db)
        }.map { .repeated($0) }
    }

    /// Also forgets the keys that are too old.
    private static func keep(_ key: IdempotencyKey, for job: Job, in db: Database) throws {
        let date = job.createdAt.timeIntervalSinceReferenceDate
        try db.execute(
            sql: "DELETE FROM idempotency WHERE created_at < ?", arguments: [date - IdempotencyKey.lifetime])
        try db.execute(
            sql: "INSERT INTO idempotency (key, fingerprint, job_id, created_at) VALUES (?, ?, ?, ?)",
            arguments: [key.text, key.fingerprint, job.id.text, date])
    }

    private static func count(_ kind: JobKind, _ state: JobState, in db: Database) throws -> Int {
        try Int.fetchOne(
            db, sql: "SELECT count(*) FROM job WHERE kind = ? AND state = ?",
            arguments: [kind.rawValue, state.rawValue]) ?? 0
    }

    private static func unfinishedChildren(of id: JobID, in db: Database) throws -> Int {
        try Int.fetchOne(
            db,
            sql: """
                SELECT count(*) FROM job
                WHERE parent_id = ? AND kind = 'analysis' AND state IN ('queued', 'running')
                """, arguments: [id.text]) ?? 0
    }

    func write<Value: Sendable>(
        _ work: @escaping @Sendable (Database) throws -> Value
    ) async throws(JobStoreError) -> Value {
        try await run { [self] db in
            var value: Value?
            try db.inTransaction(.immediate) {
                value = try work(db)
                return .commit
            }
            guard let value else { throw JobStoreError.failed("a transaction came to nothing") }
            // What was committed stays so, also where there is no room to move it.
            if logSize > Self.longestLog { try? Self.truncateLog(db) }
            return value
        }
    }

    private var logSize: Int {
        (try? FileManager.default.attributesOfItem(atPath: path + "-wal"))?[.size] as? Int ?? 0
    }

    /// Nobody else writes to the file, and accesses come one after another, so that reading needs no transaction.
    func read<Value: Sendable>(
        _ work: @escaping @Sendable (Database) throws -> Value
    ) async throws(JobStoreError) -> Value {
        try await run(work)
    }

    private func run<Value: Sendable>(
        isLast: Bool = false, _ work: @escaping @Sendable (Database) throws -> Value
    ) async throws(JobStoreError) -> Value {
        try await database.turn(isOpen, isLast: isLast, work)
    }
}
