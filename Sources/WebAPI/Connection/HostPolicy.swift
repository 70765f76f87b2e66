/// Which names a request may call this server by.
///
/// A page of another site can make a browser resolve its own name to this machine (DNS rebinding) and so reach a
/// server that trusts its address alone; what it cannot do is send another name than its own.
public struct HostPolicy: Sendable {
    private let names: Set<String>

    /// This machine's own names, the address that is bound, and what the user configured.
    public init(boundHost: String, configured: [String] = []) {
        let all = ["localhost", "127.0.0.1", "[::1]", boundHost] + configured
        names = Set(all.compactMap { HostPolicy.name(ofAuthority: HostPolicy.bracketed($0)) })
    }

    /// What to think of an authority (`example.org:8080`).
    package enum Verdict { case allowed, unknown, malformed }

    package func judge(_ authority: String) -> Verdict {
        guard let name = HostPolicy.name(ofAuthority: authority) else { return .malformed }
        return names.contains(name) ? .allowed : .unknown
    }

    /// The name without the port, in lower case; nil where the text is no authority.
    private static func name(ofAuthority text: String) -> String? {
        let bytes = Array(text.utf8)
        var end = bytes.count
        if let colon = bytes.lastIndex(of: UInt8(ascii: ":")), bytes[colon...].allSatisfy({ $0 != UInt8(ascii: "]") }) {
            guard bytes[(colon + 1)...].allSatisfy({ (0x30...0x39).contains($0) }), bytes.count - colon <= 6 else {
                return nil
            }
            end = colon
        }
        let name = bytes[..<end]
        guard !name.isEmpty, name.count <= 255 else { return nil }
        if name.first == UInt8(ascii: "[") {
            guard name.last == UInt8(ascii: "]"), name.count > 3,
                name.dropFirst().dropLast().allSatisfy({ isHexadecimal($0) || $0 == UInt8(ascii: ":") || $0 == 0x2E })
            else { return nil }
        } else {
            guard name.allSatisfy({ isNameByte($0) }) else { return nil }
        }
        return String(decoding: name, as: UTF8.self).lowercased()
    }

    /// An IPv6 address as it stands in a Host field.
    private static func bracketed(_ host: String) -> String {
        let isAddress = !host.hasPrefix("[") && host.utf8.count(where: { $0 == UInt8(ascii: ":") }) > 1
        return isAddress ? "[\(host)]" : host
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        isHexadecimal(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x2D
            || byte == 0x2E
            || byte == 0x5F
    }
}
