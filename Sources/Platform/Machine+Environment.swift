import Glibc

extension Machine {
    /// Takes a variable out of the environment. Only while the program has one thread: C libraries read it unguarded.
    public static func forgetVariable(_ name: String) { unsetenv(name) }

    /// What the machine calls itself.
    public static var hostName: String {
        String((text(of: "/proc/sys/kernel/hostname") ?? "unknown").prefix { $0 != "\n" })
    }
}
