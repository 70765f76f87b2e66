import Platform
import Subprocess
import SystemPackage

/// Runs this same program as a process with one end of a connection as its standard input; what it says on its others goes
/// to ours on stderr.
enum ChildProcess {
    /// Runs until the process ends.
    ///
    /// - Parameters:
    ///   - own: our end of the connection, which is shut down where the process could not be run, so that nobody waits for
    ///     what it would have said.
    ///   - other: its end, closed here as soon as the process has it.
    ///   - killer: may end the process while it runs.
    /// - Returns: how it ended, in words.
    static func run(
        _ program: String, _ arguments: [String], own: MessageSocket, other: Int32,
        killer: ChildKiller
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
                input: .fileDescriptor(FileDescriptor(rawValue: other), closeAfterSpawningProcess: true),
                output: .fileDescriptor(.standardError, closeAfterSpawningProcess: false),
                error: .fileDescriptor(.standardError, closeAfterSpawningProcess: false)
            ) { execution in killer.hold { try? execution.send(signal: .kill) } }
            killer.release()
            return words(result.terminationStatus)
        } catch {
            own.shutDown()
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
