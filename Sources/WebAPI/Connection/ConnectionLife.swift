package import NIOCore
import Synchronization

/// Knows when a client has gone, so that work which nobody waits for any more can stop.
///
/// A class because a connection has an identity. The guard ends it; handlers of the same connection find it through the
/// task-local value and never need to know the channel.
package final class ConnectionLife: Sendable {
    /// The connection whose request this task answers.
    @TaskLocal package static var current: ConnectionLife?

    private struct State {
        var isOver = false
        var hasLastAnswer = false
        var nextKey = 0
        var actions: [Int: @Sendable () -> Void] = [:]
    }
    private let state = Mutex(State())

    private let eventLoop: (any EventLoop)?

    /// - Parameter eventLoop: of the connection.
    package init(on eventLoop: (any EventLoop)? = nil) { self.eventLoop = eventLoop }

    /// Waits until what was written so far has reached the connection, so that whoever writes next is held back where the
    /// client does not take it.
    package static func settle() async throws { try await current?.eventLoop?.submit {}.get() }

    /// Whether the client has gone.
    package var isOver: Bool { state.withLock { $0.isOver } }

    /// Whether an answer has said that no other one follows. Requests that were read behind it already are not answered,
    /// so they must not be done either (RFC 9112, section 9.6).
    package var hasLastAnswer: Bool {
        get { state.withLock { $0.hasLastAnswer } }
        set { state.withLock { $0.hasLastAnswer = newValue } }
    }

    /// The client has gone.
    package func end() {
        let actions = state.withLock { state in
            state.isOver = true
            defer { state.actions = [:] }
            return Array(state.actions.values)
        }
        for action in actions { action() }
    }

    /// The value of `operation`, which is cancelled when the client leaves.
    package static func cancellingWhenOver<T: Sendable>(
        _ operation: @escaping @Sendable () async throws -> T
    ) async throws -> T {
        guard let life = current else { return try await operation() }
        let task = Task { try await operation() }
        let key = life.whenOver { task.cancel() }
        defer { life.forget(key) }
        return try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }

    /// Calls `action` when the client leaves, at once if it has left already.
    private func whenOver(_ action: @escaping @Sendable () -> Void) -> Int {
        let key: Int? = state.withLock { state in
            guard !state.isOver else { return nil }
            state.nextKey += 1
            state.actions[state.nextKey] = action
            return state.nextKey
        }
        if key == nil { action() }
        return key ?? 0
    }

    private func forget(_ key: Int) { state.withLock { $0.actions[key] = nil } }
}
