import ArgumentParser
import Catalogue
import JSON
import Service

/// Prints what a checkpoint is and what would become of each tensor.
struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say what a checkpoint is and what becomes of every tensor in it.",
        discussion: """
            Exit code 65 where no network can be built of it; the report is printed all the same. It is recognised as \
            one of \(Inspection.layouts().map(\.name).joined(separator: ", ")), by content and not by the file's name.
            """)

    @Argument(help: "A checkpoint file or a Hugging Face folder.")
    var file: String

    @OptionGroup var checkpoint: CheckpointOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let report: Inspection.Report
        let options = try checkpoint.options()
        do { report = try Inspection.inspect(file, options: options) } catch { throw Failure(error) }
        if json {
            Terminal.print(report.value.json + [UInt8(ascii: "\n")])
        } else {
            for line in ReportText(report.value).lines { Terminal.print(line) }
        }
        if !report.isUsable { throw Failure(report.reason ?? "no network can be built of this file", .badData) }
    }
}
