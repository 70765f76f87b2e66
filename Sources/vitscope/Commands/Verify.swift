import ArgumentParser
import Catalogue
import Foundation
import JSON
import Reproduction
import Service

/// Runs the question of a manifest again.
struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Compute what a manifest describes once more, and tell the largest difference.",
        discussion: """
            A result's manifest is at /v1/analyses/ID/manifest. Models and images are found by their SHA-256 in what is \
            named; built-in images are drawn. Exit code 3 where a number differs by more than the tolerance.
            """)

    @Argument(help: "The manifest.")
    var manifest: String

    @Option(parsing: .upToNextOption, help: "Checkpoints, or folders of them.")
    var models: [String]

    @Option(parsing: .upToNextOption, help: "Images, or folders of them.")
    var images: [String] = []

    @Option(help: "What numbers may differ by.")
    var tolerance = 1e-5

    @Option(help: "Threads (those of the manifest).")
    var threads: Int?

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var checkpoint: CheckpointOptions

    @OptionGroup var preprocess: PreprocessFlags

    func validate() throws {
        if !(tolerance >= 0) { throw ValidationError("--tolerance is 0 or more.") }
        if let threads, !(1...1024).contains(threads) { throw ValidationError("--threads must lie from 1 to 1024.") }
    }

    func run() async throws {
        guard let data = FileManager.default.contents(atPath: manifest) else {
            throw Failure("cannot read \(manifest)", .badData)
        }
        var places = Verification.Places()
        places.models = models
        places.images = images
        places.options = try preprocess.added(to: checkpoint.options())
        do {
            let found = try await Verification.run(
                [UInt8](data), places, threads: threads, codeVersion: Version.text)
            if json {
                Terminal.print(found.value.json + [UInt8(ascii: "\n")])
            } else {
                for difference in found.differences {
                    Terminal.print(
                        "\(difference.name)  \(difference.largest.map { "\($0)" } ?? "cannot be compared")")
                }
                if !found.isSameQuestion {
                    Terminal.error(
                        "the question differs from the manifest's: another version, or other choices in loading")
                }
            }
            guard let largest = found.largest, largest <= tolerance else {
                throw Failure(
                    "the largest difference is \(found.largest.map { "\($0)" } ?? "not defined"), more than \(tolerance)",
                    .doesNotHold)
            }
            if !json { Terminal.print("largest difference \(largest), within \(tolerance)") }
        } catch let error as ServiceError { throw Failure(error) }
    }
}
