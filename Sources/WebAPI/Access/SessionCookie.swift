import HTTPTypes

/// The cookie that a browser keeps a session in. Scripts cannot read it, and other sites cannot send it.
enum SessionCookie {
    static let name = "vitscope_session"

    /// Every value that a request brings: another server on another port of the same host may have left one, too.
    static func values(in headers: HTTPFields) -> [String] {
        let pairs = headers[values: .cookie].joined(separator: ";").split(separator: ";").lazy
        let own = pairs.map { $0.drop { $0 == " " } }.filter { $0.hasPrefix(name + "=") }
        return own.prefix(8).map { String($0.dropFirst(name.utf8.count + 1)) }
    }

    /// The field that gives a browser its session.
    ///
    /// - Parameter isSecure: whether the browser's connection is encrypted; then it will never send it over another.
    static func setting(_ session: String, isSecure: Bool) -> String {
        "\(name)=\(session); HttpOnly; SameSite=Strict; Path=/" + (isSecure ? "; Secure" : "")
    }

    /// The field that takes it away.
    static let clearing = "\(name)=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0"
}
