import Platform

/// The secret that opens the server. Only its digest is kept, so no log, crash report or answer can tell it.
public struct AccessToken: Sendable, CustomStringConvertible {
    private let digest: [UInt8]

    /// - Parameter text: 32 to 512 letters, digits and `-._~+/=`, as a header field takes them (RFC 6750); space around
    ///   them, such as the end of a file's line, does not count.
    /// - Throws: `AccessTokenError`, which does not repeat the text.
    public init(_ text: String) throws(AccessTokenError) {
        let space: Set<UInt8> = [0x20, 0x09, 0x0A, 0x0D]
        let bytes = text.utf8.drop { space.contains($0) }.reversed().drop { space.contains($0) }.reversed()
        guard (32...512).contains(bytes.count), bytes.allSatisfy(AccessToken.isTokenByte) else {
            throw AccessTokenError()
        }
        digest = Array(SHA256.hex(of: Array(bytes)).utf8)
    }

    /// Whether `offered` is the token; the time it takes says nothing about how much of it is right.
    package func matches(_ offered: String) -> Bool {
        ConstantTime.equal(Array(SHA256.hex(of: Array(offered.utf8)).utf8), digest)
    }

    public var description: String { "a token" }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-._~+/=".utf8.contains(byte)
        }
    }
}

/// A text that is too weak, or not fit, for a token.
public struct AccessTokenError: Error, CustomStringConvertible {
    public var description: String {
        "A token has 32 to 512 letters, digits and -._~+/= in one line. Make one with: openssl rand -hex 32"
    }
}
