import Foundation

/// Where a ViTScope server is: a scheme, a host, and perhaps a path in front of `/v1`.
struct ServerAddress: Sendable {
    let text: String
    private let base: URL

    /// - Throws: `Failure` (usage) for what is no http or https address.
    init(_ text: String) throws {
        let trimmed = text.hasSuffix("/") ? String(text.dropLast()) : text
        guard let base = URL(string: trimmed), let scheme = base.scheme, ["http", "https"].contains(scheme),
            base.host?.isEmpty == false, base.query == nil, base.fragment == nil, base.user == nil
        else {
            throw Failure("“\(text)” is no address of a server; write it like http://127.0.0.1:8080", .usage)
        }
        self.text = trimmed
        self.base = base
    }

    /// Whether the server is on this machine, which no proxy reaches.
    var isLoopback: Bool {
        guard let host = base.host?.lowercased() else { return false }
        return host == "localhost" || host.hasPrefix("127.") || host == "::1" || host == "[::1]"
    }

    /// Whether what is sent can be read on the way.
    var isPlain: Bool { base.scheme == "http" }

    /// The address of a resource.
    ///
    /// - Parameters:
    ///   - path: names one below another; each is escaped by itself.
    ///   - query: in order; those without a value are left out.
    func url(_ path: [String], _ query: [(name: String, value: String?)] = []) -> URL {
        let names = path.map(Self.escaped).joined(separator: "/")
        let pairs = query.compactMap { pair in pair.value.map { "\(pair.name)=\(Self.escaped($0))" } }
        let tail = pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&")
        // Escaped text is always a part of an address.
        return URL(string: "\(text)/\(names)\(tail)") ?? base
    }

    /// `.` and `..` would be steps of a path, so they are escaped too.
    private static func escaped(_ text: String) -> String {
        let plain = CharacterSet(
            charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_~:@.")
        if text == "." || text == ".." { return text.replacingOccurrences(of: ".", with: "%2E") }
        return text.addingPercentEncoding(withAllowedCharacters: plain) ?? ""
    }
}
