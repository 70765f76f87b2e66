import Glibc

/// Looks into folders.
public enum Folder {
    /// One entry of a folder.
    public struct Entry: Sendable, Equatable {
        public let name: String
        public let isFolder: Bool
        public let sizeBytes: Int
        /// The last change to its bytes, seconds since 1970.
        public let modifiedAt: Int
    }

    /// The regular files and folders directly in `path`, sorted by name as Python sorts (by code point); hidden ones
    /// left out. Symbolic links are followed.
    public static func entries(_ path: String) throws(FileError) -> [Entry] {
        guard let stream = opendir(path) else { throw FileError.system("open", path: path, code: errno) }
        defer { closedir(stream) }
        var entries: [Entry] = []
        while let record = readdir(stream) {
            let name = withUnsafePointer(to: &record.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard !name.hasPrefix(".") else { continue }
            var status = stat()
            guard fstatat(dirfd(stream), name, &status, 0) == 0 else { continue }
            let kind = status.st_mode & S_IFMT
            guard kind == S_IFREG || kind == S_IFDIR else { continue }
            entries.append(
                Entry(
                    name: name, isFolder: kind == S_IFDIR, sizeBytes: Int(status.st_size),
                    modifiedAt: status.st_mtim.tv_sec))
        }
        // UTF-8 sorts as its code points do.
        return entries.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    /// Makes `path` and the folders above it, mode 0700 for the new ones; each is durable when this returns.
    public static func create(_ path: String) throws(FileError) {
        var status = stat()
        if stat(path, &status) == 0 {
            guard status.st_mode & S_IFMT == S_IFDIR else {
                throw FileError.system("create", path: path, code: ENOTDIR)
            }
            return
        }
        if let slash = path.lastIndex(of: "/"), slash != path.startIndex { try create(String(path[..<slash])) }
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
            throw FileError.system("create", path: path, code: errno)
        }
        try AtomicFile.syncDirectory(of: path)
    }

    /// Where files may lie for a moment: `TMPDIR`, or /tmp.
    public static var temporary: String { getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp" }

    /// `path` from the root on, whatever folder is the current one.
    public static func absolute(_ path: String) -> String {
        if path.hasPrefix("/") { return path }
        guard let current = getcwd(nil, 0) else { return path }
        defer { free(current) }
        return String(cString: current) + "/" + path
    }

    /// Which folder stands at `path`, whatever it holds: the device and the number there; nil where there is none.
    public static func number(_ path: String) -> [UInt]? {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return nil }
        return [status.st_dev, status.st_ino]
    }

    /// Whether anything is at `path`.
    public static func exists(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0
    }

    /// The size of the regular file at `path`, bytes; nil where there is none.
    public static func fileSize(_ path: String) -> Int? {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int(status.st_size)
    }

    /// Says that the file at `path` was wanted just now.
    public static func touch(_ path: String) { utimensat(AT_FDCWD, path, nil, 0) }

    /// Whether files can be made in the folder `path`.
    public static func isWritable(_ path: String) -> Bool { access(path, W_OK | X_OK) == 0 }

    /// Gives the file at `path` another name besides; a name that is there already stays what it is.
    public static func link(_ path: String, as name: String) throws(FileError) {
        guard Glibc.link(path, name) == 0 || errno == EEXIST else {
            throw FileError.system("link", path: name, code: errno)
        }
        try AtomicFile.syncDirectory(of: name)
    }

    /// Has the name `path` lead to the folder `target`, wherever that lies.
    public static func makeLink(at path: String, to target: String) throws(FileError) {
        guard symlink(target, path) == 0 else { throw FileError.system("link", path: path, code: errno) }
        try AtomicFile.syncDirectory(of: path)
    }

    /// Where the link `path` leads to; nil for what is no link.
    public static func destination(ofLink path: String) -> String? {
        var bytes = [CChar](repeating: 0, count: 4096)
        let count = readlink(path, &bytes, bytes.count)
        guard count > 0, count < bytes.count else { return nil }
        return Bytes(bytes[..<count].map { UInt8(bitPattern: $0) }).utf8String
    }

    /// Gives a file or folder another place on the same disk; both folders are durable when this returns.
    ///
    /// - Parameter target: where nothing is yet.
    public static func move(_ path: String, to target: String) throws(FileError) {
        guard !exists(target) else { throw FileError.system("move", path: target, code: EEXIST) }
        guard rename(path, target) == 0 else { throw FileError.system("move", path: path, code: errno) }
        try AtomicFile.syncDirectory(of: target)
        try AtomicFile.syncDirectory(of: path)
    }

    /// Removes the file at `path`, if there is one.
    public static func removeFile(_ path: String) throws(FileError) {
        guard unlink(path) == 0 || errno == ENOENT else { throw FileError.system("remove", path: path, code: errno) }
    }

    /// Removes the folder `path` with all that is in it; a link in it goes, and what it leads to stays.
    public static func removeTree(_ path: String) throws(FileError) {
        guard let stream = opendir(path) else {
            if errno == ENOENT { return }
            throw FileError.system("open", path: path, code: errno)
        }
        var names: [String] = []
        while let record = readdir(stream) {
            let name = withUnsafePointer(to: &record.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        closedir(stream)
        for name in names {
            let inner = path + "/" + name
            var status = stat()
            guard lstat(inner, &status) == 0 else { continue }
            if status.st_mode & S_IFMT == S_IFDIR { try removeTree(inner) } else { try removeFile(inner) }
        }
        guard rmdir(path) == 0 || errno == ENOENT else { throw FileError.system("remove", path: path, code: errno) }
    }
}
