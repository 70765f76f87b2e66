import Glibc

/// A lock that the system lets go of when its holder goes, however it goes (flock(2)).
///
/// A class because a lock has an identity; it is held as long as the object lives.
public final class LockFile: Sendable {
    private let descriptor: Int32

    /// Takes the lock of the file at `path`, making the file where there is none; nil where somebody else holds it.
    public init?(_ path: String) throws(FileError) {
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileError.system("open", path: path, code: errno) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            close(descriptor)
            if code == EWOULDBLOCK { return nil }
            throw FileError.system("lock", path: path, code: code)
        }
        self.descriptor = descriptor
    }

    deinit {
        // A process that is being started holds every descriptor until it executes its program, and the lock with them.
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }
}
