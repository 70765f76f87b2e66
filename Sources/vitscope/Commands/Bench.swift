import ArgumentParser
import Catalogue
import Foundation
import Reproduction
import Service

/// Times what ViTScope computes, beside the best that this machine could do.
struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Time what is computed, beside this machine's best matrix product in the same run.",
        subcommands: [
            Forward.self, Train.self, Load.self, Alignment.self, Embedding.self, Probe.self,
        ])

    struct Forward: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The forward pass, with every attention map and hidden state kept.")

        @Option(help: "A plain ViT by its timm name.")
        var arch = "vit_base_patch16_224"

        @Option(help: "Another count of blocks than the name says.")
        var depth: Int?

        @Option(help: "Another count of heads than the name says.")
        var heads: Int?

        @Option(help: "Images at a time.")
        var batch = 8

        @Option(help: "Threads (one a processor).")
        var threads: Int?

        @Option(
            help: "What products are made of: f32, bf16, auto; in silence f32, and bf16 beside it where there is one.")
        var precision: String?

        @Option(
            help: "What is kept: all maps and hidden states, rows (the class token's), last (hidden state).")
        var shown = ForwardBenchmark.Shown.all.rawValue

        @Option(help: "Measured passes; the median counts.")
        var rounds = 7

        @Flag(help: "Print JSON.")
        var json = false

        func validate() throws {
            _ = try LoadOptions([(.precision, precision)])
            guard ForwardBenchmark.Shown(rawValue: shown) != nil else {
                throw ValidationError("--shown is all, rows or last.")
            }
        }

        func run() throws {
            var settings = ForwardBenchmark.Settings()
            settings.arch = arch
            settings.depth = depth
            settings.heads = heads
            settings.batch = batch
            settings.threads = threads ?? ProcessInfo.processInfo.activeProcessorCount
            settings.rounds = rounds
            settings.shown = ForwardBenchmark.Shown(rawValue: shown) ?? .all
            let report: BenchmarkReport
            do throws(ServiceError) {
                report = try BenchmarkReport.run(in: precision) { precision throws(ServiceError) in
                    settings.precision = precision
                    return try ForwardBenchmark.run(settings)
                }
            } catch { throw Failure(error) }
            Terminal.print(json ? try JSONText.encode(report) : report.text)
        }
    }

    struct Train: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "A step of training: forward, backward and optimizer.")

        @Option(help: "One of \(TrainingBenchmark.methods.joined(separator: ", ")).")
        var method = "simmim"

        @Option(help: "A plain ViT by its timm name.")
        var arch = "vit_small_patch16_224"

        @Option(help: "Images, or pairs of views, at a time.")
        var batch = 16

        @Option(help: "Threads (one a processor).")
        var threads: Int?

        @Option(
            help: "What products are made of: f32, bf16, auto; in silence f32, and bf16 beside it where there is one.")
        var precision: String?

        @Option(help: "Measured steps; the median counts.")
        var rounds = 5

        @Flag(help: "Print JSON.")
        var json = false

        func validate() throws {
            _ = try LoadOptions([(.precision, precision)])
        }

        func run() throws {
            let report: BenchmarkReport
            do throws(ServiceError) {
                report = try BenchmarkReport.run(in: precision) { precision throws(ServiceError) in
                    try TrainingBenchmark.run(
                        method: method, arch: arch, batch: batch,
                        threads: threads ?? ProcessInfo.processInfo.activeProcessorCount, rounds: rounds,
                        precision: precision)
                }
            } catch { throw Failure(error) }
            Terminal.print(json ? try JSONText.encode(report) : report.text)
        }
    }
}

/// JSON as every command prints it: snake case, one object; what is not finite is null.
enum JSONText {
    /// Stands for a number that is not finite until the text is there: the encoder knows texts for them, and no null.
    private static let missing = "\u{FFFF}"

    static func encode(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: missing, negativeInfinity: missing, nan: missing)
        return String(decoding: try encoder.encode(value), as: UTF8.self)
            .replacingOccurrences(of: "\"\(missing)\"", with: "null")
    }
}
