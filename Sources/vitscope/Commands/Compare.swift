import ArgumentParser
import Catalogue
import Engine
import Foundation
import Service

/// Two or more checkpoints on the same images, without a server.
struct Compare: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Compare checkpoints on the same images, without a server.",
        discussion: "The answer is that of POST /v1/comparisons, as JSON, CSV, NPZ or one HTML file.")

    @Option(parsing: .upToNextOption, help: "Two or more checkpoints.")
    var models: [String]

    @Option(parsing: .upToNextOption, help: "Images, folders of them, or shapes-textures:0-31.")
    var images: [String]

    @Option(parsing: .upToNextOption, help: "Which metrics; the usual ones without.")
    var metrics: [String] = []

    @Option(help: "json, csv, npz or html.")
    var format = "json"

    @Option(help: "Threads (one a processor).")
    var threads: Int?

    @OptionGroup var checkpoint: CheckpointOptions

    @OptionGroup var preprocess: PreprocessFlags

    func validate() throws {
        if models.count < 2 { throw ValidationError("--models names two or more checkpoints.") }
        if let threads, !(1...1024).contains(threads) { throw ValidationError("--threads must lie from 1 to 1024.") }
        if ComparisonForm(rawValue: format) == nil {
            throw ValidationError(
                "There is no format “\(format)”; there are "
                    + ComparisonForm.allCases.map(\.rawValue).joined(separator: ", ") + ".")
        }
    }

    func run() async throws {
        guard let form = ComparisonForm(rawValue: format) else { return }
        let analysis = StandaloneAnalysis(threads: threads ?? ViTScopeService.processors, codeVersion: Version.text)
        do {
            let comparison = try await analysis.compare(
                models: models, images: images, metrics: metrics,
                options: try preprocess.added(to: checkpoint.options()))
            Terminal.print(comparison.encoded(form) + (form == .json ? [UInt8(ascii: "\n")] : []))
        } catch let error as ServiceError { throw Failure(error) }
    }
}
