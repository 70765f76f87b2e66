import Dispatch
import Platform
import Synchronization
import Testing

@Suite struct WorkerThreadTests {
    private final class Notes: Sendable {
        private let numbers = Mutex<[Int]>([])
        var all: [Int] { numbers.withLock { $0 } }
        func add(_ number: Int) { numbers.withLock { $0.append(number) } }
    }

    /// What goes ahead goes before what waits, each in the order in which it came.
    @Test func whatGoesAheadGoesFirst() async throws {
        let thread = WorkerThread(), gate = DispatchSemaphore(value: 0), notes = Notes()
        thread.enqueue { gate.wait() }
        for number in [3, 4] { thread.enqueue { notes.add(number) } }
        for number in [1, 2] { thread.enqueue(ahead: true) { notes.add(number) } }
        gate.signal()
        let seen = try await thread.run { notes.all }
        #expect(seen == [1, 2, 3, 4])
    }

    /// What waits is done before the thread ends.
    @Test func whatWaitsIsDone() async throws {
        let done = DispatchSemaphore(value: 0)
        do {
            let thread = WorkerThread()
            for _ in 0..<3 { thread.enqueue { done.signal() } }
        }
        try await WorkerThread().run { for _ in 0..<3 { done.wait() } }
    }
}
