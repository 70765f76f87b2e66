import Jobs

/// Why a job cannot be done, as the server wants to hear it.
struct WorkerFailure: Error {
    let failure: JobFailure
}
