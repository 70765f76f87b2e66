import Platform
import Synchronization

/// Who has signed in. Sessions live in memory, end after a week without use, and with the server.
///
/// A class because all requests share it.
package final class SessionStore: Sendable {
    private static let mostSessions = 1024
    private static let lifetime = Duration.seconds(7 * 86_400)

    private let now: @Sendable () -> ContinuousClock.Instant
    /// When each was used last, by digest: what is looked up is not what the client sends, so the time it takes tells
    /// nothing.
    private let sessions = Mutex<[String: ContinuousClock.Instant]>([:])

    package init(now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) { self.now = now }

    /// A new session's name, 64 random hexadecimal digits.
    package func open() -> String {
        let name = RandomBytes.hex(32), key = SessionStore.key(name), date = now()
        sessions.withLock { sessions in
            if sessions.count >= SessionStore.mostSessions,
                let oldest = sessions.min(by: { $0.value < $1.value })
            {
                sessions[oldest.key] = nil
            }
            sessions[key] = date
        }
        return name
    }

    /// Whether there is such a session; it lives on from here.
    package func holds(_ name: String) -> Bool {
        guard name.utf8.count == 64 else { return false }
        let key = SessionStore.key(name), date = now()
        return sessions.withLock { sessions in
            guard let used = sessions[key] else { return false }
            let isAlive = date - used < SessionStore.lifetime
            sessions[key] = isAlive ? date : nil
            return isAlive
        }
    }

    /// Ends all sessions.
    package func closeAll() { sessions.withLock { $0.removeAll() } }

    /// Ends a session.
    package func close(_ name: String) { _ = sessions.withLock { $0.removeValue(forKey: SessionStore.key(name)) } }

    private static func key(_ name: String) -> String { SHA256.hex(of: Array(name.utf8)) }
}
