package import Engine
package import FoundationEssentials
package import Jobs
import Logging
import Platform

extension ResultArchive {
    /// Takes over what the worker of an analysis has left in its folder; nil where it is no question, or left nothing.
    package func take(_ job: Job, in jobs: String, at date: Date) async throws -> AnalysisResult? {
        let folder = JobFolder(job.id, in: jobs)
        guard case .question(let request)? = JobBody(job.request.body)?.work,
            let bytes = try? MappedFile.open(folder.result),
            let manifest = try? MappedFile.open(folder.resultManifest),
            let kind = kinds[request.kind],
            let result = ResultCodec.decode(bytes, id: request.id, kind: kind)
        else { return nil }
        try await store.keep([
            StoredResult(
                id: request.id, kind: request.kind, createdAt: job.finishedAt ?? date,
                manifest: String(decoding: manifest.array, as: UTF8.self), document: bytes.array)
        ])
        return result
    }

    /// Keeps the result of a job whose worker is done, whoever watches. Where that fails, the folder still has it.
    func keepResult(of job: Job, in jobs: String, at date: Date) async {
        guard job.request.kind == .analysis else { return }
        do {
            guard try await take(job, in: jobs, at: date) != nil else { return }
            try await store.prune(to: Self.budget)
        } catch {
            logger.warning("The result of the job \(job.id) is in its folder and not in the database: \(error)")
        }
    }
}
