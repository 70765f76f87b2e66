import Service
import Synchronization
import TestSupport
import Testing

/// One answer for those who ask the same at the same time.
@Suite struct FlightsTests {
    /// Lets those in who wait when it is opened. A class because both sides look at the same gate.
    private final class Gate: Sendable {
        private let waiting = Mutex<(isOpen: Bool, continuations: [CheckedContinuation<Void, Never>])>((false, []))

        func wait() async {
            await withCheckedContinuation { continuation in
                let isOpen = waiting.withLock { state in
                    if !state.isOpen { state.continuations.append(continuation) }
                    return state.isOpen
                }
                if isOpen { continuation.resume() }
            }
        }

        func open() {
            let all = waiting.withLock { state in
                state.isOpen = true
                return state.continuations
            }
            for continuation in all { continuation.resume() }
        }
    }

    private final class Counter: Sendable {
        private let value = Mutex(0)
        var count: Int { value.withLock { $0 } }
        func add() -> Int {
            value.withLock {
                $0 += 1; return $0
            }
        }
    }

    @Test func manyAskAndOneAnswers() async throws {
        let flights = Flights<Int>(), gate = Gate(), made = Counter(), asked = Counter()
        let tasks = (0..<16).map { _ in
            Task {
                _ = asked.add()
                return try await flights.value(for: "a") {
                    await gate.wait()
                    return made.add()
                }
            }
        }
        _ = try await eventually("all have asked") { asked.count == 16 && flights.count == 1 ? true : nil }
        gate.open()
        for task in tasks { #expect(try await task.value >= 1) }
        #expect(made.count < 16, "they shared")
        #expect(flights.count == 0)
        // What is over is asked anew.
        let before = made.count
        #expect(try await flights.value(for: "a") { made.add() } == before + 1)
    }

    @Test func whatNobodyWaitsForIsGivenUp() async throws {
        let flights = Flights<Int>(), begun = Counter(), cancelled = Counter()
        let task = Task {
            try await flights.value(for: "a") {
                _ = begun.add()
                return await withTaskCancellationHandler {
                    _ = try? await eventually("it is cancelled") { Task.isCancelled ? true : nil }
                    return 1
                } onCancel: {
                    _ = cancelled.add()
                }
            }
        }
        _ = try await eventually("it has begun") { begun.count == 1 ? true : nil }
        task.cancel()
        _ = try await task.value
        #expect(cancelled.count == 1)
        #expect(flights.count == 0)
    }

    @Test func aFailureIsEverybodys() async throws {
        struct Torn: Error {}
        let flights = Flights<Int>()
        await #expect(throws: Torn.self) { _ = try await flights.value(for: "a") { throw Torn() } }
        #expect(try await flights.value(for: "a") { 7 } == 7)
    }
}
