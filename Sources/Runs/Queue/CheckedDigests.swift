package import Platform
import Synchronization
package import Training

/// Whether checkpoints are still what was written. A class because all downloads share what was found.
package final class CheckedDigests: Sendable {
    /// A download that comes in ranges need not read the whole file for each.
    private static let lifetime = Duration.seconds(600)
    private static let most = 256

    private let found = Mutex<[String: (digest: String, until: ContinuousClock.Instant)]>([:])

    package init() {}

    /// Whether `bytes` have the digest that was written down with the checkpoint.
    package func check(_ bytes: Bytes, of checkpoint: StoredCheckpoint, on thread: WorkerThread) async throws -> Bool {
        let known = found.withLock { $0[checkpoint.path] }
        if let known, known.digest == checkpoint.sha256, known.until > .now, bytes.count == checkpoint.sizeBytes {
            return true
        }
        guard bytes.count == checkpoint.sizeBytes,
            try await thread.run({ SHA256.hex(of: bytes) }) == checkpoint.sha256
        else { return false }
        found.withLock { found in
            if found.count >= Self.most { found = [:] }
            found[checkpoint.path] = (checkpoint.sha256, .now + Self.lifetime)
        }
        return true
    }
}
