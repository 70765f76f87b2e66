import COpenSSL

/// SHA-256 by OpenSSL: the address of every piece of content, and of every result.
public struct SHA256: ~Copyable {
    private let context: OpaquePointer

    public init() {
        context = EVP_MD_CTX_new()
        EVP_DigestInit_ex(context, EVP_sha256(), nil)
    }

    deinit { EVP_MD_CTX_free(context) }

    /// Adds `bytes`.
    public func update(_ bytes: Bytes) {
        bytes.forEachChunk { _ = EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
    }

    /// Adds `bytes`.
    public func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { _ = EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
    }

    /// Adds the UTF-8 of `text`.
    public func update(_ text: String) { update(Array(text.utf8)) }

    /// The digest, 64 hexadecimal digits.
    public consuming func hex() -> String {
        var digest = [UInt8](repeating: 0, count: 32)
        EVP_DigestFinal_ex(context, &digest, nil)
        return digest.hex
    }

    /// The digest of `bytes`, 64 hexadecimal digits.
    public static func hex(of bytes: Bytes) -> String {
        let hash = SHA256()
        hash.update(bytes)
        return hash.hex()
    }

    /// The digest of `bytes`, 64 hexadecimal digits.
    public static func hex(of bytes: [UInt8]) -> String {
        let hash = SHA256()
        hash.update(bytes)
        return hash.hex()
    }
}

/// Unpredictable bytes by OpenSSL.
public enum RandomBytes {
    /// `count` random bytes as hexadecimal digits.
    public static func hex(_ count: Int) -> String {
        var bytes = [UInt8](repeating: 0, count: count)
        precondition(RAND_bytes(&bytes, Int32(count)) == 1, "the random generator failed")
        return bytes.hex
    }
}

/// Compares secrets in time that does not depend on where they differ.
public enum ConstantTime {
    public static func equal(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        // The digests have one length, so not even the length of the secret shows.
        let left = Array(SHA256.hex(of: a).utf8), right = Array(SHA256.hex(of: b).utf8)
        return CRYPTO_memcmp(left, right, left.count) == 0
    }
}

extension [UInt8] {
    /// Two lower-case hexadecimal digits a byte.
    public var hex: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
