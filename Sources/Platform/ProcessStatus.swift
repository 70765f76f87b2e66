import CLinux
import Glibc

/// A process that is told apart from a later one with the same number by the moment of its start.
public struct ProcessStatus: Sendable, Equatable {
    public let identifier: Int
    /// Clock ticks from the start of the machine to that of the process.
    public let startTicks: Int

    public init(identifier: Int, startTicks: Int) {
        self.identifier = identifier
        self.startTicks = startTicks
    }

    /// The process that has the number `pid` now; nil where none has, or it is a corpse that nobody has collected.
    public init?(running pid: Int) {
        guard let line = ProcessLine(pid), !line.isDead else { return nil }
        self.init(identifier: pid, startTicks: line.started)
    }

    /// This process.
    public static var current: ProcessStatus? { ProcessStatus(running: Int(getpid())) }

    /// Whether it runs.
    public var isRunning: Bool { ProcessStatus(running: identifier) == self }

    /// Ends the process, and everything in the group that it leads, at once and without asking; a number that somebody
    /// else has by now is left alone.
    public func kill() {
        guard identifier > 1, let number = Int32(exactly: identifier) else { return }
        withUnsafePointer(to: startTicks) { wanted in
            _ = linux_kill_process(
                number,
                { pid, context in
                    let wanted = context?.load(as: Int.self)
                    return ProcessLine(Int(pid)).map { $0.started == wanted ? 1 : 0 } ?? 0
                }, wanted)
        }
        // As long as a group has members its number is nobody else's: only a process of that number and of another start
        // would lead a group of its own.
        if let leader = ProcessLine(identifier), leader.started != startTicks { return }
        killpg(number, SIGKILL)
    }

    /// Whether it, or anything of the group that it leads, is still there.
    public var hasLivingGroup: Bool {
        // Group 0 is the kernel's own.
        guard identifier > 1 else { return false }
        if isRunning { return true }
        if let leader = ProcessLine(identifier), leader.started != startTicks { return false }
        return Self.numbers.contains { other in
            guard let line = ProcessLine(other) else { return false }
            return line.group == identifier && !line.isDead
        }
    }

    /// Ends it and its group, and waits until they are gone.
    ///
    /// - Parameter limit: of the waiting; the kernel may hold a process that waits for a disk.
    /// - Returns: whether they are gone.
    public func killAndWait(_ limit: Duration = .seconds(10)) async -> Bool {
        let end = ContinuousClock.now + limit
        while hasLivingGroup {
            kill()
            if ContinuousClock.now > end { return false }
            try? await Task.sleep(for: .milliseconds(5))
        }
        return true
    }

    /// The numbers of all processes.
    private static var numbers: [Int] { (try? Folder.entries("/proc"))?.compactMap { Int($0.name) } ?? [] }

    /// Makes this process step back behind everything else on the machine by `niceness`, with all its threads and those
    /// to come; from here on it dumps no core and gains no right by running a program that would give one.
    public static func makeModest(niceness: Int) {
        // A thread that begins while the others are listed takes after one of them: twice finds it.
        for _ in 0..<2 {
            for thread in (try? Folder.entries("/proc/self/task"))?.compactMap({ Int32($0.name) }) ?? [] {
                linux_lower_priority(thread, Int32(clamping: niceness))
            }
        }
        linux_renounce()
    }

    /// Whether the process `identifier` that was started at `startTicks` runs.
    public static func runs(_ identifier: Int, startTicks: Int) -> Bool {
        ProcessStatus(identifier: identifier, startTicks: startTicks).isRunning
    }
}

/// What /proc/PID/stat says of a process (proc(5)).
package struct ProcessLine {
    package let isDead: Bool
    package let group: Int
    package let started: Int

    package init?(_ pid: Int) {
        guard let text = Machine.text(of: "/proc/\(pid)/stat") else { return nil }
        self.init(text)
    }

    /// The name is in brackets and may hold anything, brackets too; the fields after the last one count from 3.
    package init?(_ text: String) {
        guard let bracket = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: bracket)...].split(whereSeparator: { $0 == " " || $0 == "\n" })
        guard fields.count > 19, let group = Int(fields[2]), let started = Int(fields[19]) else { return nil }
        isDead = fields[0] == "Z" || fields[0] == "X"
        self.group = group
        self.started = started
    }
}
