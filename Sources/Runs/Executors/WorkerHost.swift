import Jobs

/// Where workers run. Four calls are all that it takes: to submit, to look, to cancel, and to submit once more, which is
/// how a job goes back in line.
protocol WorkerHost: Sendable {
    /// Has a worker started for the job's folder, which says what is to be done.
    func submit(_ job: Job, _ folder: JobFolder) async throws

    /// Whether the worker lives. Quick: whoever has to ask far away asks in the background.
    func look(at job: Job, _ folder: JobFolder) async -> WorkerLife

    /// Ends the worker, where it is and where it may come to be. What this cannot wait for, `look` shows later.
    func cancel(_ job: Job, _ folder: JobFolder) async

    /// The job is deleted.
    func forget(_ id: JobID)
}

/// Whether a worker lives.
struct WorkerLife {
    /// How it ended, unless it said that itself; nil while it lives.
    var end: WorkerLook.Outcome?
    /// Grows while there is another reason than the worker's own word to believe that all is well.
    var signs = 0
    /// What users should know.
    var notices: [JobNotice] = []
}
