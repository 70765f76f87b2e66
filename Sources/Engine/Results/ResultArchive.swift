package import FoundationEssentials
package import Jobs
import JSON
package import Logging
import Platform

/// Results beyond the process: what was computed once is found again after a restart.
package struct ResultArchive: Sendable {
    /// A larger result is computed again: it would crowd out thousands of others.
    static let largest = 32 << 20
    /// What all of them may take on the disk, bytes.
    package static let budget = 4 << 30

    package let store: any ResultStore
    package let logger: Logger
    package let kinds: AnalysisKinds

    package init(store: any ResultStore, logger: Logger, kinds: AnalysisKinds) {
        self.store = store
        self.logger = logger
        self.kinds = kinds
    }

    /// The result under its id, as it was when it was kept; nil where it is not there.
    package func result(_ id: String) async throws -> AnalysisResult? {
        guard let stored = try await store.result(id), let document = stored.document,
            let kind = kinds[stored.kind]
        else { return nil }
        return ResultCodec.decode(Bytes(document), id: id, kind: kind)
    }

    /// What is kept of a result. Takes time where it is large.
    package static func stored(
        _ result: AnalysisResult, of analysis: PreparedAnalysis, codeVersion: String, threads: Int, at date: Date
    ) -> StoredResult {
        let manifest = Manifest.make(analysis, result, codeVersion: codeVersion, threads: threads, at: date)
        return StoredResult(
            id: result.id, kind: result.kind.name, createdAt: date, manifest: manifest.text,
            document: result.byteCount <= largest ? ResultCodec.encode(result) : nil)
    }

    /// Keeps what was computed. Who computed has an answer even where the disk has no room for it.
    package func keep(_ results: [StoredResult]) async {
        do {
            try await store.keep(results)
            try await store.prune(to: Self.budget)
        } catch {
            logger.warning("\(results.count) results were answered and not kept: \(error)")
        }
    }
}
