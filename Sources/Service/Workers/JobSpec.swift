package import Jobs
package import JSON

/// What a worker has to do: `spec.json`.
package struct JobSpec: Sendable, Equatable {
    package let id: JobID
    package let kind: JobKind
    /// Training: the job as posted. Analysis: a `SnapshotRequest`.
    package let body: JSONValue
    /// The job whose snapshot is looked at.
    package let parentID: JobID?
    package let dataDirectory: String
    package let datasetsDirectory: String?
    /// Threads that compute.
    package let threads: Int
    /// Where the checkpoint lies that a configuration's `init_from` names.
    package let initFromPath: String?

    /// What the worker of `job` has to do.
    ///
    /// - Throws: `JobFolderError` where the job carries no such thing.
    package init(_ job: Job, dataDirectory: String, datasetsDirectory: String?) throws(JobFolderError) {
        guard let body = JobBody(job.request.body) else {
            throw JobFolderError("The job \(job.id) does not say what is to be done.")
        }
        id = job.id
        kind = job.request.kind
        self.body = body.config
        parentID = job.request.parentID
        self.dataDirectory = dataDirectory
        self.datasetsDirectory = datasetsDirectory
        threads = body.threads
        initFromPath = body.initFromPath
    }

    /// Nil for a document that is no such thing.
    package init?(_ value: JSONValue) {
        guard let id = value["id"]?.string.flatMap({ JobID($0) }),
            let kind = value["kind"]?.string.flatMap(JobKind.init),
            let body = value["body"], let data = value["data_directory"]?.string, data.hasPrefix("/")
        else { return nil }
        self.id = id
        self.kind = kind
        self.body = body
        parentID = value["parent_id"]?.string.flatMap { JobID($0) }
        dataDirectory = data
        datasetsDirectory = value["datasets_directory"]?.string
        threads = value["threads"]?.int.map { max(1, min($0, 1024)) } ?? 1
        initFromPath = value["init_from_path"]?.string
    }

    package var value: JSONValue {
        .object([
            .init("id", .string(id.text)), .init("kind", .string(kind.rawValue)), .init("body", body),
            .init("parent_id", .optional(parentID?.text)), .init("data_directory", .string(dataDirectory)),
            .init("datasets_directory", .optional(datasetsDirectory)), .init("threads", .int(threads)),
            .init("init_from_path", .optional(initFromPath)),
        ])
    }

    /// The request that this was made of, but for its priority, which only the store knew.
    var request: JobRequest {
        var request = JobRequest(
            kind: kind, name: body["name"]?.string, method: body["method"]?.string ?? "analysis",
            body: JobBody(config: body, initFromPath: initFromPath, threads: threads).text, parentID: parentID)
        for label in body["labels"]?.object ?? [] {
            if let value = label.value.string { request.labels[label.name] = value }
        }
        guard kind == .analysis else { return request }
        request.method = "analysis"
        if let question = AnalysisRequest(body) {
            request.name = question.kind.rawValue
            request.labels = [AnalysisRequest.label: question.id]
        } else {
            request.priority = JobRequest.lowPriority
        }
        return request
    }
}
