import Foundation
import Platform
import Service

/// Everything `serve` can be told, with where each value came from.
struct ServeSettings {
    let host: Setting<String>
    let port: Setting<Int>
    let data: Setting<String>
    let models: Setting<String>
    let datasets: Setting<String>
    let page: Setting<String>
    let threads: Setting<Int>
    let allowHosts: Setting<[String]>
    let tokenFile: Setting<String>
    let insecureHTTP: Setting<Bool>
    let jobSlots: Setting<Int>
    let analysisSlots: Setting<Int>
    let slurmDirectory: Setting<String>
    let keepResults: Setting<String>
    let keepCheckpoints: Setting<Int>
    let retentionDryRun: Setting<Bool>
    let inProcess: Setting<Bool>
    let logLevel: Setting<String>
    let logFormat: Setting<String>

    static let names = [
        "host", "port", "data", "models", "datasets", "public", "threads", "allow_host", "token_file",
        "insecure_http", "job_slots", "analysis_slots", "slurm_directory", "keep_results",
        "keep_checkpoints", "retention_dry_run", "in_process", "log_level", "log_format",
    ]

    /// - Parameter processors: the default for `threads`.
    init(flags: ServeFlags, sources: SettingSources, processors: Int) throws {
        let text: (String) -> String? = { $0.isEmpty ? nil : $0 }
        host = try sources.resolve(
            "host", flag: flags.host, standard: "127.0.0.1", expected: "an address", parse: text)
        port = try sources.resolve(
            "port", flag: flags.port, standard: 8080, expected: "a number from 0 to 65535",
            parse: { Int($0).flatMap { (0...65535).contains($0) ? $0 : nil } })
        data = try sources.resolve("data", flag: flags.data, standard: "data", expected: "a directory", parse: text)
        models = try sources.resolve(
            "models", flag: flags.models, standard: data.value + "/models", expected: "a directory", parse: text)
        datasets = try sources.resolve(
            "datasets", flag: flags.datasets, standard: data.value + "/datasets", expected: "a directory", parse: text)
        page = try sources.resolve(
            "public", flag: flags.public, standard: InstalledFolders.page, expected: "a directory", parse: text)
        threads = try sources.resolve(
            "threads", flag: flags.threads, standard: processors, expected: "a number from 1 to 1024",
            parse: { Int($0).flatMap { (1...1024).contains($0) ? $0 : nil } })
        allowHosts = try sources.resolve(
            "allow_host", flag: flags.allowHost.isEmpty ? nil : flags.allowHost, standard: [],
            expected: "host names with commas between", parse: { $0.split(separator: ",").map(String.init) })
        tokenFile = try sources.resolve(
            "token_file", flag: flags.tokenFile, standard: "", expected: "a file", parse: text)
        insecureHTTP = try sources.resolve(
            "insecure_http", flag: flags.insecureHttp ? true : nil, standard: false, expected: "true or false",
            parse: { ["true": true, "1": true, "false": false, "0": false][$0] })
        jobSlots = try sources.resolve(
            "job_slots", flag: flags.jobSlots, standard: 1, expected: "a number from 0 to 64",
            parse: { Int($0).flatMap { (0...64).contains($0) ? $0 : nil } })
        analysisSlots = try sources.resolve(
            "analysis_slots", flag: flags.analysisSlots, standard: 1, expected: "a number from 0 to 64",
            parse: { Int($0).flatMap { (0...64).contains($0) ? $0 : nil } })
        slurmDirectory = try sources.resolve(
            "slurm_directory", flag: flags.slurmDirectory, standard: "", expected: "a directory", parse: text)
        keepResults = try sources.resolve(
            "keep_results", flag: flags.keepResults, standard: "", expected: "a time such as 30d, 12h or 2w",
            parse: { $0.isEmpty || Retention.seconds($0) != nil ? $0 : nil })
        keepCheckpoints = try sources.resolve(
            "keep_checkpoints", flag: flags.keepCheckpoints, standard: 0, expected: "a number from 1 to 10000",
            parse: { Int($0).flatMap { (0...10_000).contains($0) ? $0 : nil } })
        retentionDryRun = try sources.resolve(
            "retention_dry_run", flag: flags.retentionDryRun ? true : nil, standard: false, expected: "true or false",
            parse: { ["true": true, "1": true, "false": false, "0": false][$0] })
        inProcess = try sources.resolve(
            "in_process", flag: flags.inProcess ? true : nil, standard: false, expected: "true or false",
            parse: { ["true": true, "1": true, "false": false, "0": false][$0] })
        logLevel = try sources.resolve(
            "log_level", flag: flags.logLevel, standard: "info",
            expected: "one of trace, debug, info, notice, warning, error, critical",
            parse: {
                ["trace", "debug", "info", "notice", "warning", "error", "critical"].contains($0) ? $0 : nil
            })
        logFormat = try sources.resolve(
            "log_format", flag: flags.logFormat, standard: LogFormat.text.rawValue, expected: "text or json",
            parse: { LogFormat(rawValue: $0)?.rawValue })
    }

    /// What is let go of as it grows old.
    var retention: Retention {
        var retention = Retention()
        retention.resultSeconds = Retention.seconds(keepResults.value)
        retention.checkpoints = keepCheckpoints.value > 0 ? keepCheckpoints.value : nil
        retention.isDry = retentionDryRun.value
        return retention
    }

    /// What `--print-config` prints: name, value, source.
    var table: [(name: String, value: String, source: String)] {
        [
            ("host", host.value, "\(host.source)"), ("port", "\(port.value)", "\(port.source)"),
            ("data", data.value, "\(data.source)"), ("models", models.value, "\(models.source)"),
            ("datasets", datasets.value, "\(datasets.source)"), ("public", page.value, "\(page.source)"),
            ("threads", "\(threads.value)", "\(threads.source)"),
            ("allow_host", allowHosts.value.joined(separator: ","), "\(allowHosts.source)"),
            ("token_file", tokenFile.value, "\(tokenFile.source)"),
            ("insecure_http", "\(insecureHTTP.value)", "\(insecureHTTP.source)"),
            ("job_slots", "\(jobSlots.value)", "\(jobSlots.source)"),
            ("analysis_slots", "\(analysisSlots.value)", "\(analysisSlots.source)"),
            ("slurm_directory", slurmDirectory.value, "\(slurmDirectory.source)"),
            ("keep_results", keepResults.value, "\(keepResults.source)"),
            ("keep_checkpoints", "\(keepCheckpoints.value)", "\(keepCheckpoints.source)"),
            ("retention_dry_run", "\(retentionDryRun.value)", "\(retentionDryRun.source)"),
            ("in_process", "\(inProcess.value)", "\(inProcess.source)"),
            ("log_level", logLevel.value, "\(logLevel.source)"),
            ("log_format", logFormat.value, "\(logFormat.source)"),
        ]
    }
}
