import ArgumentParser
import Catalogue
import Service

/// Turns a checkpoint into a safetensors file.
struct Convert: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Turn a checkpoint of any known format into safetensors.")

    @Argument(help: "A checkpoint file or a Hugging Face folder.")
    var input: String

    @Argument(help: "The safetensors file to write.")
    var output: String

    @Option(help: "Rename tensors: timm, as timm's load_state_dict(strict=True) wants them.")
    var to: Naming?

    @Option(help: "Number format: f32, f16 or bf16; as it is without it.")
    var precision: String?

    @OptionGroup var checkpoint: CheckpointOptions

    @Flag(help: "Print JSON.")
    var json = false

    enum Naming: String, ExpressibleByArgument { case timm }

    func run() throws {
        let summary: Conversion.Summary
        let options = try checkpoint.options()
        do {
            summary = try Conversion.convert(
                input, to: output, toTimm: to == .timm, precision: precision, options: options)
        } catch { throw Failure(error) }
        guard !json else {
            return Terminal.print(
                try JSONText.encode(
                    Written(
                        output: output, tensors: summary.tensors, sizeBytes: summary.sizeBytes,
                        recognisedAs: summary.recognisedAs, timm: summary.timmModel)))
        }
        Terminal.print("\(output): \(summary.tensors) tensors, \(summary.sizeBytes) bytes")
        if let model = summary.timmModel { Terminal.print("loads in Python as: \(model)") }
    }

    private struct Written: Encodable {
        let output: String
        let tensors: Int
        let sizeBytes: Int
        let recognisedAs: String?
        let timm: String?
    }
}
