import ArgumentParser
import Service

/// The flags of `serve`. Each is optional, because an environment variable or a file may say it instead.
struct ServeFlags: ParsableArguments {
    @Option(help: "Address to listen on (127.0.0.1).")
    var host: String?

    @Option(help: "Port to listen on (8080); 0 picks a free one.")
    var port: Int?

    @Option(help: "Directory for uploads, images, probe sets and the list of models (data).")
    var data: String?

    @Option(help: "Directory of checkpoints that may be loaded (DATA/models).")
    var models: String?

    @Option(help: "Directory of image folders (DATA/datasets).")
    var datasets: String?

    @Option(help: "Directory of the page.")
    var `public`: String?

    @Option(help: "Threads that compute (one a processor).")
    var threads: Int?

    @Option(help: "A host name, besides the bound one and loopback, under which clients may ask; repeatable.")
    var allowHost: [String] = []

    @Option(help: "A file with the token that clients must send; VITSCOPE_TOKEN holds one as well.")
    var tokenFile: String?

    @Flag(help: "Let the token travel in clear: only on a network that nobody else listens to.")
    var insecureHttp = false

    @Option(help: "Trainings at one time (1); 0 only takes jobs in.")
    var jobSlots: Int?

    @Option(help: "Analyses in the queue at one time, shards of large ones among them (1); 0 only takes them in.")
    var analysisSlots: Int?

    @Option(help: "A folder that this machine and the nodes of a Slurm cluster share; without it there is no cluster.")
    var slurmDirectory: String?

    @Option(help: "Let go of kept results that nobody has read for so long, such as 30d or 12h.")
    var keepResults: String?

    @Option(help: "Of a training at its end keep so many checkpoints, the newest.")
    var keepCheckpoints: Int?

    @Flag(help: "With --keep-results and --keep-checkpoints: only log what would go.")
    var retentionDryRun = false

    @Flag(help: "Parse and compute in the server itself, for debugging: a fault ends it.")
    var inProcess = false

    @Option(help: "trace, debug, info, notice, warning, error or critical (info).")
    var logLevel: String?

    @Option(help: "text or json (text): how the log is written to stderr, by workers too.")
    var logFormat: String?

    func validate() throws {
        if let port, !(0...65535).contains(port) { throw ValidationError("--port must lie from 0 to 65535.") }
        if let threads, !(1...1024).contains(threads) { throw ValidationError("--threads must lie from 1 to 1024.") }
        if let jobSlots, !(0...64).contains(jobSlots) { throw ValidationError("--job-slots must lie from 0 to 64.") }
        if let analysisSlots, !(0...64).contains(analysisSlots) {
            throw ValidationError("--analysis-slots must lie from 0 to 64.")
        }
        if let keepResults, Retention.seconds(keepResults) == nil {
            throw ValidationError("--keep-results must be a time such as 30d, 12h or 2w.")
        }
        if let keepCheckpoints, !(1...10_000).contains(keepCheckpoints) {
            throw ValidationError("--keep-checkpoints must lie from 1 to 10000.")
        }
        if let logFormat, LogFormat(rawValue: logFormat) == nil {
            throw ValidationError("--log-format must be text or json.")
        }
        let levels = ["trace", "debug", "info", "notice", "warning", "error", "critical"]
        if let logLevel, !levels.contains(logLevel) {
            throw ValidationError("--log-level must be one of \(levels.joined(separator: ", ")).")
        }
    }
}
