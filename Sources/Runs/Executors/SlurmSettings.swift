/// A cluster under Slurm, and how it is asked.
public struct SlurmSettings: Sendable {
    /// The folder that this machine and the nodes see under the same path.
    public var directory: String
    /// Where sbatch(1) and its like are; nil for PATH.
    public var commands: String?
    /// A heartbeat as young as this is believed without asking the scheduler.
    public var fresh = Duration.seconds(10)
    /// Between two questions to the scheduler.
    public var interval = Duration.seconds(5)
    /// A job that the scheduler calls ended may have said more, which a network's disk shows later.
    public var settling = Duration.seconds(10)
    /// How long a job that the scheduler calls running may say nothing.
    public var patience = Duration.seconds(180)
    /// A command that takes longer is given up; the scheduler does not answer then.
    public var limit = Duration.seconds(30)

    public init(directory: String) { self.directory = directory }

    /// What is wrong with the folder or with the commands, in a sentence; nil where nothing is.
    public func fault() async -> String? {
        // In names of output files sbatch(1) reads these for more than themselves.
        guard directory.hasPrefix("/"), directory.utf8.allSatisfy({ $0 >= 32 && $0 != 127 && $0 != UInt8(ascii: "%") }),
            !directory.utf8.contains(UInt8(ascii: "\\"))
        else {
            return "--slurm-directory must be a path from / on, without %, backslashes and control characters"
        }
        let version = await SlurmCommands(self).run("sbatch", ["--version"])
        guard version?.succeeded == true else {
            return "sbatch does not run here: install Slurm's commands (Debian: slurm-client), or leave "
                + "--slurm-directory out"
        }
        return nil
    }
}
