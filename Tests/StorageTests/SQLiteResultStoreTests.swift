import Foundation
import GRDB
import Jobs
import JobsTestSupport
import Storage
import TestSupport
import Testing

@Suite struct SQLiteResultStoreTests {
    private func withPath(_ body: (String) async throws -> Void) async throws {
        let folder = try TemporaryFolder()
        try await body(folder.path + "/results.sqlite")
    }

    private func execute(_ sql: String, on path: String) throws {
        let database = try DatabaseQueue(path: path)
        try database.write { try $0.execute(sql: sql) }
        try database.close()
    }

    @Test func keepsResults() async throws {
        try await withPath { path in
            let store = try await SQLiteResultStore(path: path)
            try await ResultStoreConformance.run(on: store)
            let kept = try await store.result(String(repeating: "a", count: 64))
            try await store.close()
            let again = try await SQLiteResultStore(path: path)
            #expect(try await again.result(String(repeating: "a", count: 64)) == kept)
            #expect(kept != nil)
            try await again.close()
        }
    }

    /// A result can be computed again, so a damaged one is as if it were not there.
    @Test func aDamagedResultIsNone() async throws {
        try await withPath { path in
            func result(_ letter: String) -> StoredResult {
                StoredResult(
                    id: String(repeating: letter, count: 64), kind: "k", createdAt: JobSamples.start,
                    manifest: "{\"m\":1}", document: [1, 2, 3, 4])
            }
            let store = try await SQLiteResultStore(path: path)
            for letter in ["a", "b", "c"] { try await store.keep([result(letter)]) }
            try await store.close()
            try execute("UPDATE result SET document = x'01020305' WHERE id LIKE 'a%'", on: path)
            try execute("UPDATE result SET manifest = '{\"m\":0}' WHERE id LIKE 'b%'", on: path)
            let again = try await SQLiteResultStore(path: path)
            #expect(try await again.results(kind: nil, before: nil, limit: 9).map(\.id.first) == ["c", "a"])
            let (a, b, c) = (result("a"), result("b"), result("c"))
            #expect(try await again.result(a.id)?.manifest == a.manifest)
            #expect(try await again.result(a.id)?.document == nil)
            #expect(try await again.result(b.id) == nil)
            #expect(try await again.result(c.id) == c)
            for result in [a, b] {
                try await again.keep([result])
                #expect(try await again.result(result.id) == result)
            }
            try await again.prune(to: 0)
            #expect(try await again.result(c.id)?.document == nil)
            try await again.keep([c])
            #expect(try await again.result(c.id) == c)
            try await again.close()
        }
    }

    /// What all documents take is counted along, whatever is written, completed, let go of or thrown away.
    @Test func theSizeOfAllDocumentsIsKnownWithoutLookingAtThem() async throws {
        try await withPath { path in
            func result(_ letter: String, _ bytes: Int?) -> StoredResult {
                StoredResult(
                    id: String(repeating: letter, count: 64), kind: "k", createdAt: JobSamples.start,
                    manifest: "{}", document: bytes.map { [UInt8](repeating: 1, count: $0) })
            }
            let store = try await SQLiteResultStore(path: path)
            try await store.keep([result("a", 10), result("b", nil), result("c", 5)])
            try await store.keep([result("b", 7), result("a", 99)])
            try await store.prune(to: 12)
            try await store.close()
            let database = try DatabaseQueue(path: path)
            let (said, summed) = try await database.write { db in
                try db.execute(sql: "DELETE FROM result WHERE id LIKE 'c%'")
                return (
                    try Int.fetchOne(db, sql: "SELECT bytes FROM result_size"),
                    try Int.fetchOne(db, sql: "SELECT coalesce(sum(length(document)), 0) FROM result")
                )
            }
            #expect(said == summed)
            try database.close()
        }
    }

    /// No statement walks a table: its cost would grow with what is kept.
    @Test func noQuestionLooksAtMoreThanItNeeds() async throws {
        try await withPath { path in
            let store = try await SQLiteResultStore(path: path)
            try await store.close()
            let database = try DatabaseQueue(path: path)
            for sql in [
                "SELECT id, kind, created_at, manifest, seal FROM result WHERE id = 'a'",
                "SELECT id FROM result WHERE kind = 'k' ORDER BY sequence DESC LIMIT 9",
                "SELECT id FROM result WHERE kind = 'k' AND sequence < (SELECT sequence FROM result WHERE id = 'b') "
                    + "ORDER BY sequence DESC LIMIT 9",
                "SELECT id FROM result WHERE document IS NOT NULL ORDER BY read_at, sequence LIMIT 16",
            ] {
                let plan = try await database.read { db in
                    try Row.fetchAll(db, sql: "EXPLAIN QUERY PLAN " + sql).map { $0["detail"] as String }
                }
                #expect(!plan.contains { $0.contains("TEMP B-TREE") }, "\(sql): \(plan)")
                #expect(!plan.contains { $0.hasPrefix("SCAN") && !$0.contains("INDEX") }, "\(sql): \(plan)")
            }
            try database.close()
        }
    }

    @Test func whatIsNoDatabaseOfResultsIsSetAside() async throws {
        try await withPath { path in
            try Data(
                "no database at all, only text that fills more than a header of one hundred bytes, as it must be".utf8
            )
            .write(to: URL(filePath: path))
            let store = try await SQLiteResultStore(path: path)
            #expect(store.warnings.count == 1, "\(store.warnings)")
            #expect(store.warnings.first?.contains("set-aside/") == true)
            try await ResultStoreConformance.run(on: store)
            try await store.close()
        }
    }

    /// An earlier version kept results beside the jobs.
    @Test func resultsOfAnEarlierVersionMove() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/jobs.sqlite", id = String(repeating: "e", count: 64)
        let jobs = try await SQLiteJobStore(path: path)
        try await jobs.close()
        try execute(
            """
            INSERT INTO result (id, kind, created_at, read_at, manifest, document)
            VALUES ('\(id)', 'fourier', 1, 2, '{"m":1}', x'0102'), ('\(String(repeating: "f", count: 64))', 'cka', 1, 2, '{}', NULL)
            """, on: path)
        let again = try await SQLiteJobStore(path: path)
        let results = try await SQLiteResultStore(path: folder.path + "/results.sqlite")
        #expect(await again.moveResults(to: results) == nil)
        #expect(try await results.result(id)?.document == [1, 2])
        #expect(try await results.results(kind: nil, before: nil, limit: 9).map(\.kind) == ["cka", "fourier"])
        // There is nothing left to move.
        #expect(await again.moveResults(to: results) == nil)
        #expect(try await again.integrityProblems() == [])
        try await again.close()
        try await results.close()
    }
}
