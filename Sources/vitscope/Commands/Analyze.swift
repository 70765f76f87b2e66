import ArgumentParser
import Catalogue
import Engine
import Foundation
import Service

/// Computes an analysis of a checkpoint on images of one’s own, without a server.
struct Analyze: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Analyse a checkpoint on images, without a server.",
        discussion: """
            The answer is the same as the HTTP call's. Every parameter of a kind is an option of the same name, \
            such as --layers 0-3: `vitscope analyze KIND --help` lists them.

            """ + kindList,
        helpNames: [])

    private static var kindList: String {
        AnalysisSpec.Group.allCases.map { group in
            let specs = AnalysisKinds.standard.all.map(\.spec).filter { $0.group == group }
            return "\(group.title)\n" + specs.map { "  \($0.name): \($0.summary)" }.joined(separator: "\n")
        }.joined(separator: "\n")
    }

    @Argument(help: "What to compute.")
    var kind: String?

    @Option(help: "A checkpoint file or a Hugging Face folder; CKA takes two.")
    var model: [String] = []

    @Option(parsing: .upToNextOption, help: "Images, and folders of them.")
    var images: [String] = []

    @Option(
        name: [.customLong("set"), .customShort("s")], help: "A parameter of the call, such as layers=-1; repeatable.")
    var parameters: [String] = []

    @Option(help: "json, png, npy, npz or csv.")
    var format = "json"

    @Flag(help: "Print JSON, as without it.")
    var json = false

    @Option(help: "PNG and CSV: which figure, by its values; the first without.")
    var figure: String?

    @Option(help: "Threads (one a processor).")
    var threads: Int?

    @Flag(name: [.long, .short], help: "Show help; that of a kind tells its options, too.")
    var help = false

    @Argument(parsing: .allUnrecognized, help: .hidden)
    var options: [String] = []

    @OptionGroup var checkpoint: CheckpointOptions

    @OptionGroup var preprocess: PreprocessFlags

    func validate() throws {
        if json, format != "json" { throw ValidationError("--json and --format \(format) exclude each other.") }
        if let threads, !(1...1024).contains(threads) { throw ValidationError("--threads must lie from 1 to 1024.") }
    }

    func run() async throws {
        let kinds = AnalysisKinds.standard
        guard let name = kind else {
            if help { return Terminal.print(Analyze.helpMessage()) }
            throw Failure("say what to compute; `vitscope analyze --help` lists the kinds", .usage)
        }
        guard let kind = kinds[name] else {
            throw Failure("there is no analysis “\(name)”; there are \(kinds.names.joined(separator: ", "))", .usage)
        }
        if help {
            return Terminal.print(Analyze.helpMessage() + "\n\n" + ParameterFlags.help(kind.spec))
        }
        if model.isEmpty { throw Failure("--model names a checkpoint; \(name) takes \(kind.spec.models)", .usage) }
        if images.isEmpty, kind.spec.images != .nothing {
            throw Failure("--images names images, or folders of them", .usage)
        }
        guard let format = ResultFormat(rawValue: format) else {
            let known = ResultFormat.allCases.map(\.rawValue).joined(separator: ", ")
            throw Failure("there is no format “\(self.format)”; there are \(known)", .usage)
        }
        let pairs: [AnalysisParameter], refusals = kinds.refusals(of: kind)
        do {
            pairs =
                try ParameterFlags.read(self.options, of: kind.spec, refusals: refusals) + Self.parameters(parameters)
        } catch let error as ServiceError { throw Failure(error) }
        let options = try preprocess.added(to: checkpoint.options())
        let analysis = StandaloneAnalysis(
            threads: threads ?? ViTScopeService.processors, codeVersion: Version.text)
        do {
            let result = try await analysis.run(
                kind, models: model, images: images, parameters: pairs, options: options, format: format)
            var encoding = EncodingOptions()
            encoding.figure = figure
            let encoded = try await analysis.encode(result, as: format, options: encoding)
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
