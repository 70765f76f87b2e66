import Foundation
import Glibc
import TestSupport
import Testing

/// More sockets than the process may have descriptors.
@Suite(.blocking) struct DescriptorTests {
    /// Open sockets to a port of this machine, closed with their owner.
    private final class Flood {
        private(set) var sockets: [Int32] = []

        init(_ count: Int, port: UInt16) {
            var limit = rlimit()
            getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            limit.rlim_cur = min(limit.rlim_max, 8192)
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            for _ in 0..<count {
                let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
                guard socket >= 0 else { break }
                var address = sockaddr_in()
                address.sin_family = sa_family_t(AF_INET)
                address.sin_port = port.bigEndian
                address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
                _ = withUnsafePointer(to: &address) {
                    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                    }
                }
                sockets.append(socket)
            }
        }

        func close() {
            for socket in sockets { Glibc.close(socket) }
            sockets = []
        }

        deinit { close() }
    }

    @Test(arguments: [(256, 600), (1024, 1100)]) func aFloodIsOutlived(openFiles: Int, sockets: Int) throws {
        let server = try Server(["--demo"], openFiles: openFiles)
        let port = try #require(server.url.split(separator: ":").last.flatMap { UInt16($0) })
        for _ in 0..<3 {
            let flood = Flood(sockets, port: port)
            #expect(flood.sockets.count == sockets)
            flood.close()
        }
        // While the sockets are held the server works: jobs, models, files.
        let flood = Flood(sockets, port: port)
        #expect(server.process.isRunning)
        flood.close()
        let answer = try server.curl("/readyz", ["--retry", "60", "--retry-all-errors", "--retry-delay", "1"])
        #expect(answer.status == 200)
        let id = try server.submit(JobTests.body(epochs: 1))
        #expect(try server.finished(id)["state"] as? String == "succeeded")
        #expect(try server.curl("/v1/models/simmim/attention?image=shapes-textures:0").status == 200)
        #expect(server.process.isRunning && server.stop() == 143)
    }
}
