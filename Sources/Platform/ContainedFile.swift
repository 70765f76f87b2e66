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

    /// One entry of a folder.
    public struct Entry: Sendable, Equatable {
        /// What it is itself: a link is not followed.
        public enum Kind: Sendable { case file, folder, link, other }

        public let name: String
        public let kind: Kind
    }

    /// Everything in the folder `name` below `directory`, hidden entries and links as well, sorted by name as Python
    /// sorts (by code point); "." is the directory itself.
    ///
    /// - Throws: as `kind`.
    public static func entries(_ name: String, beneath directory: String) throws(FileError) -> [Entry] {
        let descriptor = try openDescriptor(name, beneath: directory)
        guard let stream = fdopendir(descriptor) else {
            let code = errno
            close(descriptor)
            throw FileError.system("open", path: name, code: code)
        }
        defer { closedir(stream) }
        var entries: [Entry] = []
        while let record = readdir(stream) {
            let name = withUnsafePointer(to: &record.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name == "." || name == ".." { continue }
            if let kind = kind(of: record.pointee.d_type, name, in: stream) {
                entries.append(Entry(name: name, kind: kind))
            }
        }
        // UTF-8 sorts as its code points do.
        return entries.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    /// Nil for what has gone meanwhile.
    private static func kind(of type: UInt8, _ name: String, in stream: OpaquePointer) -> Entry.Kind? {
        switch Int(type) {
        case Int(DT_REG): return .file
        case Int(DT_DIR): return .folder
        case Int(DT_LNK): return .link
        case Int(DT_UNKNOWN):
            // Some file systems do not say it in the listing.
            var status = stat()
            guard fstatat(dirfd(stream), name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return nil }
            switch status.st_mode & S_IFMT {
            case S_IFREG: return .file
            case S_IFDIR: return .folder
            case S_IFLNK: return .link
            default: return .other
            }
        default: return .other
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
