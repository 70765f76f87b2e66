extension Machine {
    /// Which build this is: the first digits of the running program's own SHA-256. Hashed once; the program is large.
    public static let revision: String = {
        guard let program = try? MappedFile.open("/proc/self/exe") else { return "unknown" }
        return String(SHA256.hex(of: program).prefix(12))
    }()
}
