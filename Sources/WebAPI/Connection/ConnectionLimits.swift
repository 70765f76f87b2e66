import NIOCore
import Platform

/// What one connection, and all of them together, may take.
///
/// The defaults are those of the project's threat model: generous for a person, a script or a browser, and small enough
/// that a client that means harm gets nothing for holding a connection.
public struct ConnectionLimits: Sendable {
    /// Connections at one time; one more waits in the backlog. Before that, those go that have waited longest for a
    /// request's head.
    public var connections = 4096
    /// Connections of one address at one time; one more is closed.
    public var connectionsPerAddress = 64
    /// The same for this machine's own addresses. Programs and reverse proxies here open many for good reasons.
    public var connectionsFromLoopback = 4096
    /// Connections that the kernel keeps while we are busy accepting.
    public var backlog = 4096
    /// Silence after which a connection is closed, counted also while a head is arriving, seconds.
    public var idleSeconds = 15
    /// A request's head, bytes.
    public var headBytes = 32 << 10
    /// A request's header fields.
    public var headFields = 100
    /// A request's target, bytes.
    public var targetBytes = 8 << 10
    /// The slowest a body may arrive while somebody is reading it, bytes a second.
    public var bodyBytesPerSecond = 1024
    /// How long a body may be slower than that, seconds.
    public var bodyGraceSeconds = 10
    /// How long a client may take nothing of its answer, seconds.
    public var writeStallSeconds = 30
    /// How long we listen on after the last answer, so that the client reads it before the connection is reset, seconds.
    public var lingerSeconds = 2
    /// What is read and thrown away after a refusal, bytes.
    public var discardBytes = 64 << 20

    public init() {}

    /// Leaves of `openFiles` descriptors what the process needs for itself: its database and files, its threads, the
    /// pipes and files of programs that it starts. Where none is left for those, libraries end the process.
    public mutating func fit(openFiles: Int) {
        let own = max(128, openFiles / 8)
        connections = max(8, min(connections, openFiles - own))
        connectionsPerAddress = min(connectionsPerAddress, connections)
        connectionsFromLoopback = min(connectionsFromLoopback, connections)
    }

    /// How long a body may have kept its reader waiting once `received` bytes are there.
    func allowedWait(received: Int) -> TimeAmount {
        .seconds(Int64(bodyGraceSeconds)) + .milliseconds(Int64(received) * 1000 / Int64(max(bodyBytesPerSecond, 1)))
    }
}
