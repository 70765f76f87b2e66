public import Catalogue
import Jobs
import Runs

extension ViTScopeService {
    /// A place for the bytes of a checkpoint, to be fed, then finished or aborted.
    ///
    /// - Parameters:
    ///   - declaredBytes: how many will come; their room is taken at once.
    ///   - sha256: what they have to be; nil where the client does not say.
    /// - Throws: `tooLarge` where the declared size is over the limit already; `diskFull`.
    public func beginUpload(
        declaredBytes: Int? = nil, sha256: String? = nil
    ) async throws(ServiceError) -> UploadWriter {
        try await uploads.begin(declaredBytes: declaredBytes, sha256: sha256) { [self] in countUpload($0) }
    }

    /// The uploads by digest.
    ///
    /// - Throws: `unreadable` for a page token that is none.
    public func allUploads(pageSize: Int? = nil, pageToken: String? = nil) async throws(ServiceError) -> Page<Upload> {
        let all = try await perform { try await uploads.all() }
        return try Page(all, size: pageSize, token: pageToken, limits: configuration.limits)
    }

    /// The upload with this digest, so that nobody needs to send it again.
    ///
    /// - Throws: `notFound`.
    public func upload(_ sha256: String) async throws(ServiceError) -> Upload {
        guard let upload = uploads.upload(sha256) else {
            throw .notFound(.upload, name: sha256.shortened, nearest: [])
        }
        return upload
    }

    /// Removes an upload.
    ///
    /// - Throws: `notFound`; `conflict` where a model is made of it, or a job that is not at its end begins from it.
    public func deleteUpload(_ sha256: String) async throws(ServiceError) {
        _ = try await upload(sha256)
        let users = await catalogue.all.filter { $0.path == "upload:" + sha256 }.map { "“\($0.name)”" }
        guard users.isEmpty else {
            let names = users.prefix(5).joined(separator: ", ")
            throw .conflict(
                "The upload is what the model\(users.count == 1 ? "" : "s") \(names) "
                    + "\(users.count == 1 ? "is" : "are") made of. Delete \(users.count == 1 ? "it" : "them") first.")
        }
        try await perform {
            if let job = try await openJob(naming: sha256) {
                throw ServiceError.conflict(
                    "The job \(job.id) begins from this upload. Wait for its end, or cancel it.")
            }
            try await uploads.remove(sha256)
        }
    }

    /// A job that is not at its end and has `sha256` in its request.
    private func openJob(naming sha256: String) async throws -> Job? {
        guard let store = jobQueue?.store else { return nil }
        var filter = JobFilter()
        filter.states = [.queued, .running]
        return try await store.jobs(filter, before: nil, limit: .max).first { $0.request.body.contains(sha256) }
    }
}
