import Glibc

/// Maps whole files into memory, read-only.
public enum MappedFile {
    /// The bytes of the regular file at `path`.
    ///
    /// - Throws: `FileError` when it cannot be opened, is no regular file, or cannot be mapped.
    public static func open(_ path: String) throws(FileError) -> Bytes {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw FileError.system("open", path: path, code: errno) }
        defer { close(descriptor) }
        return try map(descriptor, path: path)
    }

    /// The bytes of the regular file `name` below `directory`; neither `..` nor a symbolic link leads outside.
    ///
    /// - Throws: `FileError.outside` for a name that leaves the directory, otherwise as `open`.
    public static func open(_ name: String, beneath directory: String) throws(FileError) -> Bytes {
        let descriptor = try ContainedFile.openDescriptor(name, beneath: directory)
        defer { close(descriptor) }
        return try map(descriptor, path: name)
    }

    static func map(_ descriptor: Int32, path: String) throws(FileError) -> Bytes {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileError.system("fstat", path: path, code: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw FileError.notRegular(path: path) }
        let size = Int(status.st_size)
        guard size > 0 else { return Bytes([]) }
        let address = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0)
        guard let address, address != MAP_FAILED else { throw FileError.system("mmap", path: path, code: errno) }
        madvise(address, size, MADV_WILLNEED)
        // The address travels as a number because the closure must be sendable and a pointer is not.
        let bits = UInt(bitPattern: address)
        let owner = ByteOwner(mapped: UnsafeRawPointer(address)) {
            munmap(UnsafeMutableRawPointer(bitPattern: bits), size)
        }
        return Bytes(owner: owner, start: 0, count: size)
    }
}

/// What can go wrong with a file, in words for the user.
public enum FileError: Error, Equatable, CustomStringConvertible {
    /// A system call failed with this `errno`.
    case system(String, path: String, code: Int32)
    /// Not a regular file: a folder, a pipe, a device.
    case notRegular(path: String)
    /// The name leads outside the directory it must stay in.
    case outside(path: String)
    /// Something in the folder has a name that is dear to compare.
    case badName(path: String)

    public var description: String {
        switch self {
        case .system(let call, let path, let code):
            "cannot \(call == "open" ? "read" : call) \(path): \(String(cString: strerror(code)))"
        case .notRegular(let path): "\(path) is not a regular file"
        case .badName(let path):
            "\(path) holds a name with more than \(StreamSafeText.longestRun) combining marks in a row; rename it"
        case .outside(let path): "\(path) leads outside its directory"
        }
    }

    /// Whether the file does not exist.
    public var isMissing: Bool {
        if case .system(_, _, let code) = self { return code == ENOENT || code == ENOTDIR }
        return false
    }

    /// Whether the other end of a connection is gone.
    public var isDisconnected: Bool {
        if case .system(_, _, let code) = self { return code == EPIPE || code == ECONNRESET }
        return false
    }

    /// Whether the disk is full.
    public var isDiskFull: Bool {
        if case .system(_, _, let code) = self { return code == ENOSPC || code == EDQUOT }
        return false
    }
}
