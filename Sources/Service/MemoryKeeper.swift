import Platform
import Synchronization

/// Gives freed memory back to the system, some time after something was done: left alone, the heap keeps what the busiest
/// moment took. Where nothing is done it does nothing.
///
/// A class because all who do something share the wait.
package final class MemoryKeeper: Sendable {
    private let pause: Duration
    private let trim: @Sendable () -> Void
    private let isWaiting = Mutex(false)

    /// - Parameters:
    ///   - pause: from the first thing that was done.
    ///   - trim: gives it back.
    package init(pause: Duration = .seconds(60), trim: @escaping @Sendable () -> Void = Machine.trimMemory) {
        self.pause = pause
        self.trim = trim
    }

    /// Something was done.
    package func used() {
        let begins = isWaiting.withLock { isWaiting in
            defer { isWaiting = true }
            return !isWaiting
        }
        guard begins else { return }
        Task.detached { [self] in
            try? await Task.sleep(for: pause)
            isWaiting.withLock { $0 = false }
            trim()
        }
    }
}
