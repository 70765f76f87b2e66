import Jobs
import Training

/// What sbatch(1) is told: a script of three lines, and arguments of which only those of `ClusterResources` come from
/// outside.
struct SlurmScript {
    /// Seconds before a time limit at which the worker is told to save itself.
    private static let notice = 90

    let program: String
    let job: Job
    /// The job's folder, as the nodes see it.
    let folder: String
    let name: String
    let threads: Int
    let ranks: Int
    let resources: ClusterResources

    /// Begins at the top again where the scheduler starts a job once more.
    var text: String {
        // Where a rank ends badly, srun(1) ends the others, and hands signals on to all.
        let launcher = ranks == 1 ? "" : "srun --mpi=pmix --kill-on-bad-exit=1 "
        return """
            #!/bin/sh
            # sbatch(1) was given this by ViTScope. After a requeue it begins here again.
            export SRUN_CPUS_PER_TASK="${SLURM_CPUS_PER_TASK:-1}"
            exec \(launcher)\(Self.quoted(program)) worker --job-dir \(Self.quoted(folder)) --attempt \(job.attempt)

            """
    }

    /// - Parameter path: of the script.
    func arguments(script path: String) -> [String] {
        let lead = resources.seconds.map { min(Self.notice, $0 / 2) } ?? Self.notice
        var arguments = [
            "--parsable", "--job-name=\(name)", "--chdir=\(folder)", "--output=\(folder)/logs/worker.log",
            "--open-mode=append", "--requeue", "--nodes=\(resources.nodes)", "--ntasks=\(ranks)",
            "--cpus-per-task=\(threads)",
            "--signal=B:USR1@\(lead)",
        ]
        if let seconds = resources.seconds { arguments.append("--time=\(seconds / 60):\(seconds % 60)") }
        if let partition = resources.partition { arguments.append("--partition=\(partition)") }
        if let account = resources.account { arguments.append("--account=\(account)") }
        arguments += resources.options.map { "--\($0.name)=\($0.value)" }
        return arguments + [path]
    }

    /// As one word of a shell, whatever it holds.
    static func quoted(_ text: String) -> String { "'" + text.replacing("'", with: #"'\''"#) + "'" }
}
