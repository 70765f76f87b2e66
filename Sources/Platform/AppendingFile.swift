import Glibc

/// A file that only grows, line by line.
///
/// A class because an open file has an identity.
public final class AppendingFile {
    private let path: String
    private let descriptor: Int32

    /// Opens the file at `path`, making it where there is none.
    public init(_ path: String) throws(FileError) {
        self.path = path
        descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw FileError.system("open", path: path, code: errno) }
    }

    deinit { close(descriptor) }

    /// Adds `bytes` at the end.
    public func append(_ bytes: [UInt8]) throws(FileError) {
        var done = 0
        while done < bytes.count {
            let wrote = bytes.withUnsafeBytes { buffer in
                buffer.baseAddress.map { Glibc.write(descriptor, $0 + done, buffer.count - done) } ?? 0
            }
            if wrote < 0 {
                if errno == EINTR { continue }
                throw FileError.system("write", path: path, code: errno)
            }
            done += wrote
        }
    }

    /// Makes what was written durable.
    public func sync() throws(FileError) {
        guard fsync(descriptor) == 0 else { throw FileError.system("fsync", path: path, code: errno) }
    }
}
