import CLinux
import Glibc

/// What a process that looks at bytes of strangers gives up, once and for all, before it does.
public enum Confinement {
    /// Limits of the system. Zero is none.
    public struct Limits: Sendable, Equatable {
        public var addressBytes = 0
        public var cpuSeconds = 0
        /// Of one written file.
        public var fileBytes = 0
        public var descriptors = 0

        public init() {}
    }

    /// What of it the kernel could do.
    public struct Outcome: Sendable, Equatable {
        public var limitsHold = false
        /// Only named places can be read, and nothing can be written.
        public var filesHold = false
        /// No program is run, no process made, no network reached.
        public var callsHold = false
    }

    /// Limits this process.
    ///
    /// - Parameters:
    ///   - readable: paths below which files may be opened, for reading alone; nil leaves the files as they are.
    ///   - isStrict: whether nothing is opened for writing anywhere, and no thread is started.
    public static func apply(_ limits: Limits, readable: [String]? = nil, isStrict: Bool = false) -> Outcome {
        var outcome = Outcome()
        outcome.limitsHold =
            linux_limit(
                UInt(max(limits.addressBytes, 0)), UInt(max(limits.cpuSeconds, 0)), UInt(max(limits.fileBytes, 0)),
                UInt(max(limits.descriptors, 0))) == 0
        if let readable {
            let texts = readable.map { strdup($0) }
            defer { for text in texts { free(text) } }
            let paths = texts.map { UnsafePointer($0) }
            outcome.filesHold = paths.withUnsafeBufferPointer {
                linux_confine_files($0.baseAddress, Int32(clamping: $0.count)) == 0
            }
        }
        outcome.callsHold = linux_confine(isStrict ? Int32(LINUX_CONFINE_STRICT) : 0) == 0
        return outcome
    }

    /// What any process of ours reads while it runs: the system's libraries and what they look at. libdispatch ends a
    /// process that cannot read /proc/self/task, and the directory behind that name changes, so all of /proc is among them;
    /// the kernel keeps a confined process from the memory and the environment of others there (landlock(7)).
    public static let systemPlaces = [
        "/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/proc", "/sys/devices/system", "/sys/fs/cgroup", "/dev/null",
        "/dev/zero", "/dev/urandom",
    ]
}
