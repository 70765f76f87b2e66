import Testing
import WebAPI

@Suite struct ConnectionLimitsTests {
    /// Descriptors stay for the process itself, whatever the system allows.
    @Test(arguments: [(64, 8), (256, 128), (512, 384), (1024, 896), (4096, 3584), (65_536, 4096)])
    func connectionsFitTheDescriptors(openFiles: Int, connections: Int) {
        var limits = ConnectionLimits()
        limits.fit(openFiles: openFiles)
        #expect(limits.connections == connections)
        #expect(limits.connectionsFromLoopback <= connections && limits.connectionsPerAddress <= connections)
    }
}

@Suite struct HostPolicyTests {
    let policy = HostPolicy(boundHost: "10.0.0.5", configured: ["vit.example"])

    @Test(arguments: [
        "localhost", "LOCALHOST:8080", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:8080", "10.0.0.5:80", "vit.example",
        "VIT.example:443",
    ])
    func ownNamesAreAllowed(authority: String) { #expect(policy.judge(authority) == .allowed) }

    @Test(arguments: [
        "evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "127.0.0.2", "[::2]", "vit.example.",
        "xvit.example",
    ])
    func foreignNamesAreUnknown(authority: String) { #expect(policy.judge(authority) == .unknown) }

    @Test(arguments: [
        "", ":", ":80", "localhost:", "localhost:x", "localhost:80:80", "localhost:999999", "user@localhost",
        "local host",
        "localhost/", "localhost?x", "localhost#", "[::1", "::1", "[localhost]", "lo\tcal", "locälhost",
        "127.0.0.1,evil",
        "localhost\\",
    ])
    func whatIsNoAuthorityIsMalformed(authority: String) {
        // An empty port is allowed by RFC 3986, and means the same as none.
        #expect(policy.judge(authority) == (authority == "localhost:" ? .allowed : .malformed))
    }

    @Test func ipv6BindingIsOwnName() {
        #expect(HostPolicy(boundHost: "fe80::1").judge("[fe80::1]:8080") == .allowed)
    }
}
