import Platform

extension ViTScopeService {
    /// Processors this process may use: the default for `threads`.
    public static var processors: Int { Machine.processors }

    /// Raises how many files and sockets this process may have open as far as the system lets it, and says how many
    /// that are.
    public static func raiseOpenFiles() -> Int { Machine.raiseOpenFiles() }

    /// Which build this is: the first digits of the running program's own SHA-256.
    public static var revision: String {
        guard let program = try? MappedFile.open("/proc/self/exe") else { return "unknown" }
        return String(SHA256.hex(of: program).prefix(12))
    }
}
