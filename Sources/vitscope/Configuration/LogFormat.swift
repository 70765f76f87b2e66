import Foundation
import Logging
import Platform
import Service

/// How the log is written to stderr.
enum LogFormat: String, CaseIterable {
    case text, json

    private static let variable = "VITSCOPE_LOG_FORMAT"

    /// What the process that started this one has said.
    static var inherited: LogFormat { Machine.environment(variable).flatMap(LogFormat.init) ?? .text }

    /// Begins to log; the processes that this one starts log in the same way.
    func begin() {
        Machine.setEnvironment(Self.variable, rawValue)
        switch self {
        case .text: LoggingSystem.bootstrap(StreamLogHandler.standardError)
        case .json:
            LoggingSystem.bootstrap { label in
                JSONLogHandler(label) { line in try? FileHandle.standardError.write(contentsOf: Data(line)) }
            }
        }
    }
}
