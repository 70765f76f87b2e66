import Glibc

/// A fixed set of threads that split one loop among themselves: the only CPU in bulk that ViTScope spends.
///
/// The caller's thread works too, so `threads` = 1 starts none. One loop runs at a time; a second caller waits.
/// A class because threads have an identity; unchecked because `mutex` guards everything that changes.
public final class ThreadPool: @unchecked Sendable {
    /// How many threads share a loop, the caller's included.
    public let threads: Int
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let wake = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let finished = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let turn = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private var generation = 0
    private var running = 0
    private var next = 0
    private var count = 0
    private var body: ((Int, Int) -> Void)?

    /// - Parameters:
    ///   - threads: 1 or more.
    ///   - prepare: runs once on every thread that will work, for libraries with settings of their own a thread.
    public init(threads: Int, prepare: @escaping @Sendable () -> Void = {}) {
        precondition(threads >= 1, "a pool needs at least one thread")
        self.threads = threads
        pthread_mutex_init(mutex, nil)
        pthread_mutex_init(turn, nil)
        pthread_cond_init(wake, nil)
        pthread_cond_init(finished, nil)
        for index in 1..<max(threads, 1) where threads > 1 {
            DetachedThread.start(stackBytes: 4 << 20) { [self] in
                prepare()
                work(as: index)
            }
        }
    }

    /// Calls `body(index, thread)` for each index below `count`, in any order, on all threads; returns when all are
    /// done. `thread` is below `threads`, and two calls never share it at the same time. Must not be nested.
    public func parallelFor(_ count: Int, _ body: (_ index: Int, _ thread: Int) -> Void) {
        guard count > 0 else { return }
        guard threads > 1, count > 1 else {
            for index in 0..<count { body(index, 0) }
            return
        }
        pthread_mutex_lock(turn)
        withoutActuallyEscaping(body) { body in
            pthread_mutex_lock(mutex)
            self.body = body
            self.count = count
            next = 0
            running = threads - 1
            generation += 1
            pthread_cond_broadcast(wake)
            pthread_mutex_unlock(mutex)
            drain(body, as: 0)
            pthread_mutex_lock(mutex)
            while running > 0 { pthread_cond_wait(finished, mutex) }
            self.body = nil
            pthread_mutex_unlock(mutex)
        }
        pthread_mutex_unlock(turn)
    }

    /// Splits `count` items into contiguous ranges and calls `body` with each.
    ///
    /// The split depends on the arguments alone, not on the threads: what is summed, or multiplied, range by range has
    /// the same bits on any machine's number of threads.
    ///
    /// - Parameter block: items of a range, more or less; fewer where there would be less than four ranges, down to an
    ///   eighth.
    public func parallelRanges(_ count: Int, block: Int, _ body: (_ range: Range<Int>, _ thread: Int) -> Void) {
        let parts = Self.parts(of: count, block: block)
        parallelFor(parts) { part, thread in
            body(count * part / parts..<count * (part + 1) / parts, thread)
        }
    }

    /// How many ranges `parallelRanges` makes.
    private static func parts(of count: Int, block: Int) -> Int {
        precondition(count >= 0 && block > 0, "no ranges of \(block) items in \(count)")
        guard count > 0 else { return 0 }
        // An even number, so that two threads end together.
        guard count < 4 * block else { return count / block / 2 * 2 }
        return max(1, min(4, count / max(block / 8, 1)))
    }

    private func drain(_ body: (Int, Int) -> Void, as thread: Int) {
        while true {
            pthread_mutex_lock(mutex)
            let index = next
            next += 1
            pthread_mutex_unlock(mutex)
            guard index < count else { return }
            body(index, thread)
        }
    }

    /// A function of its own, so that its reference to the body is gone before the caller learns that all is done.
    @inline(never)
    private func drainShared(as thread: Int) {
        pthread_mutex_lock(mutex)
        let body = body
        pthread_mutex_unlock(mutex)
        if let body { drain(body, as: thread) }
    }

    private func work(as thread: Int) {
        var seen = 0
        while true {
            pthread_mutex_lock(mutex)
            while generation == seen { pthread_cond_wait(wake, mutex) }
            seen = generation
            pthread_mutex_unlock(mutex)
            drainShared(as: thread)
            pthread_mutex_lock(mutex)
            running -= 1
            if running == 0 { pthread_cond_signal(finished) }
            pthread_mutex_unlock(mutex)
        }
    }
}
