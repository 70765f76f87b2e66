import Foundation
import Platform

extension Terminal {
    /// Whether people read stdout.
    static var isInteractive: Bool { isatty(STDOUT_FILENO) == 1 }

    /// Whether a bar can be drawn on stderr.
    static var showsBar: Bool {
        isatty(STDERR_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"
    }

    /// Characters in a line of the terminal, as COLUMNS has it.
    static var columns: Int { ProcessInfo.processInfo.environment["COLUMNS"].flatMap { Int($0) } ?? 120 }
}
