import FoundationEssentials
import Jobs
import JSON
import Logging
import Platform

/// Results beyond the process: what was computed once is found again after a restart.
struct ResultArchive: Sendable {
    /// A larger result is computed again: it would crowd out thousands of others.
    static let largest = 32 << 20
    /// What all of them may take on the disk, bytes.
    static let budget = 4 << 30

    let store: any ResultStore
    let logger: Logger

    /// The result under its id, as it was when it was kept; nil where it is not there.
    func result(_ id: String) async throws -> AnalysisResult? {
        guard let stored = try await store.result(id), let document = stored.document,
            let kind = AnalysisKind(rawValue: stored.kind)
        else { return nil }
        return ResultCodec.decode(document, id: id, kind: kind)
    }

    /// Takes over what the worker of an analysis has left in its folder; nil where it is no question, or left nothing.
    func take(_ job: Job, in jobs: String, at date: Date) async throws -> AnalysisResult? {
        let folder = JobFolder(job.id, in: jobs)
        guard let request = JobBody(job.request.body).flatMap({ AnalysisRequest($0.config) }),
            let bytes = try? MappedFile.open(folder.result),
            let manifest = try? MappedFile.open(folder.resultManifest),
            let result = ResultCodec.decode(bytes.array, id: request.id, kind: request.kind)
        else { return nil }
        try await store.keep(
            StoredResult(
                id: request.id, kind: request.kind.rawValue, createdAt: job.finishedAt ?? date,
                manifest: String(decoding: manifest.array, as: UTF8.self), document: bytes.array))
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

    /// Keeps what was computed. Who computed has an answer even where the disk has no room for it.
    func keep(
        _ result: AnalysisResult, of analysis: PreparedAnalysis, codeVersion: String, threads: Int, at date: Date
    ) async {
        let manifest = Manifest.make(analysis, result, codeVersion: codeVersion, threads: threads, at: date)
        let document = result.byteCount <= Self.largest ? ResultCodec.encode(result) : nil
        do {
            try await store.keep(
                StoredResult(
                    id: result.id, kind: result.kind.rawValue, createdAt: date,
                    manifest: String(decoding: manifest.json, as: UTF8.self), document: document))
            try await store.prune(to: Self.budget)
        } catch {
            logger.warning("The result \(result.id) was answered and not kept: \(error)")
        }
    }
}
