package import Jobs

/// What a worker has to do: `spec.json`.
package struct JobSpec: Sendable, Equatable {
    package let id: JobID
    package let work: JobWork
    /// Threads that compute.
    package let threads: Int
    /// What the worker's log names; nil for nothing.
    package let trace: String?
    /// The job whose snapshot is looked at, or that this one repeats.
    package let parentID: JobID?
    package let dataDirectory: String
    package let datasetsDirectory: String?

    /// What the worker of `job` has to do.
    ///
    /// - Throws: `JobFolderError` where the job carries no such thing.
    package init(_ job: Job, dataDirectory: String, datasetsDirectory: String?) throws(JobFolderError) {
        guard let body = JobBody(job.request.body), body.work.jobKind == job.request.kind else {
            throw JobFolderError("The job \(job.id) does not say what is to be done.")
        }
        id = job.id
        work = body.work
        (threads, trace) = (body.threads, body.trace)
        parentID = job.request.parentID
        self.dataDirectory = dataDirectory
        self.datasetsDirectory = datasetsDirectory
    }

    /// Processes that work together.
    package var ranks: Int {
        guard case .training(let order) = work else { return 1 }
        return order.ranks
    }

    /// The request that this was made of, but for its priority, which only the store knew.
    ///
    /// - Throws: as `JobBody.text`.
    package func request() throws -> JobRequest {
        try JobRequest(JobBody(work, threads: threads, trace: trace), parentID: parentID)
    }
}

extension JobSpec: Codable {
    private enum CodingKeys: String, CodingKey {
        case id, work, threads, trace
        case parentID = "parent_id"
        case dataDirectory = "data_directory"
        case datasetsDirectory = "datasets_directory"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func job(_ key: CodingKeys) throws -> JobID? {
            guard let text = try container.decodeIfPresent(String.self, forKey: key) else { return nil }
            guard let id = JobID(text) else {
                throw DecodingError.dataCorruptedError(
                    forKey: key, in: container, debugDescription: "“\(text)” is no id of a job.")
            }
            return id
        }
        guard let id = try job(.id) else {
            throw DecodingError.dataCorruptedError(forKey: .id, in: container, debugDescription: "The id is missing.")
        }
        self.id = id
        parentID = try job(.parentID)
        dataDirectory = try container.decode(String.self, forKey: .dataDirectory)
        datasetsDirectory = try container.decodeIfPresent(String.self, forKey: .datasetsDirectory)
        guard dataDirectory.hasPrefix("/") else {
            throw DecodingError.dataCorruptedError(
                forKey: .dataDirectory, in: container, debugDescription: "The data directory is not absolute.")
        }
        let body = try JobBody(from: decoder)
        (work, threads, trace) = (body.work, body.threads, body.trace)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id.text, forKey: .id)
        try container.encode(work, forKey: .work)
        try container.encode(threads, forKey: .threads)
        try container.encodeIfPresent(trace, forKey: .trace)
        try container.encodeIfPresent(parentID?.text, forKey: .parentID)
        try container.encode(dataDirectory, forKey: .dataDirectory)
        try container.encodeIfPresent(datasetsDirectory, forKey: .datasetsDirectory)
    }
}
