import ArgumentParser
import Foundation
import JSON
import Platform
import Runs
import Service

/// Trains a model, without a server.
struct Train: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Train a model: the same job as POST /v1/jobs takes, without a server.",
        discussion: """
            The directory takes checkpoints/step-N.safetensors, metrics.jsonl, config.json and at the end \
            model.safetensors. Where it holds a run of the same configuration, training goes on from the newest whole \
            checkpoint. SIGTERM and SIGINT save a checkpoint first (exit codes 143 and 130).
            """)

    @Option(help: "A JSON file with the job.")
    var config: String

    @Option(help: "The run's directory; made where there is none.")
    var out: String?

    @Option(help: "The folder in which datasets are found by name.")
    var datasets: String?

    @Option(help: "Threads (those of the job, or one a processor).")
    var threads: Int?

    @Flag(help: "Print parameters, memory and time, measured on a few real steps, and stop.")
    var dryRun = false

    @Flag(help: "Go on although images, threads or the program have changed.")
    var allowInexact = false

    @Flag(help: "Begin anew, which only an empty directory allows.")
    var restart = false

    @Flag(help: "Print JSON.")
    var json = false

    @Option(help: .private)
    var parent: Int?

    func validate() throws {
        if !dryRun, out == nil { throw ValidationError("--out DIR is missing; only --dry-run goes without it.") }
        if let threads, !(1...1024).contains(threads) { throw ValidationError("--threads must lie from 1 to 1024.") }
    }

    func run() async throws {
        // A server that asks for a dry run may be killed before it has the answer.
        if let parent { ViTScopeService.leave(without: parent) }
        var request = TrainingRequest(configuration: config, output: out)
        request.datasetsDirectory = datasets
        request.threads = threads
        request.allowInexact = allowInexact
        request.restart = restart
        request.codeVersion = Version.text
        do {
            if dryRun {
                try await Self.printEstimate(try TrainingRun(request), json: json)
            } else {
                request.ranks = try TrainingRun.ranks(of: request)
                // The first rank writes, and speaks for all.
                if !request.ranks.isFirst { request.output = nil }
                try await train(request)
            }
        } catch let failure as TrainingFailure {
            let failure = Failure(failure)
            Terminal.error(failure.message)
            Terminal.leave(failure.code.rawValue)
        } catch let code as ExitCode { Terminal.leave(code.rawValue) }
        Terminal.leave(0)
    }

    private static func printEstimate(_ run: TrainingRun, json: Bool) async throws {
        let estimate = try await run.estimate()
        guard !json else { return Terminal.print(estimate.value.json + [UInt8(ascii: "\n")]) }
        for line in estimate.lines { Terminal.print(line) }
    }

    /// Computes with the first rank; what is odd goes to stderr.
    private func follow(_ request: TrainingRequest) async throws {
        let follower = RankFollower(request)
        _ = try await StopSignals.run(stop: { follower.stop() }) {
            try await follower.follow { Terminal.error("rank \(request.ranks.rank): \($0)") }
        }
    }

    private func train(_ request: TrainingRequest) async throws {
        guard request.ranks.isFirst else { return try await follow(request) }
        let run = try TrainingRun(request)
        let output = ProgressOutput(printsJSON: json || !Terminal.isInteractive, showsBar: Terminal.showsBar)
        defer { output.finish() }
        let (isStopped, signal) = try await StopSignals.run(stop: { run.stop() }) {
            try await run.run { output.show($0) }
        }
        try request.ranks.leave()
        guard isStopped, let signal else { return }
        output.finish()
        Terminal.write(
            "vitscope: stopped by a signal; the same command with the same --out goes on where this one stopped\n")
        throw ExitCode(128 + signal)
    }
}

extension Failure {
    /// The code that goes with a run's refusal.
    init(_ failure: TrainingFailure) {
        let code: ExitStatus =
            switch failure.kind {
            case .configuration, .inexact: .configuration
            case .badData: .badData
            case .locked: .tryAgain
            case .diskFull: .unavailable
            case .failed, .lossNotFinite: .failure
            }
        self.init(failure.message, code)
    }
}
