import ArgumentParser
import Catalogue
import Reproduction
import Runs
import Service

/// Trains the demo's models again and prints the paper's checklist with measured numbers.
struct Reproduce: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Train the demo's models again and hold them against the paper's checklist.",
        discussion: """
            MoCo v3, SimMIM and the hybrid learn one after another by the jobs of the demo, each in a folder of its \
            own below --out; a stopped run goes on when the command is repeated. Then attention, frequencies, singular \
            values and linear probes are measured on images that none of them has seen, beside the untrained network. \
            With --sweep, six hybrids from λ 0 to 1 learn as well, which takes six times as long as one. \
            The report is printed, and written as a page with plots to --html. \
            A claim of the paper that does not show at this scale is printed as not shown.
            """)

    @Option(help: "Where the runs are kept.")
    var out = "reproduction"

    @Flag(help: "Measure the demo's own checkpoints, without training.")
    var committed = false

    @Flag(help: "Train and measure hybrids with λ 0, 0.2, 0.4, 0.6, 0.8 and 1, too.")
    var sweep = false

    @Option(help: "Epochs of each hybrid of the sweep (those of the demo's job).")
    var sweepEpochs: Int?

    @Option(help: "Where the report is written as a page with plots (report.html in --out; nowhere with --committed).")
    var html: String?

    @Option(help: "The folder with the demo's jobs and checkpoints.")
    var demoDir: String?

    @Option(help: "Threads (one a processor).")
    var threads: Int?

    @Option(help: "Images for attention, frequencies and singular values.")
    var analysed = 500

    @Option(help: "Images that linear probes learn from.")
    var probeTrain = 4000

    @Option(help: "Images that linear probes are tested on.")
    var probeTest = 2000

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        if let threads, !(1...1024).contains(threads) { throw ValidationError("--threads must lie from 1 to 1024.") }
    }

    func run() async throws {
        var request = Reproduction.Request(
            demo: DemoFolder(demoDir ?? InstalledFolders.demo), output: committed ? nil : out,
            threads: threads ?? ViTScopeService.processors)
        request.analysed = analysed
        request.probeTrain = probeTrain
        request.probeTest = probeTest
        request.codeVersion = Version.text
        request.sweep = sweep ? out + "/sweep" : nil
        request.sweepEpochs = sweepEpochs
        let output = ProgressOutput(printsJSON: false, showsBar: Terminal.showsBar)
        do {
            let reproduction = try Reproduction(request)
            let (report, signal) = try await StopSignals.run(stop: reproduction.stop) {
                try await reproduction.run { model, isTraining in
                    output.finish()
                    Terminal.write((isTraining ? "training " : "measuring ") + model + "\n")
                } training: {
                    output.show($0)
                }
            }
            output.finish()
            guard let report else {
                Terminal.write("vitscope: stopped by a signal; the same command goes on where this one stopped\n")
                throw ExitCode(128 + (signal ?? 15))
            }
            if let page = html ?? (committed ? nil : out + "/report.html") { try report.writeHTML(to: page) }
            Terminal.print(json ? try JSONText.encode(report) : report.text)
        } catch let failure as TrainingFailure {
            output.finish()
            throw Failure(failure)
        } catch let error as ServiceError {
            throw Failure(error)
        }
    }
}
