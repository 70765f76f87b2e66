package import NIOCore
import Synchronization

/// Counts open connections by address, and makes room where there are too many. A class because all connections share it.
///
/// Who holds a connection and sends nothing, or a head by the byte, keeps nobody else out: when the server is nearly full,
/// those connections are closed that have waited longest for a request.
package final class ConnectionCounter: Sendable {
    /// A connection on which nothing is being asked or answered.
    private struct Waiting {
        let since: NIODeadline
        let leave: @Sendable () -> Void
    }

    private struct State {
        var open: [String: Int] = [:]
        var total = 0
        var waiting: [Int: Waiting] = [:]
        var nextKey = 0
    }

    private let state = Mutex(State())
    private let perAddress: Int
    private let fromLoopback: Int
    /// So many connections are a crowd.
    private let crowd: Int
    /// So many go at one time, that looking for the oldest does not cost more than what they cost.
    private let batch: Int

    package init(limits: ConnectionLimits) {
        perAddress = limits.connectionsPerAddress
        fromLoopback = limits.connectionsFromLoopback
        crowd = limits.connections - limits.connections / 8
        batch = max(1, limits.connections / 32)
    }

    /// Counts one more connection of `address`, unless it has as many as it may.
    package func enter(_ address: String) -> Bool {
        let limit = ConnectionCounter.isLoopback(address) ? fromLoopback : perAddress
        let (isIn, leaving) = state.withLock { state -> (Bool, [Waiting]) in
            let count = state.open[address, default: 0]
            guard count < limit else { return (false, []) }
            state.open[address] = count + 1
            state.total += 1
            return (true, state.total > crowd ? takeOldest(of: &state.waiting) : [])
        }
        for connection in leaving { connection.leave() }
        return isIn
    }

    /// Counts one connection of `address` less.
    package func leave(_ address: String) {
        state.withLock { state in
            let count = state.open[address, default: 0]
            guard count > 0 else { return }
            state.open[address] = count > 1 ? count - 1 : nil
            state.total -= 1
        }
    }

    /// A connection waits for a request from now on.
    ///
    /// - Parameter leave: called at most once, from any thread, where others need the room.
    /// - Returns: the key under which it waits.
    package func wait(since: NIODeadline, leave: @escaping @Sendable () -> Void) -> Int {
        state.withLock { state in
            state.nextKey += 1
            state.waiting[state.nextKey] = Waiting(since: since, leave: leave)
            return state.nextKey
        }
    }

    /// A connection waits no longer.
    package func stopWaiting(_ key: Int) { state.withLock { $0.waiting[key] = nil } }

    /// Open connections of all addresses.
    package var total: Int { state.withLock { $0.total } }

    private func takeOldest(of waiting: inout [Int: Waiting]) -> [Waiting] {
        let oldest = waiting.sorted { ($0.value.since, $0.key) < ($1.value.since, $1.key) }.prefix(batch)
        return oldest.compactMap { waiting.removeValue(forKey: $0.key) }
    }

    private static func isLoopback(_ address: String) -> Bool {
        address.hasPrefix("127.") || address == "::1" || address.hasPrefix("::ffff:127.") || address == "unix"
    }
}
