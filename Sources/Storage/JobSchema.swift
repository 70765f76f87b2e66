import GRDB

/// The tables, and how they came to be.
///
/// Dates are seconds since 2001, which is what a `Date` holds, so that they come back exactly as they were.
/// The constraints repeat what `Job.applying` never breaks; a writer that does is refused.
enum JobSchema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { db in
            try db.execute(sql: first)
            try db.execute(
                sql: """
                    PRAGMA application_id = \(JobDatabase.applicationID);
                    PRAGMA user_version = 1;
                    """)
        }
        migrator.registerMigration("2") { db in try db.execute(sql: second) }
        migrator.registerMigration("3") { db in try db.execute(sql: third) }
        migrator.registerMigration("4") { db in
            try db.execute(sql: fourth)
            try db.execute(sql: "PRAGMA user_version = 2")
        }
        migrator.registerMigration("5") { db in
            try db.execute(sql: fifth)
            try db.execute(sql: "PRAGMA user_version = 3")
        }
        return migrator
    }

    private static let second = """
        CREATE TABLE result (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            kind TEXT NOT NULL,
            created_at REAL NOT NULL,
            read_at REAL NOT NULL,
            manifest TEXT NOT NULL,
            document BLOB,
            CONSTRAINT result_id_is_a_digest CHECK (length(id) = 64)
        ) STRICT;
        CREATE INDEX result_kind ON result(kind, sequence);
        """

    /// Numbers over what a row says (`RowSeal`). The document of a result has its own, because it is read alone.
    private static let third = """
        ALTER TABLE job ADD COLUMN seal INTEGER;
        ALTER TABLE notice ADD COLUMN seal INTEGER;
        ALTER TABLE trajectory ADD COLUMN seal INTEGER;
        ALTER TABLE result ADD COLUMN seal INTEGER;
        ALTER TABLE result ADD COLUMN document_seal INTEGER;
        """

    /// What is asked of many jobs is an entry of an index. Results have a file of their own from here on.
    private static let fourth = """
        ALTER TABLE job ADD COLUMN expected_seconds REAL;
        DROP INDEX job_state;
        CREATE INDEX job_state ON job(kind, state, id);
        CREATE INDEX job_kind ON job(kind, id);
        CREATE TABLE job_label (
            key TEXT NOT NULL,
            value TEXT NOT NULL,
            job_id TEXT NOT NULL REFERENCES job(id) ON DELETE CASCADE,
            PRIMARY KEY (key, value, job_id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX job_label_job ON job_label(job_id);
        INSERT INTO job_label (key, value, job_id)
            SELECT label.key, label.value, job.id FROM job, json_each(job.labels) AS label;
        """

    /// Each executor takes jobs of its own.
    private static let fifth = """
        ALTER TABLE job ADD COLUMN executor TEXT NOT NULL DEFAULT 'local'
            CONSTRAINT job_executor_is_known CHECK (executor IN ('local', 'slurm'));
        DROP INDEX job_ready;
        CREATE INDEX job_ready ON job(kind, executor, priority, run_at, sequence) WHERE state = 'queued' AND NOT held;
        """

    private static let first = """
        CREATE TABLE job (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            kind TEXT NOT NULL,
            name TEXT,
            method TEXT NOT NULL,
            body TEXT NOT NULL,
            labels TEXT NOT NULL,
            priority INTEGER NOT NULL,
            parent_id TEXT REFERENCES job(id) ON DELETE SET NULL,
            created_at REAL NOT NULL,
            version INTEGER NOT NULL,
            state TEXT NOT NULL,
            run_at REAL NOT NULL,
            held INTEGER NOT NULL,
            attempt INTEGER NOT NULL,
            crashes INTEGER NOT NULL,
            retries INTEGER NOT NULL,
            lease_token INTEGER NOT NULL,
            lease_owner TEXT,
            heartbeat_at REAL,
            step INTEGER NOT NULL,
            total_steps INTEGER,
            checkpoint_step INTEGER,
            progress TEXT,
            metrics TEXT NOT NULL,
            metric_lines INTEGER NOT NULL,
            report_offset INTEGER NOT NULL,
            cancel_requested_at REAL,
            pause_requested_at REAL,
            finish_requested_at REAL,
            finish_reason TEXT,
            failure_reason TEXT,
            failure_message TEXT,
            started_at REAL,
            finished_at REAL,
            CONSTRAINT job_kind_is_known CHECK (kind IN ('training', 'analysis')),
            CONSTRAINT job_state_is_known
                CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
            CONSTRAINT job_at_its_end_has_finished
                CHECK ((finished_at IS NOT NULL) = (state IN ('succeeded', 'failed', 'cancelled'))),
            CONSTRAINT job_running_has_an_owner CHECK ((lease_owner IS NOT NULL) = (state = 'running')),
            CONSTRAINT job_held_is_queued CHECK (held IN (0, 1) AND (NOT held OR state = 'queued')),
            CONSTRAINT job_failed_has_a_failure
                CHECK ((failure_reason IS NOT NULL) = (state = 'failed')
                    AND (failure_message IS NOT NULL) = (state = 'failed')),
            CONSTRAINT job_cancelled_was_asked CHECK (state != 'cancelled' OR cancel_requested_at IS NOT NULL),
            CONSTRAINT job_asked_to_cancel_does_not_go_on
                CHECK (cancel_requested_at IS NULL OR state IN ('running', 'cancelled')),
            CONSTRAINT job_asked_to_pause_is_running CHECK (pause_requested_at IS NULL OR state = 'running'),
            CONSTRAINT job_asked_to_finish_has_a_reason
                CHECK ((finish_requested_at IS NOT NULL) = (finish_reason IS NOT NULL)),
            CONSTRAINT job_counts_from_zero
                CHECK (version >= 0 AND attempt >= 0 AND crashes >= 0 AND retries >= 0 AND lease_token >= 0
                    AND step >= 0 AND total_steps >= 0 AND checkpoint_step >= 0 AND metric_lines >= 0
                    AND report_offset >= 0)
        ) STRICT;
        CREATE INDEX job_ready ON job(kind, priority, run_at, sequence) WHERE state = 'queued' AND NOT held;
        CREATE INDEX job_state ON job(kind, state);
        CREATE INDEX job_parent ON job(parent_id);

        CREATE TABLE notice (
            job_id TEXT NOT NULL REFERENCES job(id) ON DELETE CASCADE,
            number INTEGER NOT NULL,
            at REAL NOT NULL,
            kind TEXT NOT NULL,
            data TEXT NOT NULL,
            PRIMARY KEY (job_id, number),
            CONSTRAINT notice_counts_from_one CHECK (number >= 1)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE trajectory (
            job_id TEXT NOT NULL REFERENCES job(id) ON DELETE CASCADE,
            metric TEXT NOT NULL,
            step INTEGER NOT NULL,
            epoch REAL NOT NULL,
            data TEXT NOT NULL,
            PRIMARY KEY (job_id, metric, step)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE idempotency (
            key TEXT NOT NULL PRIMARY KEY,
            fingerprint TEXT NOT NULL,
            job_id TEXT NOT NULL REFERENCES job(id) ON DELETE CASCADE,
            created_at REAL NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX idempotency_age ON idempotency(created_at);
        CREATE INDEX idempotency_job ON idempotency(job_id);
        """
}
