public import Jobs
import Testing

/// What every store of results does.
public enum ResultStoreConformance {
    private static func result(
        _ digit: Character, kind: String = "fourier", bytes: Int? = 3, second: Double = 0
    ) -> StoredResult {
        StoredResult(
            id: String(repeating: digit, count: 64), kind: kind, createdAt: JobSamples.date(second),
            manifest: "{\"\(digit)\":\(bytes ?? 0)}", document: bytes.map { [UInt8](repeating: 7, count: $0) })
    }

    public static func run(on store: any ResultStore) async throws {
        let (a, b, c) = (result("a"), result("b", kind: "cka", bytes: nil), result("c", second: 1))
        #expect(try await store.result(a.id) == nil)
        try await store.keep([a, b])
        try await store.keep([c])
        #expect(try await store.result(a.id) == a)
        #expect(try await store.result(b.id) == b)
        let all = try await store.results(kind: nil, before: nil, limit: 9)
        #expect(all.map(\.id) == [c.id, b.id, a.id] && !all.contains { $0.document != nil })
        #expect(try await store.results(kind: "fourier", before: c.id, limit: 9).map(\.id) == [a.id])
        #expect(try await store.results(kind: nil, before: nil, limit: 1).map(\.id) == [c.id])
        // What is whole stays; what was only announced is completed.
        try await store.keep([result("a", bytes: 9)])
        #expect(try await store.result(a.id) == a)
        try await store.keep([result("b", kind: "cka", bytes: 4)])
        #expect(try await store.result(b.id)?.document?.count == 4)
        #expect(try await store.result(b.id)?.manifest == "{\"b\":4}")
        // The last read stay, the others keep their manifests.
        try await store.prune(to: 7)
        #expect(try await store.result(b.id)?.document?.count == 4)
        #expect(try await store.result(a.id)?.document?.count == 3)
        let pruned = try await store.result(c.id)
        #expect(pruned?.document == nil && pruned?.manifest == c.manifest)
    }
}
