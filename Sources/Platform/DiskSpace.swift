import Glibc

/// How much room the file system of a folder has.
public struct DiskSpace: Sendable, Equatable {
    /// All of it, bytes.
    public let totalBytes: Int
    /// What is left for us, bytes.
    public let freeBytes: Int

    public init(totalBytes: Int, freeBytes: Int) {
        self.totalBytes = totalBytes
        self.freeBytes = freeBytes
    }

    /// Looks at the file system that holds `path`.
    public init(at path: String) throws(FileError) {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { throw FileError.system("statvfs", path: path, code: errno) }
        totalBytes = DiskSpace.bytes(status.f_blocks, of: status.f_frsize)
        freeBytes = DiskSpace.bytes(status.f_bavail, of: status.f_frsize)
    }

    private static func bytes(_ blocks: UInt, of size: UInt) -> Int {
        let (bytes, isTooMuch) = blocks.multipliedReportingOverflow(by: size)
        return isTooMuch ? .max : Int(clamping: bytes)
    }

    /// What uploads leave free for everything else, bytes: jobs save themselves into the same file system.
    ///
    /// Two gibibytes, or a twentieth of a large disk; of a small one a tenth, or nothing could be uploaded to it at all.
    public var reserveBytes: Int { min(max(2 << 30, totalBytes / 20), totalBytes / 10) }

    /// Whether so little is left that the next thing to be written will fail: under 64 MiB, or 2 % of a small disk.
    public var isExhausted: Bool { freeBytes < min(64 << 20, totalBytes / 50) }
}
