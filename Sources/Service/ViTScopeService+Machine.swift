import Platform
import Tensors

extension ViTScopeService {
    /// Processors this process may use: the default for `threads`.
    public static var processors: Int { Machine.processors }

    /// What multiplies: the versions of the libraries, and the instructions that our own kernels use.
    public static var libraries: [(name: String, version: String)] { NumericLibraries.versions }

    /// Which build this is: the first digits of the running program's own SHA-256.
    public static var revision: String {
        guard let program = try? MappedFile.open("/proc/self/exe") else { return "unknown" }
        return String(SHA256.hex(of: program).prefix(12))
    }
}
