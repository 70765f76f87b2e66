import Catalogue
import Jobs
import Training

// Checkpoints of jobs as models: `job:ID@STEP`, and `job:ID@latest`.
extension ViTScopeService {
    private static let prefix = "job:"

    /// The name under which the catalogue knows the model that `name` means: for `job:ID@latest` that of the newest
    /// checkpoint. A checkpoint begins to load.
    ///
    /// - Throws: `notFound`, `gone`, `conflict` for a job without a checkpoint.
    func openName(_ name: String) async throws(ServiceError) -> String {
        guard name.hasPrefix(Self.prefix) else { return name }
        let (job, step) = try await parts(name)
        let found = try checkpoint(of: job, step)
        try await checkedBytes(of: found, job)
        let full = "\(Self.prefix)\(job.id)@\(found.step)"
        await catalogue.openJobModel(full, fileAt: found.path)
        return full
    }

    /// The registration with its checkpoint kept among the uploads, where it was one of a job: a job lets go of its
    /// checkpoints, a model does not.
    func keepingCheckpoint(of registration: ModelRegistration) async throws(ServiceError) -> ModelRegistration {
        guard registration.path.hasPrefix(Self.prefix) else { return registration }
        var kept = registration
        let (job, step) = try await parts(registration.path)
        let found = try checkpoint(of: job, step)
        try await checkedBytes(of: found, job)
        do { try uploads.adopt(found.path, sha256: found.sha256) } catch { throw ServiceError(error) }
        kept.path = "upload:\(found.sha256)"
        return kept
    }

    /// Where the checkpoint lies that `name` means.
    func checkpointPath(_ name: String) async throws(ServiceError) -> String {
        let (job, step) = try await parts(name)
        let found = try checkpoint(of: job, step)
        try await checkedBytes(of: found, job)
        return found.path
    }

    private func parts(_ name: String) async throws(ServiceError) -> (Job, step: String) {
        let parts = name.dropFirst(Self.prefix.count).split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[1].isEmpty else {
            throw .invalid(
                "/name", "“\(name.shortened)” names no checkpoint of a job: write job:ID@STEP or job:ID@latest.")
        }
        return (try await find(String(parts[0])), String(parts[1]))
    }
}
