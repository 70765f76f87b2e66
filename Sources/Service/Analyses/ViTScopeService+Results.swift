public import Catalogue
import Engine
import Jobs
public import JSON

extension ViTScopeService {
    /// The results that are kept, the newest first: id, kind, models, images and when.
    ///
    /// - Parameter kind: nil for all.
    /// - Throws: `invalid`, `unreadable` for a page token that is none.
    public func results(
        kind: String? = nil, pageSize: Int? = nil, pageToken: String? = nil
    ) async throws(ServiceError) -> Page<JSONValue> {
        let size = try configuration.limits.size(ofPage: pageSize)
        if let pageToken, !Digest.isValid(pageToken) { throw .pageToken(pageToken) }
        if let kind, kind != "comparison", reader.kinds[kind] == nil {
            let advice = AnalysisKinds.advice(on: kind, among: reader.kinds.all)
            throw .invalid("?analysis", "There is no analysis “\(kind.shortened)”. \(advice)")
        }
        guard let archive else { return Page(items: [], nextPageToken: nil) }
        await keeper.settle()
        return try await perform {
            var found = try await archive.store.results(kind: kind, before: pageToken, limit: size + 1)
            let isMore = found.count > size
            if isMore { found.removeLast() }
            return Page(items: found.map(Self.summary), nextPageToken: isMore ? found.last?.id : nil)
        }
    }

    private static func summary(_ stored: StoredResult) -> JSONValue {
        let manifest = try? JSONValue.parse(Array(stored.manifest.utf8))
        return .object([
            .init("analysis_id", .string(stored.id)), .init("analysis", .string(stored.kind)),
            .init("created_at", .date(stored.createdAt)),
            .init(
                "models",
                .strings(
                    (manifest?["models"]?.list ?? []).compactMap { $0["name"]?.string }
                        + (manifest?["parts"]?.list ?? []).flatMap { $0["models"]?.list?.compactMap(\.string) ?? [] }
                        .reduce(into: []) { if !$0.contains($1) { $0.append($1) } })),
            .init("probe_set", .optional(manifest?["probe_set"]?["name"]?.string)),
            .init("links", .object([.init("self", .string("/v1/analyses/\(stored.id)"))])),
        ])
    }
}
