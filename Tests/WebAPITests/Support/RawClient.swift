import NIOCore
import NIOPosix

/// Speaks bytes to a server on loopback, and nothing else.
struct RawClient {
    let port: Int
    /// The data directory of the service behind it.
    let data: String

    /// Sends `pieces` one after another, then reads until the server closes.
    ///
    /// - Parameter closesInput: whether our side is closed after sending, as a client does that has left.
    func exchange(_ pieces: [String], closesInput: Bool = false) async throws -> String {
        try await exchange(bytes: pieces.map { ByteBuffer(string: $0) }, closesInput: closesInput)
    }

    func exchange(bytes pieces: [ByteBuffer], closesInput: Bool = false) async throws -> String {
        let channel = try await connect()
        return try await channel.executeThenClose { inbound, outbound in
            for piece in pieces {
                // A server that has refused already may have closed; what it said is still to be read.
                do { try await outbound.write(piece) } catch { break }
            }
            if closesInput { outbound.finish() }
            var all = ByteBuffer()
            do {
                for try await buffer in inbound { all.writeImmutableBuffer(buffer) }
            } catch is IOError {}
            return String(buffer: all)
        }
    }

    /// One request on a connection of its own.
    func request(
        _ method: String, _ target: String, headers: [(String, String)] = [], body: ByteBuffer? = nil
    ) async throws -> RawResponse {
        var head = "\(method) \(target) HTTP/1.1\r\nConnection: close\r\n"
        if !headers.contains(where: { $0.0.lowercased() == "host" }) { head += "Host: 127.0.0.1:\(port)\r\n" }
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        if let body { head += "Content-Length: \(body.readableBytes)\r\n" }
        var pieces = [ByteBuffer(string: head + "\r\n")]
        if let body { pieces.append(body) }
        return try RawResponse(try await exchange(bytes: pieces))
    }

    func get(_ target: String, headers: [(String, String)] = []) async throws -> RawResponse {
        try await request("GET", target, headers: headers)
    }

    func post(_ target: String, json: String, headers: [(String, String)] = []) async throws -> RawResponse {
        try await request(
            "POST", target, headers: headers + [("Content-Type", "application/json")], body: ByteBuffer(string: json))
    }

    func connect() async throws -> NIOAsyncChannel<ByteBuffer, ByteBuffer> {
        try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel(
                        wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
                }
            }
    }
}

/// One answer, read by hand so that no client library can smooth it over. Bytes beyond ASCII are lost in `body`.
struct RawResponse {
    let status: Int
    let fields: [(name: String, value: String)]
    let body: String

    struct Torn: Error { let text: String }

    init(_ text: String) throws {
        let parts = text.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
        let lines = parts[0].split(separator: "\r\n")
        guard let first = lines.first, first.hasPrefix("HTTP/1."), let status = Int(first.dropFirst(9).prefix(3)) else {
            throw Torn(text: text)
        }
        self.status = status
        fields = lines.dropFirst().map { line in
            let pair = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            return (pair[0].lowercased(), pair.count > 1 ? String(pair[1].drop { $0 == " " }) : "")
        }
        body = parts.count > 1 ? String(parts[1]) : ""
    }

    func field(_ name: String) -> String? { fields.first { $0.name == name }?.value }
}
