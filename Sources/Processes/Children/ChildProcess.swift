import Platform
import Subprocess
import SystemPackage

/// Runs this same program as a process with one end of a connection as its standard input; what it says on its others goes
/// to ours on stderr.
enum ChildProcess {
    /// Runs until the process ends.
    ///
    /// - Parameter socket: closed here as soon as the process has it.
    /// - Returns: how it ended, in words.
    static func run(
        _ program: String, _ arguments: [String], socket: Int32
    ) async -> String {
        var environment: [Environment.Key: String] = [:]
        for (name, value) in ChildEnvironment.variables {
            if let key = Environment.Key(rawValue: name) { environment[key] = value }
        }
        // Our own pool is the only one: a library that starts threads when it is loaded has them before any limit.
        environment["OPENBLAS_NUM_THREADS"] = "1"
        do {
            let result = try await Subprocess.run(
                .path(FilePath(program)), arguments: Arguments(arguments), environment: .custom(environment),
                input: .fileDescriptor(FileDescriptor(rawValue: socket), closeAfterSpawningProcess: true),
                output: .fileDescriptor(.standardError, closeAfterSpawningProcess: false),
                error: .fileDescriptor(.standardError, closeAfterSpawningProcess: false)
            ) { _ in }
            return words(result.terminationStatus)
        } catch {
            return "it could not be run (\(error))"
        }
    }

    private static func words(_ status: TerminationStatus) -> String {
        switch status {
        case .exited(let code): "it left with exit code \(code)"
        case .signaled(24): "it took more time than it may"
        case .signaled(25): "it wrote more than it may"
        case .signaled(let signal): "signal \(signal) ended it"
        }
    }
}
