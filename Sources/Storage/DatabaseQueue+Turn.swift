import GRDB
import Jobs
import Synchronization

extension DatabaseQueue {
    /// Waits for its turn. A caller who is cancelled waits too, and so learns what was committed.
    ///
    /// - Parameters:
    ///   - isOpen: false once the last one is in line.
    ///   - isLast: whether what comes afterwards is refused.
    func turn<Value: Sendable>(
        _ isOpen: borrowing Mutex<Bool>, isLast: Bool, _ work: @escaping @Sendable (Database) throws -> Value
    ) async throws(JobStoreError) -> Value {
        do {
            return try await withCheckedThrowingContinuation { done in
                let isTaken = isOpen.withLock { isOpen in
                    guard isOpen else { return false }
                    // Within the lock, so that nothing is in line behind the last one when the file is closed.
                    asyncWriteWithoutTransaction { db in done.resume(with: Result { try work(db) }) }
                    isOpen = !isLast
                    return true
                }
                if !isTaken { done.resume(throwing: JobStoreError.failed("it is closed; start the server again")) }
            }
        } catch {
            throw JobStoreError(error)
        }
    }
}
