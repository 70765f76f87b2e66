import CLinux
import Glibc

/// Looks at files that must stay below a directory, whatever their name says.
public enum ContainedFile {
    /// What a name stands for.
    public enum Kind: Sendable { case file, folder, other }

    /// Whether `name` below `directory` is a regular file, a folder, or neither.
    ///
    /// - Throws: `FileError.outside` for a name that leaves the directory, `FileError.system` where nothing is there.
    public static func kind(_ name: String, beneath directory: String) throws(FileError) -> Kind {
        let descriptor = try openDescriptor(name, beneath: directory)
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileError.system("fstat", path: name, code: errno) }
        return switch status.st_mode & S_IFMT {
        case S_IFREG: .file
        case S_IFDIR: .folder
        default: .other
        }
    }

    /// An open read-only descriptor of `name` below `directory`; the caller closes it. The kernel resolves the name,
    /// so nothing can change between a check and the opening.
    static func openDescriptor(_ name: String, beneath directory: String) throws(FileError) -> Int32 {
        let descriptor = linux_open_beneath(directory, name)
        guard descriptor >= 0 else {
            if -descriptor == EXDEV || -descriptor == ELOOP { throw FileError.outside(path: name) }
            throw FileError.system("open", path: name, code: -descriptor)
        }
        return descriptor
    }
}
