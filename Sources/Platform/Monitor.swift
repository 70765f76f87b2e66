import Glibc

/// A value that several threads share, and on whose changes they wait.
///
/// A class because what is shared has an identity; unchecked because `mutex` guards the value.
public final class Monitor<Value: Sendable>: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let change = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var value: Value

    public init(_ value: Value) {
        self.value = value
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(change, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        pthread_cond_destroy(change)
        mutex.deallocate()
        change.deallocate()
    }

    /// Reads or changes the value, and wakes those who wait.
    public func withLock<R>(_ body: (inout Value) -> R) -> R {
        // Kept until the mutex is let go of: the last use of `self` would otherwise be before the unlocking, and whoever
        // drops the last reference on another thread frees the mutex under it.
        withExtendedLifetime(self) {
            pthread_mutex_lock(mutex)
            defer {
                pthread_cond_broadcast(change)
                pthread_mutex_unlock(mutex)
            }
            return body(&value)
        }
    }

    /// Calls `body` now and after every change until it returns something, and returns that. Blocks the thread.
    public func wait<R>(_ body: (inout Value) -> R?) -> R {
        withExtendedLifetime(self) {
            pthread_mutex_lock(mutex)
            defer {
                pthread_cond_broadcast(change)
                pthread_mutex_unlock(mutex)
            }
            while true {
                if let result = body(&value) { return result }
                pthread_cond_wait(change, mutex)
            }
        }
    }
}
