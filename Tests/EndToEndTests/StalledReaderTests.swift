import Foundation
import Glibc
import TestSupport
import Testing

/// Clients that ask for a large answer and do not read it.
@Suite(.blocking) struct StalledReaderTests {
    private static let path = "/v1/models/simmim/attention?probe_set=demo&layers=0-5&head=all&query=all&format=npy"

    /// A client that sends a request and reads nothing.
    private static func stall(port: UInt16) throws -> Int32 {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        try #require(socket >= 0)
        var room: Int32 = 4096
        setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &room, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(code == 0)
        let request = Array("GET \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n\r\n".utf8)
        try #require(write(socket, request, request.count) == request.count)
        return socket
    }

    private static func residentBytes(_ server: Server) throws -> Int {
        let text = try String(contentsOfFile: "/proc/\(server.process.processIdentifier)/statm", encoding: .utf8)
        return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4096
    }

    private static func heldBytes(_ server: Server) throws -> Double {
        let line = try server.curl("/metrics").text.split(separator: "\n").first {
            $0.hasPrefix("vitscope_answer_bytes ")
        }
        return line?.split(separator: " ").last.flatMap { Double($0) } ?? -1
    }

    @Test func fortyHoldOneAnswer() throws {
        let server = try Server(["--demo"])
        let port = try #require(server.url.split(separator: ":").last.flatMap { UInt16($0) })
        let whole = try server.found("the model is there") { () -> Int? in
            let reply = try server.curl(Self.path)
            return reply.status == 200 ? reply.body.count : nil
        }
        #expect(whole > 10 << 20, "a large answer")
        let before = try Self.residentBytes(server)
        var sockets = try (0..<40).map { _ in try Self.stall(port: port) }
        defer { for socket in sockets { close(socket) } }
        _ = try server.found("they all wait for the same body") {
            try Self.heldBytes(server) == Double(whole) ? true : nil
        }
        // A body each would be forty of them.
        #expect(try Self.residentBytes(server) - before < 12 * whole)
        #expect(try server.curl("/livez").status == 200)
        // Once: by then another test may have the number.
        for socket in sockets { close(socket) }
        sockets = []
        _ = try server.found("it is let go of") { try Self.heldBytes(server) == 0 ? true : nil }
    }
}
