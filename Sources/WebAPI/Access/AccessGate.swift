import HTTPTypes
import Hummingbird
import Platform
import Synchronization

/// Decides whether a request may have its answer. Routes ask it when they were found, never by their paths.
///
/// A class because the token may be replaced while requests come.
package final class AccessGate: Sendable {
    private let current: Mutex<AccessPolicy>
    let sessions: SessionStore
    let failures: FailureLimiter

    package init(
        _ policy: AccessPolicy, sessions: SessionStore = SessionStore(), failures: FailureLimiter = FailureLimiter()
    ) {
        current = Mutex(policy)
        self.sessions = sessions
        self.failures = failures
    }

    private var policy: AccessPolicy { current.withLock { $0 } }

    /// From here on `policy` decides, and who has signed in by an older token signs in again.
    package func replace(by policy: AccessPolicy) {
        current.withLock { $0 = policy }
        sessions.closeAll()
    }

    /// - Throws: `unauthorized` without a token or session, or with a wrong one; `tooManyFailures` after too many wrong.
    func check(_ request: Request, _ context: APIRequestContext) throws(Problem) {
        guard case .token(let token) = policy else { return }
        // Who signed in before is not locked out by what others behind the same address guess.
        if SessionCookie.values(in: request.headers).contains(where: sessions.holds) { return }
        let offers = request.headers[values: .authorization]
        guard let offer = offers.first, offers.count == 1, let offered = AccessGate.bearer(offer) else {
            throw AccessGate.unauthorized(
                "This server wants a token: send Authorization: Bearer TOKEN, or sign in at POST /v1/session.")
        }
        try judge(offered, token, context)
    }

    /// A new session for who knows the token; nil where none is needed.
    ///
    /// - Throws: as `check`.
    func signIn(_ offered: String, _ context: APIRequestContext) throws(Problem) -> String? {
        guard case .token(let token) = policy else { return nil }
        try judge(offered, token, context)
        return sessions.open()
    }

    private func judge(_ offered: String, _ token: AccessToken, _ context: APIRequestContext) throws(Problem) {
        // Who knows the token is not locked out by what others guess, who behind a proxy have the same address.
        guard !token.matches(offered) else { return }
        let address = context.remoteAddress
        if let seconds = failures.pause(for: address) {
            throw Problem(
                .tooManyFailures, "Too many wrong tokens came from your address. Wait \(seconds) seconds.",
                fields: [.retryAfter: String(seconds)])
        }
        failures.count(address)
        throw AccessGate.unauthorized("This is not the server's token.", error: "invalid_token")
    }

    private static func unauthorized(_ detail: String, error: String? = nil) -> Problem {
        let more = error.map { ", error=\"\($0)\"" } ?? ""
        return Problem(.unauthorized, detail, fields: [.wwwAuthenticate: "Bearer realm=\"ViTScope\"\(more)"])
    }

    /// The token of an Authorization field; nil for other schemes.
    private static func bearer(_ field: String) -> String? {
        let parts = field.split(separator: " ", omittingEmptySubsequences: true)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        return String(parts[1])
    }
}
