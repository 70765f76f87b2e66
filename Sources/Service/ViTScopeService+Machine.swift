import Platform
import Tensors

extension ViTScopeService {
    /// Processors this process may use: the default for `threads`.
    public static var processors: Int { Machine.processors }

    /// What multiplies: the versions of the libraries, and the instructions that our own kernels use.
    public static var libraries: [(name: String, version: String)] { NumericLibraries.versions }

    /// Raises how many files and sockets this process may have open as far as the system lets it, and says how many
    /// that are.
    public static func raiseOpenFiles() -> Int { Machine.raiseOpenFiles() }

    /// Ends this process at once when the process `parent`, which started it, is gone.
    public static func leave(without parent: Int) {
        Task.detached {
            while Machine.parent == parent { try? await Task.sleep(for: .milliseconds(200)) }
            Machine.leave()
        }
    }

    /// No program that this process or one of its children runs gains a right by the rights of its file. Only threads
    /// that begin later are bound by it, so this comes first.
    public static func renouncePrivileges() { Machine.renouncePrivileges() }
}
