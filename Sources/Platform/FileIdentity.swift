import Glibc

/// What the system knows of a file without reading it: the same identity, the same bytes.
public struct FileIdentity: Sendable, Equatable {
    /// Device, number, size, and the times of the last change to the bytes and to the file, in one text.
    public let text: String
    /// Whether the last change lies so far back that another one would show. Clocks of file systems tick coarsely.
    public let isSettled: Bool

    /// The identity of the regular file at `path`, or of those directly in the folder; nil where nothing is there.
    public init?(_ path: String) {
        guard let own = Self.look(path) else { return nil }
        var parts = [own.text], isSettled = own.isSettled
        if own.isFolder {
            guard let entries = try? Folder.entries(path) else { return nil }
            for entry in entries where !entry.isFolder {
                guard let file = Self.look(path + "/" + entry.name) else { return nil }
                parts.append("\(entry.name.utf8.count) \(entry.name) \(file.text)")
                isSettled = isSettled && file.isSettled
            }
        }
        text = parts.joined(separator: "\n")
        self.isSettled = isSettled
    }

    private static func look(_ path: String) -> (text: String, isFolder: Bool, isSettled: Bool)? {
        var status = stat(), now = timespec()
        guard stat(path, &status) == 0 else { return nil }
        clock_gettime(CLOCK_REALTIME, &now)
        let change = status.st_ctim
        return (
            "\(status.st_dev) \(status.st_ino) \(status.st_size) \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec) "
                + "\(change.tv_sec).\(change.tv_nsec)",
            status.st_mode & S_IFMT == S_IFDIR, now.tv_sec &- change.tv_sec > 2 || now.tv_sec < change.tv_sec
        )
    }
}
