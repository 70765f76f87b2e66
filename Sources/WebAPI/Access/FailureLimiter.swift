import Platform
import Synchronization

/// Slows down who guesses: after ten wrong tokens in a minute an address waits until the minute is over.
///
/// A class because all requests share it. Its table is bounded: where more addresses guess than it holds, the one whose
/// minute ends first is forgotten.
package final class FailureLimiter: Sendable {
    private static let most = 10
    private static let minute = Duration.seconds(60)
    private static let mostAddresses = 4096

    private struct Window {
        let end: ContinuousClock.Instant
        var count = 0
    }

    private let now: @Sendable () -> ContinuousClock.Instant
    private let windows = Mutex<[String: Window]>([:])

    package init(now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) { self.now = now }

    /// Seconds that `address` has to wait; nil where it may try.
    package func pause(for address: String) -> Int? {
        let date = now(), key = FailureLimiter.key(address)
        return windows.withLock { windows in
            guard let window = windows[key], window.count >= FailureLimiter.most, window.end > date else { return nil }
            return Int((window.end - date).components.seconds) + 1
        }
    }

    /// A wrong token came from `address`.
    package func count(_ address: String) {
        let date = now(), key = FailureLimiter.key(address)
        windows.withLock { windows in
            if let window = windows[key], window.end <= date { windows[key] = nil }
            if windows[key] == nil, windows.count >= FailureLimiter.mostAddresses {
                windows = windows.filter { $0.value.end > date }
                if windows.count >= FailureLimiter.mostAddresses,
                    let first = windows.min(by: { $0.value.end < $1.value.end })
                {
                    windows[first.key] = nil
                }
            }
            windows[key, default: Window(end: date + FailureLimiter.minute)].count += 1
        }
    }

    /// The address; of IPv6 the network alone, of which one customer has all.
    private static func key(_ address: String) -> String {
        guard address.contains(":"), !address.contains(".") else { return address }
        let halves = address.split(separator: ":", omittingEmptySubsequences: false)
        var groups: [Substring] = []
        for group in halves {
            if group.isEmpty { break }
            groups.append(group)
            if groups.count == 4 { break }
        }
        return groups.isEmpty ? address : groups.joined(separator: ":") + "::/64"
    }
}
