import Catalogue
package import Engine
import Platform
import Synchronization

/// The bodies of large answers, which clients take at their own speed: those who want the same one share it, and all of
/// them together are bounded.
///
/// A class because who holds what is shared.
package final class AnswerBodies: Sendable {
    private struct Held {
        weak var body: AnswerBody?
    }

    private struct State {
        var bodies: [String: Held] = [:]
        /// Of all bodies that somebody holds, and of those in the making.
        var bytes = 0
    }

    /// A smaller answer is not worth the bookkeeping.
    static let smallest = 256 << 10

    private let budget: Int
    private let state = Mutex(State())
    private let turns = TurnKeeper()

    /// - Parameter budget: bytes of all bodies at the most.
    package init(budget: Int) { self.budget = budget }

    /// Bytes of all bodies that somebody holds.
    package var bytes: Int { state.withLock { $0.bytes } }

    /// The body called `key`, made where nobody holds it.
    ///
    /// - Parameter estimate: its bytes, about.
    /// - Throws: `ServiceError.busy` where others hold too much, and what `make` throws.
    package func body(
        _ key: String, estimate: Int, _ make: @Sendable () async throws -> EncodedResult
    ) async throws -> AnswerBody {
        try await turns.withTurn(for: key) { [self] in
            if let held = state.withLock({ $0.bodies[key]?.body }) { return held }
            try take(estimate)
            let encoded: EncodedResult
            do { encoded = try await make() } catch {
                state.withLock { $0.bytes -= estimate }
                throw error
            }
            let body = AnswerBody(encoded) { [self] in release(key, encoded.bytes.count) }
            state.withLock { state in
                state.bytes += encoded.bytes.count - estimate
                state.bodies[key] = Held(body: body)
            }
            return body
        }
    }

    private func take(_ bytes: Int) throws(ServiceError) {
        let isTaken = state.withLock { state in
            // One alone is always made: what is too large for a form is refused elsewhere.
            guard state.bytes == 0 || state.bytes <= budget - bytes else { return false }
            state.bytes += bytes
            return true
        }
        guard !isTaken else { return }
        throw .busy(
            "Answers that clients have not taken yet hold \(ByteCount.text(budget)). Take them, or ask later.",
            retryAfter: 5)
    }

    private func release(_ key: String, _ bytes: Int) {
        state.withLock { state in
            state.bytes -= bytes
            // Another may have taken its place.
            if state.bodies[key]?.body == nil { state.bodies[key] = nil }
        }
    }
}

/// The body of an answer while somebody holds it. A class because those who want the same one share it.
public final class AnswerBody: Sendable {
    private let encoded: EncodedResult
    private let released: @Sendable () -> Void

    init(_ encoded: EncodedResult, released: @escaping @Sendable () -> Void = {}) {
        self.encoded = encoded
        self.released = released
    }

    deinit { released() }

    public var bytes: [UInt8] { encoded.bytes }
    public var mediaType: String { encoded.mediaType }
    /// NPY: shape, number format and names of the extents.
    public var tensor: (shape: [Int], dtype: String, axes: [String])? { encoded.tensor }
    /// NPY: numbers that are not finite.
    public var missingCount: Int { encoded.missingCount }
    /// Whether `bytes` are the gzip form of what `mediaType` says.
    public var isPacked: Bool { encoded.isPacked }
}
