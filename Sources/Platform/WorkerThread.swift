import Glibc

/// One thread of its own that runs closures in the order in which they came, but for those that go ahead: a place for work
/// that would keep the cooperative pool from answering.
///
/// A class because a thread has an identity. The thread ends when the last reference goes.
public final class WorkerThread: Sendable {
    private let line = WorkLine()

    /// - Parameter prepare: runs first on the thread, for libraries with settings of their own a thread.
    public init(prepare: @escaping @Sendable () -> Void = {}) { line.start(prepare) }

    deinit { line.stop() }

    /// Runs `work` on the thread and answers what it returns or throws.
    ///
    /// - Parameter ahead: whether it goes before what waits and did not ask for that.
    public func run<R: Sendable>(
        ahead: Bool = false, _ work: @escaping @Sendable () throws -> R
    ) async throws -> R {
        try await withCheckedThrowingContinuation { continuation in
            line.add(ahead: ahead) { continuation.resume(with: Result(catching: work)) }
        }
    }

    /// Runs `work` as `run`, unless the task was cancelled while it waited for its turn.
    ///
    /// - Throws: `CancellationError`, and what `work` throws.
    public func runIfWanted<R: Sendable>(_ work: @escaping @Sendable () throws -> R) async throws -> R {
        let mark = CancelMark()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                line.add {
                    continuation.resume(
                        with: Result {
                            if mark.isSet { throw CancellationError() }
                            return try work()
                        })
                }
            }
        } onCancel: {
            mark.set()
        }
    }

    /// Runs `work` on the thread; nobody waits for it.
    ///
    /// - Parameter ahead: as in `run`.
    public func enqueue(ahead: Bool = false, _ work: @escaping @Sendable () -> Void) { line.add(ahead: ahead, work) }
}

/// What the thread and those who feed it share; unchecked because `mutex` guards everything that changes.
private final class WorkLine: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let wake = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var waiting: [@Sendable () -> Void] = []
    /// What goes before the others, in its own order.
    private var ahead: [@Sendable () -> Void] = []
    private var isStopping = false
    private var prepare: (@Sendable () -> Void)?

    init() {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(wake, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        pthread_cond_destroy(wake)
        mutex.deallocate()
        wake.deallocate()
    }

    func start(_ prepare: @escaping @Sendable () -> Void) {
        self.prepare = prepare
        // Decoders and recursive descents use more than a thread's usual share of a worker pool. The line is kept until the
        // thread is done with the mutex, which goes with it.
        DetachedThread.start(stackBytes: 8 << 20) { [self] in withExtendedLifetime(self) { work() } }
    }

    func add(ahead isAhead: Bool = false, _ work: @escaping @Sendable () -> Void) {
        withExtendedLifetime(self) {
            pthread_mutex_lock(mutex)
            if isAhead { ahead.append(work) } else { waiting.append(work) }
            pthread_cond_signal(wake)
            pthread_mutex_unlock(mutex)
        }
    }

    func stop() {
        withExtendedLifetime(self) {
            pthread_mutex_lock(mutex)
            isStopping = true
            pthread_cond_signal(wake)
            pthread_mutex_unlock(mutex)
        }
    }

    private func work() {
        prepare?()
        prepare = nil
        while true {
            pthread_mutex_lock(mutex)
            while waiting.isEmpty && ahead.isEmpty && !isStopping { pthread_cond_wait(wake, mutex) }
            let next = !ahead.isEmpty ? ahead.removeFirst() : waiting.isEmpty ? nil : waiting.removeFirst()
            pthread_mutex_unlock(mutex)
            guard let next else { return }
            next()
        }
    }
}
