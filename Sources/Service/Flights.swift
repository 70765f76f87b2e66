import Synchronization

/// Lets those who ask the same at the same time share one answer, which is given up when all of them have left.
///
/// A class because who waits for what is shared.
package final class Flights<Value: Sendable>: Sendable {
    private struct Flight {
        let task: Task<Value, any Error>
        let number: Int
        var waiting = 1
    }

    private struct State {
        var flights: [String: Flight] = [:]
        var lastNumber = 0
    }

    private let state = Mutex(State())

    package init() {}

    /// What `body` answers, to whoever asks for `key` while it is under way.
    package func value(
        for key: String, _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let (task, number) = state.withLock { state in
            if let flight = state.flights[key] {
                state.flights[key]?.waiting += 1
                return (flight.task, flight.number)
            }
            state.lastNumber += 1
            let number = state.lastNumber
            let task = Task { [self] in
                defer { end(key, number) }
                return try await body()
            }
            state.flights[key] = Flight(task: task, number: number)
            return (task, number)
        }
        return try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            leave(key, number)
        }
    }

    /// How many are under way.
    package var count: Int { state.withLock { $0.flights.count } }

    private func end(_ key: String, _ number: Int) {
        state.withLock { if $0.flights[key]?.number == number { $0.flights[key] = nil } }
    }

    /// One who waited has left. Who asks from here on begins anew where nobody is left.
    private func leave(_ key: String, _ number: Int) {
        let abandoned = state.withLock { state -> Task<Value, any Error>? in
            guard let flight = state.flights[key], flight.number == number else { return nil }
            state.flights[key]?.waiting -= 1
            guard flight.waiting == 1 else { return nil }
            state.flights[key] = nil
            return flight.task
        }
        abandoned?.cancel()
    }
}
