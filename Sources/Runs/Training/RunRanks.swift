import Platform
import Training

/// The processes that train together: how they are started on this machine, and how they find each other.
enum RunRanks {
    /// Joins the others of `wanted` processes; alone where one is wanted.
    ///
    /// - Throws: `TrainingFailure` where there is no MPI, or another number was started.
    static func join(_ wanted: Int) throws(TrainingFailure) -> Communicator {
        guard wanted > 1 else { return .alone }
        let found: Communicator
        do throws(CommunicatorError) { found = try Communicator.join() } catch {
            throw TrainingFailure.setting(pointer, "\(error)")
        }
        guard found.size == wanted else {
            throw TrainingFailure.setting(
                pointer,
                "The job takes \(wanted) ranks, and \(found.size) \(found.size == 1 ? "process was" : "were") started "
                    + "together. Start “mpirun -n \(wanted) vitscope train …”, or train with one rank.")
        }
        return found
    }

    static let pointer = "/resources/ranks"

    /// What ranks on this machine need and do not find, in a sentence; nil where all is there.
    static var lacking: String? {
        if let lacking = Communicator.lacking { return lacking }
        let folders = (Machine.environment("PATH") ?? "").split(separator: ":")
        return folders.contains { Folder.exists("\($0)/\(launcher)") }
            ? nil : "Several ranks are started by mpirun, which is not here. Install Debian's package openmpi-bin."
    }

    /// What is wrong with a job of `ranks` processes of `threads` threads each on this machine; nil where nothing is.
    static func fault(ranks: Int, threads: Int) -> String? {
        guard ranks > 1 else { return nil }
        if let lacking { return lacking }
        let (needed, overflows) = ranks.multipliedReportingOverflow(by: threads), processors = Machine.processors
        return overflows || needed > processors
            ? "\(ranks) ranks with \(threads) thread\(threads == 1 ? "" : "s") each need as many processors together, and "
                + "this machine has \(processors). Take fewer, or the executor slurm." : nil
    }

    static let launcher = "mpirun"

    /// What mpirun(1) is told before the program: how many, and that they keep to no processors, whose number is counted
    /// when a job is taken.
    static func arguments(ranks: Int) -> [String] {
        (Machine.isRoot ? ["--allow-run-as-root"] : []) + ["--oversubscribe", "--bind-to", "none", "-n", "\(ranks)"]
    }
}

extension TrainingRun {
    /// What `body` gives on every rank; where it fails on one, all end.
    func together<R>(_ body: () throws -> R) throws -> R {
        let ranks = request.ranks
        guard ranks.size > 1 else { return try body() }
        let result = Result(catching: body)
        var sentence: String?
        if case .failure(let error) = result { sentence = Self.failure(error).message }
        let found = ranks.first(of: sentence)
        try ranks.check()
        let value = try result.get()
        if let found { throw TrainingFailure(.failed, "Rank \(found.rank): \(found.sentence)") }
        return value
    }
}
