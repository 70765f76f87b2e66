import Catalogue
import Engine
import Service
import ServiceTestSupport
import Synchronization
import TestSupport
import Testing

/// Large answers that clients have not taken yet.
@Suite struct AnswerBodiesTests {
    @Test func bodiesAreBounded() async throws {
        let bodies = AnswerBodies(budget: 1000)
        func body(_ key: String, _ bytes: Int) async throws -> AnswerBody {
            try await bodies.body(key, estimate: bytes) {
                EncodedResult(png: [UInt8](repeating: 1, count: bytes))
            }
        }
        let held = try await body("a", 600)
        let made = Mutex(0)
        let again = try await bodies.body("a", estimate: 600) {
            made.withLock { $0 += 1 }
            return EncodedResult(png: [])
        }
        #expect(again === held && made.withLock { $0 } == 0, "who wants the same shares it")
        #expect(bodies.bytes == 600)
        let error = await failure { _ = try await body("b", 500) }
        guard case .busy(_, let seconds)? = error else { return #expect(Bool(false), "\(String(describing: error))") }
        #expect(seconds > 0)
        withExtendedLifetime(held) {}
    }

    @Test func whatNobodyHoldsIsFree() async throws {
        let bodies = AnswerBodies(budget: 1000)
        do {
            let body = try await bodies.body("a", estimate: 100) {
                EncodedResult(png: [UInt8](repeating: 1, count: 900))
            }
            #expect(bodies.bytes == 900, "what it is counts, not what it was thought to be")
            withExtendedLifetime(body) {}
        }
        #expect(bodies.bytes == 0)
        struct Torn: Error {}
        await #expect(throws: Torn.self) { _ = try await bodies.body("a", estimate: 100) { throw Torn() } }
        #expect(bodies.bytes == 0, "a failure holds nothing")
        // One alone is always made.
        let huge = try await bodies.body("h", estimate: 5000) { EncodedResult(png: [UInt8](repeating: 1, count: 5000)) }
        #expect(huge.bytes.count == 5000)
    }
}
