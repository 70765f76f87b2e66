import Platform

/// Where the server listens, under which names, and how much it takes.
public struct WebServerConfiguration: Sendable {
    /// An address or name of this machine.
    public var host = "127.0.0.1"
    /// 0 picks a free one.
    public var port = 8080
    /// Names besides this machine's own by which requests may call the server, for example behind a reverse proxy.
    public var allowedHosts: [String] = []
    /// Who may use it. An address that other machines reach needs a token.
    public var access = AccessPolicy.open
    /// Reads `access` again where it may have changed, which SIGHUP asks for; nil where it cannot change.
    public var accessAgain: (@Sendable () throws -> AccessPolicy)?
    /// Whether the token may travel unencrypted between machines: on a network that nobody else listens to.
    public var allowsInsecureHTTP = false
    public var limits = ConnectionLimits()
    /// The folder of the page (`public/`). Nil: the API alone.
    public var pageDirectory: String?
    public var info: ServerInfo
    /// How long requests may take to finish after a signal, seconds.
    public var shutdownSeconds = 30

    public init(info: ServerInfo) { self.info = info }

    /// Whether only this machine reaches `host`.
    public static func isLoopback(_ host: String) -> Bool {
        if ["localhost", "::1", "[::1]"].contains(host.lowercased()) { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return parts.count == 4 && parts[0] == 127 && parts.allSatisfy { $0 != nil }
    }

    /// - Throws: `tokenMissing` or `insecureHTTP` where other machines would reach more than they should.
    public func checkAccess() throws(WebServerError) {
        guard !WebServerConfiguration.isLoopback(host) else { return }
        guard case .token = access else { throw .tokenMissing(host: host) }
        guard allowsInsecureHTTP else { throw .insecureHTTP(host: host) }
    }
}

/// Why the server does not run.
public enum WebServerError: Error, CustomStringConvertible {
    case cannotListen(host: String, port: Int, reason: String)
    case cannotReadPage(String)
    /// Other machines would reach a server that asks for no token.
    case tokenMissing(host: String)
    /// Other machines would send the token in clear.
    case insecureHTTP(host: String)

    public var description: String {
        switch self {
        case .cannotListen(let host, let port, let reason):
            "Cannot listen on \(host):\(port): \(reason). Choose another --port; 0 picks a free one."
        case .cannotReadPage(let reason): "Cannot read the page's files: \(reason)."
        case .tokenMissing(let host):
            "\(host) is reached by other machines, so the server needs a token: name a file that holds one with "
                + "--token-file, or leave --host at 127.0.0.1."
        case .insecureHTTP(let host):
            "\(host) is reached by other machines, and the token would travel in clear. Leave --host at 127.0.0.1 "
                + "behind a reverse proxy with TLS, as deploy/nginx.conf does, or say --insecure-http."
        }
    }
}
