/// Where the server listens, under which names, and how much it takes.
public struct WebServerConfiguration: Sendable {
    /// An address or name of this machine.
    public var host = "127.0.0.1"
    /// 0 picks a free one.
    public var port = 8080
    /// Names besides this machine's own by which requests may call the server, for example behind a reverse proxy.
    public var allowedHosts: [String] = []
    public var limits = ConnectionLimits()
    /// The folder of the page (`public/`). Nil: the API alone.
    public var pageDirectory: String?
    public var info: ServerInfo
    /// How long requests may take to finish after a signal, seconds.
    public var shutdownSeconds = 30

    public init(info: ServerInfo) { self.info = info }
}

/// Why the server does not run.
public enum WebServerError: Error, CustomStringConvertible {
    case cannotListen(host: String, port: Int, reason: String)
    case cannotReadPage(String)

    public var description: String {
        switch self {
        case .cannotListen(let host, let port, let reason):
            "Cannot listen on \(host):\(port): \(reason). Choose another --port; 0 picks a free one."
        case .cannotReadPage(let reason): "Cannot read the page's files: \(reason)."
        }
    }
}
