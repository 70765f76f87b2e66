import Platform
import Subprocess
import SystemPackage

/// Runs Slurm's commands: each with a list of arguments and no shell, an environment without secrets, and an end.
struct SlurmCommands: Sendable {
    struct Answer: Sendable {
        let succeeded: Bool
        let output: String
        let errors: String

        /// Whether the scheduler was not there to be asked; otherwise it has refused.
        var isSilence: Bool {
            let signs = [
                "Unable to contact slurm controller", "Socket timed out", "Connection refused", "Connection timed out",
                "Connection reset", "Zero Bytes were transmitted", "Resource temporarily unavailable",
                "temporarily unable to accept job", "Unable to resolve", "Communication connection failure",
                "Network is unreachable", "No route to host", "Header lengths are longer", "backup controller",
            ]
            return signs.contains { errors.contains($0) }
        }
    }

    private let folder: String?
    private let limit: Duration

    init(_ settings: SlurmSettings) {
        folder = settings.commands
        limit = settings.limit
    }

    /// Nil where the command is not there, or gave no answer in time.
    func run(_ command: String, _ arguments: [String]) async -> Answer? {
        let program: Executable = folder.map { .path(FilePath("\($0)/\(command)")) } ?? .name(command)
        return await withTaskGroup(of: Answer?.self) { group in
            group.addTask {
                let result = try? await Subprocess.run(
                    program, arguments: Arguments(arguments), environment: .custom(Self.environment), input: .none,
                    output: .string(limit: 16 << 20), error: .string(limit: 1 << 16))
                guard let result else { return nil }
                var succeeded = false
                if case .exited(0) = result.terminationStatus { succeeded = true }
                return Answer(succeeded: succeeded, output: result.standardOutput, errors: result.standardError)
            }
            group.addTask { [limit] in
                try? await Task.sleep(for: limit)
                return nil
            }
            // Who is not first is cancelled, which ends the process.
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
    }

    /// Jobs inherit it: no temporary folder of this machine, and nothing secret.
    private static var environment: [Environment.Key: String] {
        var kept = LocalWorkers.environment
        for name in ["SLURM_CONF"] {
            if let key = Environment.Key(rawValue: name), let value = Machine.environment(name) { kept[key] = value }
        }
        if let key = Environment.Key(rawValue: "TMPDIR") { kept[key] = nil }
        return kept
    }
}
