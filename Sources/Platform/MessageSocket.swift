import CLinux
import Glibc

/// One end of a connection inside this machine over which whole messages go, each with a run of memory where it is large.
///
/// A class because a descriptor has an identity; it is closed when the last reference goes.
public final class MessageSocket: Sendable {
    /// A message with more bytes than this carries them as memory.
    public static let longestMessage = 65_536

    /// The number by which the system knows it.
    public let descriptor: Int32

    /// - Parameter descriptor: of an open end, which this object closes.
    public init(owning descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Two ends that belong together: our own, and a descriptor for somebody else, which the caller closes.
    public static func pair() throws(FileError) -> (own: MessageSocket, other: Int32) {
        var ends: (Int32, Int32) = (-1, -1)
        let code = withUnsafeMutableBytes(of: &ends) { bytes in
            bytes.baseAddress.map { linux_message_pair($0.assumingMemoryBound(to: Int32.self)) } ?? -EINVAL
        }
        guard code == 0 else { throw FileError.system("socketpair", path: "a message socket", code: -code) }
        return (MessageSocket(owning: ends.0), ends.1)
    }

    /// Sends a message of `longestMessage` bytes at the most, with a descriptor beside it.
    ///
    /// - Throws: `FileError.system`; with EPIPE where the other end is gone.
    public func send(_ message: [UInt8], attaching attached: Int32? = nil) throws(FileError) {
        let code = message.withUnsafeBytes {
            linux_send_message(descriptor, $0.baseAddress, $0.count, attached ?? -1)
        }
        guard code == 0 else { throw FileError.system("send", path: "a message socket", code: -code) }
    }

    /// Waits for the next message; nil where the other end is gone. The descriptor beside it belongs to the caller.
    public func receive() throws(FileError) -> (message: [UInt8], attached: OpenFile?)? {
        var attached: Int32 = -1, received = 0
        // What is made of a message may be kept, so that it takes no more than it has.
        let room = min(max(linux_next_message(descriptor), 1), Self.longestMessage)
        let message = [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
            received = linux_receive_message(descriptor, buffer.baseAddress, buffer.count, &attached)
            count = max(received, 0)
        }
        if received == 0 || received == -Int(ECONNRESET) { return nil }
        guard received > 0 else {
            throw FileError.system("receive", path: "a message socket", code: Int32(truncatingIfNeeded: -received))
        }
        return (message, attached >= 0 ? OpenFile(owning: attached) : nil)
    }

    /// Ends the connection for both sides; who waits for a message gets nil.
    public func shutDown() { _ = shutdown(descriptor, Int32(SHUT_RDWR)) }
}

/// A descriptor that is closed when the last reference goes. A class because a descriptor has an identity.
public final class OpenFile: Sendable {
    public let descriptor: Int32

    public init(owning descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// The file or folder `name` below `directory`, for reading; neither `..` nor a symbolic link leads outside.
    ///
    /// - Throws: `FileError`.
    public convenience init(_ name: String, beneath directory: String) throws(FileError) {
        self.init(owning: try ContainedFile.openDescriptor(name, beneath: directory))
    }

    /// Memory without a name that holds `parts` one after another.
    ///
    /// - Throws: `FileError.system` where there is not enough.
    public convenience init(memoryHolding parts: [Bytes]) throws(FileError) {
        let descriptor = linux_memory_file("vitscope")
        guard descriptor >= 0 else { throw FileError.system("memfd_create", path: "memory", code: -descriptor) }
        self.init(owning: descriptor)
        for part in parts { try append(part) }
    }

    /// Writes `bytes` at the descriptor's place.
    public func append(_ bytes: Bytes) throws(FileError) {
        var code: Int32 = 0
        bytes.forEachChunk { chunk in
            var rest = chunk
            while code == 0, !rest.isEmpty {
                let written = write(descriptor, rest.baseAddress, rest.count)
                if written < 0 {
                    if errno != EINTR { code = errno }
                } else {
                    rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(written))
                }
            }
        }
        guard code == 0 else { throw FileError.system("write", path: "a file", code: code) }
    }

    /// Its bytes, mapped.
    ///
    /// - Throws: `FileError` where it is no regular file or cannot be mapped.
    public func bytes() throws(FileError) -> Bytes { try MappedFile.map(descriptor, path: "a file") }

    /// Whether it is a folder.
    public var isFolder: Bool {
        var status = stat()
        return fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// A path under which this process can open it again.
    public var path: String { "/proc/self/fd/\(descriptor)" }
}
