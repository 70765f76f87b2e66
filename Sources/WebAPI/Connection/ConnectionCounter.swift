import Synchronization

/// Counts open connections by address. A class because all connections share it.
package final class ConnectionCounter: Sendable {
    private let open = Mutex<[String: Int]>([:])
    private let perAddress: Int
    private let fromLoopback: Int

    package init(limits: ConnectionLimits) {
        perAddress = limits.connectionsPerAddress
        fromLoopback = limits.connectionsFromLoopback
    }

    /// Counts one more connection of `address`, unless it has as many as it may.
    package func enter(_ address: String) -> Bool {
        let limit = ConnectionCounter.isLoopback(address) ? fromLoopback : perAddress
        return open.withLock { open in
            let count = open[address, default: 0]
            guard count < limit else { return false }
            open[address] = count + 1
            return true
        }
    }

    /// Counts one connection of `address` less.
    package func leave(_ address: String) {
        open.withLock { open in
            let count = open[address, default: 0]
            open[address] = count > 1 ? count - 1 : nil
        }
    }

    /// Open connections of all addresses.
    package var total: Int { open.withLock { $0.values.reduce(0, +) } }

    private static func isLoopback(_ address: String) -> Bool {
        address.hasPrefix("127.") || address == "::1" || address.hasPrefix("::ffff:127.") || address == "unix"
    }
}
