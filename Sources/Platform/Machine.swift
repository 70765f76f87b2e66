import CLinux
import Glibc

/// The machine and the process we run on.
public enum Machine {
    /// Processors this process may use.
    public static var processors: Int { Int(linux_processors()) }

    /// Physical memory of the machine, bytes; 0 where the system does not tell.
    public static var memoryBytes: Int {
        let (bytes, overflows) = sysconf(Int32(_SC_PHYS_PAGES)).multipliedReportingOverflow(
            by: sysconf(Int32(_SC_PAGESIZE)))
        return overflows ? 0 : max(0, bytes)
    }

    /// Memory this process holds in RAM, bytes.
    public static var residentBytes: Int {
        guard let text = text(of: "/proc/self/statm") else { return 0 }
        let fields = text.split(separator: " ")
        return fields.count > 1 ? (Int(fields[1]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE))) : 0
    }

    /// The processor's name and its instruction-set flags, from /proc/cpuinfo.
    public static var processor: (model: String, flags: [String]) {
        guard let text = text(of: "/proc/cpuinfo") else { return ("unknown", []) }
        func value(_ keys: [String]) -> String? {
            for line in text.split(separator: "\n") {
                let parts = line.split(separator: ":", maxSplits: 1)
                guard parts.count == 2, keys.contains(where: { parts[0].hasPrefix($0) }) else { continue }
                return String(parts[1].drop { $0 == " " })
            }
            return nil
        }
        return (
            value(["model name", "Model"]) ?? "unknown",
            (value(["flags", "Features"]) ?? "").split(separator: " ").map(String.init)
        )
    }

    /// Raises how many files and sockets this process may have open as far as the system lets it, and says how many
    /// that are; 65,536 at the most, because programs that we start may look at every number.
    public static func raiseOpenFiles() -> Int { Int(linux_raise_descriptors(65_536)) }

    /// Who started this process, or who inherited it.
    public static var parent: Int { Int(getppid()) }

    /// Ends the process at once, without destructors.
    public static func leave(_ code: Int32 = 1) -> Never { _exit(code) }

    /// No program that the calling thread, threads that it starts from here on, or processes of those run gains a right
    /// by the rights of its file.
    public static func renouncePrivileges() { linux_renounce_privileges() }

    /// Says that this process is the one to end where the machine has no memory left, rather than one that serves others.
    public static func offerToEndFirst() {
        guard let file = fopen("/proc/self/oom_score_adj", "we") else { return }
        fputs("800", file)
        fclose(file)
    }

    /// Whether this process may do everything.
    public static var isRoot: Bool { geteuid() == 0 }

    /// A variable of the environment.
    public static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    /// Sets a variable of the environment, for the processes that this one starts. Called before there are other threads.
    public static func setEnvironment(_ name: String, _ value: String) { setenv(name, value, 1) }

    /// Seconds of CPU time this process has used, user and system.
    public static var cpuSeconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// Gives freed memory back to the system.
    public static func trimMemory() { linux_trim_memory() }

    /// Gives each allocation of 1 MiB and more pages of its own, which go back to the system when it is freed. Left alone,
    /// the system's heap takes in larger and larger ones.
    public static func mapLargeAllocations() { linux_map_allocations(1 << 20) }

    /// The whole text of one of the system's files, whose size is unknown; nil where it cannot be read.
    static func text(of path: String) -> String? {
        guard let file = fopen(path, "re") else { return nil }
        defer { fclose(file) }
        var text: [UInt8] = [], buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let read = fread(&buffer, 1, buffer.count, file)
            guard read > 0 else { break }
            text += buffer[..<read]
        }
        return String(decoding: text, as: UTF8.self)
    }
}
