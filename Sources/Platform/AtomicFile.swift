import Glibc

/// Writes whole files so that nobody ever sees half of one: a temporary neighbour, synced, renamed, and the
/// directory synced after it.
public enum AtomicFile {
    /// Writes `chunks` one after another as the file at `path`.
    ///
    /// - Parameter isPrivate: whether only the owner may read it; otherwise the process's umask decides.
    /// - Throws: `FileError`; on any error the temporary neighbour is gone and the old file is untouched.
    public static func write(_ chunks: [Bytes], to path: String, isPrivate: Bool = true) throws(FileError) {
        let temporary = path + ".tmp-\(getpid())-\(RandomBytes.hex(8))"
        let descriptor = Glibc.open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, isPrivate ? 0o600 : 0o666)
        guard descriptor >= 0 else { throw FileError.system("create", path: path, code: errno) }
        FaultPoint.pass(.fileCreated, path)
        do throws(FileError) {
            for chunk in chunks { try writeAll(chunk, to: descriptor, path: path) }
            FaultPoint.pass(.fileWritten, path)
            guard fsync(descriptor) == 0 else { throw FileError.system("fsync", path: path, code: errno) }
        } catch {
            close(descriptor)
            unlink(temporary)
            throw error
        }
        FaultPoint.pass(.fileSynced, path)
        guard close(descriptor) == 0, rename(temporary, path) == 0 else {
            let code = errno
            unlink(temporary)
            throw FileError.system("rename", path: path, code: code)
        }
        FaultPoint.pass(.fileRenamed, path)
        try syncDirectory(of: path)
        FaultPoint.pass(.fileDurable, path)
    }

    /// Writes `bytes` as the file at `path`.
    public static func write(_ bytes: [UInt8], to path: String) throws(FileError) {
        try write([Bytes(bytes)], to: path)
    }

    private static func writeAll(_ bytes: Bytes, to descriptor: Int32, path: String) throws(FileError) {
        try bytes.withUnsafeBytes { (buffer) throws(FileError) in
            var done = 0
            while done < buffer.count {
                // One call writes at most 2 GiB; a signal may interrupt it.
                let wrote = Glibc.write(descriptor, buffer.baseAddress! + done, min(buffer.count - done, 1 << 30))
                if wrote < 0 {
                    if errno == EINTR { continue }
                    throw FileError.system("write", path: path, code: errno)
                }
                done += wrote
            }
        }
    }

    /// Makes a rename or an unlink in the directory of `path` durable.
    public static func syncDirectory(of path: String) throws(FileError) {
        var directory = "."
        if let slash = path.lastIndex(of: "/") { directory = slash == path.startIndex ? "/" : String(path[..<slash]) }
        let descriptor = Glibc.open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError.system("open", path: directory, code: errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw FileError.system("fsync", path: directory, code: errno) }
    }
}
