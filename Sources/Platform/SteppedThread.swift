import Glibc

/// A thread whose work stops in its midst when it wants to, while whoever began it goes on: of the two, one runs at a time.
///
/// A class because a thread has an identity; unchecked because `mutex` guards everything that changes.
public final class SteppedThread: @unchecked Sendable {
    /// Where the work is.
    public enum Step: Sendable, Equatable {
        /// It waits in `pause` for `goOn`.
        case paused
        case over
    }

    private let thread: WorkerThread
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let change = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var isWorking = false
    private var step = Step.over

    /// - Parameter prepare: runs first on the thread, for libraries with settings of their own a thread.
    public init(prepare: @escaping @Sendable () -> Void = {}) {
        thread = WorkerThread(prepare: prepare)
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(change, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        pthread_cond_destroy(change)
        mutex.deallocate()
        change.deallocate()
    }

    /// Has `work` run on the thread, and waits until it pauses or is over. What was begun before must be over.
    public func begin(_ work: @escaping @Sendable () -> Void) -> Step {
        hand {
            thread.enqueue { [self] in
                work()
                leave(at: .over)
            }
        }
    }

    /// Lets work that has paused go on, and waits until it pauses again or is over.
    public func goOn() -> Step { hand {} }

    /// Stops here until `goOn`. Called by the work alone.
    public func pause() {
        leave(at: .paused)
        withExtendedLifetime(self) {
            pthread_mutex_lock(mutex)
            while !isWorking { pthread_cond_wait(change, mutex) }
            pthread_mutex_unlock(mutex)
        }
    }

    /// The other one runs, until it stops.
    private func hand(_ start: () -> Void) -> Step {
        withExtendedLifetime(self) {
            pthread_mutex_lock(mutex)
            isWorking = true
            start()
            pthread_cond_broadcast(change)
            while isWorking { pthread_cond_wait(change, mutex) }
            defer { pthread_mutex_unlock(mutex) }
            return step
        }
    }

    private func leave(at step: Step) {
        withExtendedLifetime(self) {
            pthread_mutex_lock(mutex)
            self.step = step
            isWorking = false
            pthread_cond_broadcast(change)
            pthread_mutex_unlock(mutex)
        }
    }
}
