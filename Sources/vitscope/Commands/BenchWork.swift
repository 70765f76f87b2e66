import ArgumentParser
import Catalogue
import Foundation
import Reproduction
import Service

extension Bench {
    /// The command's options that every analysis has.
    struct WorkOptions: ParsableArguments {
        @Option(help: "Images, or points.")
        var images: Int?

        @Option(help: "Layers, or depths.")
        var layers: Int?

        @Option(help: "Features of each image.")
        var width: Int?

        @Option(help: "Threads (one a processor).")
        var threads: Int?

        @Option(help: "Measured rounds; the median counts.")
        var rounds = 1

        @Flag(help: "Print JSON.")
        var json = false

        func settings(images: Int, width: Int) -> AnalysisBenchmark.Settings {
            var settings = AnalysisBenchmark.Settings()
            settings.images = self.images ?? images
            settings.layers = layers ?? settings.layers
            settings.width = self.width ?? width
            settings.threads = threads ?? ProcessInfo.processInfo.activeProcessorCount
            settings.rounds = rounds
            return settings
        }

        func print(_ run: () throws(ServiceError) -> WorkReport) throws {
            let report: WorkReport
            do { report = try run() } catch { throw Failure(error) }
            Terminal.print(json ? try JSONText.encode(report) : report.text)
        }
    }

    struct Alignment: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "cka", abstract: "CKA of every layer with every layer, on features of noise.")

        @OptionGroup var options: WorkOptions

        func run() throws {
            try options.print { () throws(ServiceError) in
                try AnalysisBenchmark.cka(options.settings(images: 10_000, width: 768))
            }
        }
    }

    struct Embedding: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "tsne", abstract: "t-SNE of clusters of points.")

        @OptionGroup var options: WorkOptions

        @Option(help: "Steps of the search.")
        var iterations = 500

        func run() throws {
            var settings = options.settings(images: 2000, width: 64)
            settings.iterations = iterations
            try options.print { () throws(ServiceError) in try AnalysisBenchmark.tsne(settings) }
        }
    }

    struct Probe: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Linear classifiers of every depth, on features of noise.")

        @OptionGroup var options: WorkOptions

        @Option(help: "Classes.")
        var classes = 10

        @Option(help: "Passes over the images.")
        var epochs = 10

        func run() throws {
            var settings = options.settings(images: 10_000, width: 768)
            settings.classes = classes
            settings.epochs = epochs
            try options.print { () throws(ServiceError) in try AnalysisBenchmark.probe(settings) }
        }
    }

    struct Load: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "From a checkpoint on the disk to a model that answers, in this process.")

        @Argument(help: "A checkpoint.")
        var file: String

        @Option(help: "Measured rounds; the median counts.")
        var rounds = 3

        @Flag(help: "Print JSON.")
        var json = false

        func run() throws {
            let report: WorkReport
            do {
                report = try LoadBenchmark.run(
                    file, rounds: rounds, threads: ProcessInfo.processInfo.activeProcessorCount)
            } catch { throw Failure(error) }
            Terminal.print(json ? try JSONText.encode(report) : report.text)
        }
    }
}
