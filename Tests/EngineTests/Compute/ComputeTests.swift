import Catalogue
import Engine
import ServiceTestSupport
import Synchronization
import Testing

@Suite struct ComputeTests {
    /// Lets a test hold an analysis inside until it says so.
    private actor Door {
        private var isOpen = false
        private var waiting: [CheckedContinuation<Void, Never>] = []

        func pass() async {
            if isOpen { return }
            await withCheckedContinuation { waiting.append($0) }
        }

        func open() {
            isOpen = true
            for continuation in waiting { continuation.resume() }
            waiting = []
        }
    }

    /// What happened, in its order.
    private final class Notes: Sendable {
        private let notes = Mutex<[String]>([])
        var all: [String] { notes.withLock { $0 } }
        func add(_ note: String) { notes.withLock { $0.append(note) } }
    }

    /// Waits, without a clock, until `condition` holds.
    private func until(_ condition: () async -> Bool) async {
        while !(await condition()) { await Task.yield() }
    }

    @Test func whatNeverFitsIsRefusedAtOnceWithAnAlternative() async throws {
        let compute = Compute(threads: 1, budget: 100, queueLength: 1)
        let error = await failure {
            try await compute.admitted(bytes: 101, alternative: "Ask for less.") { _ in }
        }
        guard case .tooLarge(_, "Ask for less.")? = error else {
            return #expect(Bool(false), "\(String(describing: error))")
        }
    }

    @Test func whatDoesNotFitNowWaitsAndAFullLineIsBusy() async throws {
        let compute = Compute(threads: 1, budget: 100, queueLength: 1)
        let door = Door()
        let first = Task { try await compute.admitted(bytes: 60, alternative: "") { _ in await door.pass() } }
        await until { await compute.snapshot().running == 1 }
        let second = Task { try await compute.admitted(bytes: 60, alternative: "") { _ in 2 } }
        await until { await compute.snapshot().waiting == 1 }
        #expect(await compute.snapshot().bytes == 60)
        guard
            case .busy(_, let seconds)? = await failure({
                try await compute.admitted(bytes: 1, alternative: "") { _ in }
            })
        else { return #expect(Bool(false), "the line is full") }
        #expect((1...60).contains(seconds))
        #expect(await compute.snapshot().refused == 1)
        await door.open()
        try await first.value
        #expect(try await second.value == 2)
        #expect(await compute.snapshot().bytes == 0)
    }

    @Test func whoIsCancelledLeavesTheLine() async throws {
        let compute = Compute(threads: 1, budget: 100, queueLength: 4)
        let door = Door()
        let first = Task { try await compute.admitted(bytes: 100, alternative: "") { _ in await door.pass() } }
        await until { await compute.snapshot().running == 1 }
        let second = Task { try await compute.admitted(bytes: 100, alternative: "") { _ in } }
        await until { await compute.snapshot().waiting == 1 }
        second.cancel()
        await #expect(throws: CancellationError.self) { try await second.value }
        #expect(await compute.snapshot().waiting == 0)
        await door.open()
        try await first.value
    }

    @Test func aCancelledAnalysisStopsBetweenItsSlices() async throws {
        let compute = Compute(threads: 1, budget: 100, queueLength: 4)
        let door = Door()
        let task = Task {
            try await compute.admitted(bytes: 1, alternative: "") { slices in
                try await slices.run { _ in }
                await door.pass()
                try await slices.run { _ in _ = Issue.record("nobody waits for this any more") }
            }
        }
        await until { await compute.snapshot().running == 1 }
        task.cancel()
        await door.open()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(await compute.snapshot().running == 0)
    }

    /// What somebody looks at and waits for does not stand behind long analyses, wherever they stand.
    @Test func urgentOnesGoFirst() async throws {
        let compute = Compute(threads: 1, budget: 100, queueLength: 9, concurrency: 1)
        let door = Door(), notes = Notes()
        let running = Task { try await compute.admitted(bytes: 10, alternative: "") { _ in await door.pass() } }
        await until { await compute.snapshot().running == 1 }
        let waiting = Task {
            try await compute.admitted(bytes: 10, alternative: "") { _ in notes.add("long") }
        }
        await until { await compute.snapshot().waiting == 1 }
        // All places for the long ones are taken, and another waits.
        try await compute.admitted(bytes: 10, alternative: "", isUrgent: true) { _ in
            notes.add("urgent")
        }
        await door.open()
        try await running.value
        try await waiting.value
        #expect(notes.all == ["urgent", "long"])
    }

    /// However many urgent ones come, the first of the others has its turn.
    @Test func urgentOnesDoNotKeepOthersOutForEver() async throws {
        let compute = Compute(threads: 1, budget: 100, queueLength: 2000)
        let door = Door(), notes = Notes()
        let running = Task { try await compute.admitted(bytes: 60, alternative: "") { _ in await door.pass() } }
        await until { await compute.snapshot().running == 1 }
        let large = Task {
            try await compute.admitted(bytes: 100, alternative: "") { _ in notes.add("large") }
        }
        await until { await compute.snapshot().waiting == 1 }
        for _ in 0..<1000 { try await compute.admitted(bytes: 1, alternative: "", isUrgent: true) { _ in } }
        let late = Task {
            try await compute.admitted(bytes: 1, alternative: "", isUrgent: true) { _ in notes.add("late") }
        }
        await until { await compute.snapshot().waiting == 2 }
        await door.open()
        try await running.value
        try await large.value
        try await late.value
        #expect(notes.all == ["large", "late"])
    }
}
