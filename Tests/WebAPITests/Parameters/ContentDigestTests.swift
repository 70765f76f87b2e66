import Testing
import WebAPI

@Suite struct ContentDigestTests {
    /// Of "abc", from FIPS 180-4.
    private static let base64 = "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="
    private static let digits = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

    @Test(arguments: [
        "sha-256=:\(base64):", "sha-512=:AAAA:, sha-256=:\(base64):", "SHA-256=:\(base64): ", "x=1,sha-256=:\(base64):",
    ])
    func digestIsRead(field: String) throws { #expect(try ContentDigest.sha256([field]) == Self.digits) }

    @Test func otherAlgorithmsSayNothing() throws {
        #expect(try ContentDigest.sha256([]) == nil)
        #expect(try ContentDigest.sha256(["md5=:AAAA:"]) == nil)
    }

    @Test(arguments: [
        "sha-256", "sha-256=", "sha-256=\(base64)", "sha-256=:AAAA:", "sha-256=:\(digits):", "sha-256=::",
        "sha-256=:\(base64):, sha-256=:\(String(base64.reversed()).dropFirst())=:",
    ])
    func whatIsNoDigestIsRefused(field: String) {
        #expect(throws: Problem.self) { try ContentDigest.sha256([field]) }
    }
}
