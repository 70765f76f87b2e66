import ArgumentParser
import Foundation
import Service

/// Computes an analysis of a checkpoint on one's own images, without a server.
struct Analyze: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Analyse a checkpoint on images, without a server.",
        discussion: """
            METRIC is one of \(AnalysisKind.allCases.map(\.rawValue).joined(separator: ", ")). The answer is the same \
            as the HTTP call's.
            """)

    @Argument(help: "What to compute.")
    var metric: String

    @Option(help: "A checkpoint file or a Hugging Face folder; CKA takes two.")
    var model: [String]

    @Option(parsing: .upToNextOption, help: "Images, and folders of them.")
    var images: [String]

    @Option(
        name: [.customLong("set"), .customShort("s")], help: "A parameter of the call, such as layers=-1; repeatable.")
    var parameters: [String] = []

    @Option(help: "json, png, npy, npz or csv.")
    var format = "json"

    @Flag(help: "Print JSON, as without it.")
    var json = false

    @Option(help: "Threads (one a processor).")
    var threads: Int?

    @OptionGroup var checkpoint: CheckpointOptions

    @OptionGroup var preprocess: PreprocessFlags

    func validate() throws {
        if json, format != "json" { throw ValidationError("--json and --format \(format) exclude each other.") }
        if let threads, !(1...1024).contains(threads) { throw ValidationError("--threads must lie from 1 to 1024.") }
    }

    func run() async throws {
        guard let kind = AnalysisKind(rawValue: metric) else {
            let known = AnalysisKind.allCases.map(\.rawValue).joined(separator: ", ")
            throw Failure("there is no analysis “\(metric)”; there are \(known)", .usage)
        }
        guard let format = ResultFormat(rawValue: format) else {
            let known = ResultFormat.allCases.map(\.rawValue).joined(separator: ", ")
            throw Failure("there is no format “\(self.format)”; there are \(known)", .usage)
        }
        let pairs = try Self.parameters(parameters)
        let options = preprocess.added(to: try checkpoint.inspection())
        let analysis = StandaloneAnalysis(
            threads: threads ?? ViTScopeService.processors, codeVersion: Version.text)
        do {
            let result = try await analysis.run(
                kind, models: model, images: images, parameters: pairs, options: options, format: format)
            let encoded = try await analysis.encode(result, as: format)
            Terminal.print(format == .json ? encoded.bytes + [UInt8(ascii: "\n")] : encoded.bytes)
        } catch { throw Failure(error) }
    }

    /// `NAME=VALUE` of `--set`.
    static func parameters(_ texts: [String]) throws -> [AnalysisParameter] {
        try texts.map { text in
            let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { throw ValidationError("--set is NAME=VALUE, such as layers=-1.") }
            return AnalysisParameter(parts[0], parts[1])
        }
    }
}
