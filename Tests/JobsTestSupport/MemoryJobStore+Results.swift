public import Foundation
public import Jobs

extension MemoryJobStore: ResultStore {
    public func keep(_ new: [StoredResult]) { new.forEach(keep) }

    private func keep(_ result: StoredResult) {
        let known = results.firstIndex { $0.id == result.id }
        guard let known else { return results.append(result) }
        let old = results[known]
        results[known] = StoredResult(
            id: old.id, kind: old.kind, createdAt: old.createdAt,
            manifest: old.document == nil ? result.manifest : old.manifest, document: old.document ?? result.document)
    }

    public func result(_ id: String) -> StoredResult? {
        guard let place = results.firstIndex(where: { $0.id == id }) else { return nil }
        reads.removeAll { $0 == id }
        reads.append(id)
        return results[place]
    }

    public func results(kind: String?, before: String?, limit: Int) -> [StoredResult] {
        let end = before.flatMap { id in results.firstIndex { $0.id == id } } ?? results.count
        return results[..<end].reversed().filter { kind == nil || $0.kind == kind }.prefix(limit).map(Self.bare)
    }

    public func prune(to bytes: Int) {
        // What was read last comes first; what was never read comes last, the oldest at the end.
        let order = reads.reversed() + results.map(\.id).filter { !reads.contains($0) }.reversed()
        var kept = 0
        for id in order {
            guard let place = results.firstIndex(where: { $0.id == id }), let size = results[place].document?.count
            else { continue }
            if kept + size > bytes { results[place] = Self.bare(results[place]) } else { kept += size }
        }
    }

    public func forget(readBefore date: Date, isDry: Bool) -> Int {
        let old = results.filter { $0.createdAt < date && !reads.contains($0.id) }.map(\.id)
        if !isDry { results.removeAll { old.contains($0.id) } }
        return old.count
    }

    private static func bare(_ result: StoredResult) -> StoredResult {
        StoredResult(
            id: result.id, kind: result.kind, createdAt: result.createdAt, manifest: result.manifest, document: nil)
    }
}
