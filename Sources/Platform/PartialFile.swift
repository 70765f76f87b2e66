import Glibc

/// A file in the making, written piece by piece, that becomes visible under its name only when it is whole.
///
/// A class because an open file has an identity. Whoever lets go of it unfinished leaves nothing on the disk.
public final class PartialFile {
    private let path: String
    private var descriptor: Int32
    /// Bytes written so far.
    public private(set) var count = 0
    private var reserved = 0

    /// Makes an empty file with an unused name that ends in `suffix`, mode 0600, in `folder`.
    public init(in folder: String, suffix: String) throws(FileError) {
        path = folder + "/" + RandomBytes.hex(8) + suffix
        descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileError.system("create", path: path, code: errno) }
    }

    deinit { discard() }

    /// Takes the room for `count` bytes in all, so that a full disk shows before anything is written. File systems
    /// that cannot promise room are believed.
    public func reserve(_ count: Int) throws(FileError) {
        guard descriptor >= 0 else { throw FileError.system("reserve", path: path, code: EBADF) }
        guard count > 0 else { return }
        reserved = count
        while true {
            switch posix_fallocate(descriptor, 0, count) {
            case 0, EOPNOTSUPP, EINVAL: return
            case EINTR: continue
            case EFBIG: throw FileError.system("reserve", path: path, code: ENOSPC)
            case let code: throw FileError.system("reserve", path: path, code: code)
            }
        }
    }

    /// Adds `bytes` at the end.
    public func append(_ bytes: [UInt8]) throws(FileError) {
        guard descriptor >= 0 else { throw FileError.system("write", path: path, code: EBADF) }
        var done = 0
        while done < bytes.count {
            let wrote = bytes.withUnsafeBytes { buffer in
                buffer.baseAddress.map { Glibc.write(descriptor, $0 + done, min(buffer.count - done, 1 << 30)) } ?? 0
            }
            if wrote < 0 {
                if errno == EINTR { continue }
                throw FileError.system("write", path: path, code: errno)
            }
            done += wrote
        }
        count += bytes.count
    }

    /// The same open file for somebody else to write to, from where it stands.
    public func writing() throws(FileError) -> OpenFile {
        let other = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard other >= 0 else { throw FileError.system("dup", path: path, code: errno) }
        return OpenFile(owning: other)
    }

    /// Syncs the file and gives it its name, in place of any other file of that name.
    public func finish(as target: String) throws(FileError) {
        guard descriptor >= 0 else { throw FileError.system("fsync", path: target, code: EBADF) }
        if reserved > count, ftruncate(descriptor, count) != 0 {
            throw FileError.system("truncate", path: target, code: errno)
        }
        guard fsync(descriptor) == 0 else { throw FileError.system("fsync", path: target, code: errno) }
        let isClosed = close(descriptor) == 0
        descriptor = -1
        guard isClosed, rename(path, target) == 0 else {
            let code = errno
            unlink(path)
            throw FileError.system("rename", path: target, code: code)
        }
        try AtomicFile.syncDirectory(of: target)
    }

    /// Removes what was written.
    public func discard() {
        guard descriptor >= 0 else { return }
        close(descriptor)
        descriptor = -1
        unlink(path)
    }
}
