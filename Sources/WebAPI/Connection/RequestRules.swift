import NIOCore
import NIOHTTP1
import Platform

/// What a request's head must be like before anybody looks at what it asks for.
package struct RequestRules: Sendable {
    let limits: ConnectionLimits
    let hosts: HostPolicy
    /// How many bytes of body a method and a path's components take.
    let bodyLimit: @Sendable (_ method: String, _ components: [Substring]) -> Int

    package init(
        limits: ConnectionLimits, hosts: HostPolicy,
        bodyLimit: @escaping @Sendable (_ method: String, _ components: [Substring]) -> Int
    ) {
        self.limits = limits
        self.hosts = hosts
        self.bodyLimit = bodyLimit
    }

    /// Either how large the body may get, or why the request is refused. An absolute target becomes a path.
    func judge(_ head: inout HTTPRequestHead) -> Result<Int, RefusalError> {
        head.headers.remove(name: Refusal.fieldName)
        do throws(RefusalError) {
            guard head.uri.utf8.count <= limits.targetBytes else { throw RefusalError(.targetTooLong) }
            guard head.headers.allSatisfy({ StreamSafeText.holds($0.value) }) else { throw RefusalError(.malformed) }
            try checkFraming(head)
            try checkHost(&head)
            let path = head.uri.prefix { $0 != "?" }
            let limit = bodyLimit(head.method.rawValue, path.split(separator: "/"))
            if let length = head.headers.first(name: "content-length") {
                guard let count = Int(length), count <= limit else { throw RefusalError(.bodyTooLarge) }
            }
            return .success(limit)
        } catch {
            return .failure(error)
        }
    }

    /// The parser accepts several transfer codings, and codings in HTTP/1.0. A proxy before us may read them otherwise,
    /// which is how requests are smuggled; so only the one form that nobody doubts is taken.
    private func checkFraming(_ head: HTTPRequestHead) throws(RefusalError) {
        let codings = head.headers["transfer-encoding"]
        let lengths = head.headers["content-length"]
        guard
            codings.isEmpty || (codings.count == 1 && codings[0].lowercased() == "chunked" && head.version == .http1_1)
        else { throw RefusalError(.transferEncoding) }
        guard lengths.count <= 1, codings.isEmpty || lengths.isEmpty,
            lengths.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } })
        else { throw RefusalError(.framing) }
    }

    private func checkHost(_ head: inout HTTPRequestHead) throws(RefusalError) {
        let fields = head.headers["host"]
        guard fields.count == 1 else { throw RefusalError(.hostMissing) }
        try check(authority: fields[0])
        guard head.uri.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") }) else {
            throw RefusalError(.targetMalformed)
        }
        if head.uri.hasPrefix("/") || (head.uri == "*" && head.method == .OPTIONS) { return }
        // The absolute form, as clients send it to proxies: its authority counts instead of the Host field.
        guard let scheme = ["http://", "https://"].first(where: { head.uri.lowercased().hasPrefix($0) }) else {
            throw RefusalError(.targetMalformed)
        }
        let rest = head.uri.dropFirst(scheme.count)
        let authority = String(rest.prefix { $0 != "/" && $0 != "?" })
        try check(authority: authority)
        let target = rest.dropFirst(authority.count)
        head.uri = target.hasPrefix("/") ? String(target) : "/" + target
        head.headers.replaceOrAdd(name: "host", value: authority)
    }

    private func check(authority: String) throws(RefusalError) {
        switch hosts.judge(authority) {
        case .allowed: return
        case .unknown: throw RefusalError(.hostUnknown)
        case .malformed: throw RefusalError(.hostMalformed)
        }
    }
}

/// A refusal on its way out of the rules.
struct RefusalError: Error {
    let refusal: Refusal
    init(_ refusal: Refusal) { self.refusal = refusal }
}
