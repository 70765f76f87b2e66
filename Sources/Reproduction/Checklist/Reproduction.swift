public import Catalogue
import Engine
import Foundation
import JSON
import Platform
public import Runs

/// Trains the demo's models again and holds them against the paper's checklist.
///
/// A class because a run has an identity that a signal can stop.
public final class Reproduction: Sendable {
    /// What is asked for.
    public struct Request: Sendable {
        /// Jobs and, to be measured without training, checkpoints.
        public var demo: DemoFolder
        /// Where runs are kept; nil measures the demo's own checkpoints.
        public var output: String?
        /// Where hybrids of other weights are trained and kept; nil for none.
        public var sweep: String?
        /// Epochs of the sweep's hybrids; nil for those of the demo's job.
        public var sweepEpochs: Int?
        public var threads: Int
        /// Images to analyse, to train probes and to test them.
        public var analysed = 500
        public var probeTrain = 4000
        public var probeTest = 2000
        public var codeVersion = "1"

        public init(demo: DemoFolder, output: String?, threads: Int) {
            self.demo = demo
            self.output = output
            self.threads = threads
        }
    }

    private let request: Request
    private let current = RunningTraining()

    /// - Throws: `invalid` for counts out of range, `notFound` without jobs.
    public init(_ request: Request) throws(ServiceError) {
        var faults: [Fault] = []
        for (name, value) in [
            ("analysed", request.analysed), ("probe_train", request.probeTrain), ("probe_test", request.probeTest),
        ]
        where !(20...1_000_000).contains(value) {
            faults.append(.init(pointer: "/\(name)", detail: "\(name) must lie from 20 to 1000000."))
        }
        if let epochs = request.sweepEpochs, !(1...100_000).contains(epochs) {
            faults.append(.init(pointer: "/sweep_epochs", detail: "sweep_epochs must lie from 1 to 100000."))
        }
        guard faults.isEmpty else { throw .invalid(faults) }
        guard request.demo.isThere else {
            throw .notFound(.file, name: "\(request.demo.path)/jobs", nearest: DemoFolder.names.map { "\($0).json" })
        }
        self.request = request
    }

    /// Asks a training run to save itself and stop.
    public func stop() { current.stop() }

    /// Trains, where it is asked to, and measures.
    ///
    /// - Parameters:
    ///   - begin: called with the name of each model before it is trained or measured.
    ///   - training: called with what a training run tells.
    /// - Returns: nil where a training run was stopped.
    /// - Throws: `TrainingFailure`, or `ServiceError` for checkpoints that cannot be measured.
    public func run(
        begin: @escaping @Sendable (_ model: String, _ isTraining: Bool) -> Void,
        training: @escaping @Sendable (TrainingReport) -> Void
    ) async throws -> ReproductionReport? {
        if let output = request.output {
            for name in DemoFolder.names {
                begin(name, true)
                guard try await train(request.demo.job(name), "\(output)/\(name)", training) else { return nil }
            }
        }
        if let sweep = request.sweep {
            for lambda in LambdaPoint.lambdas {
                begin(Self.sweepName(lambda), true)
                let folder = "\(sweep)/\(Self.sweepName(lambda))"
                try writeJob(lambda, to: folder + ".json", in: sweep)
                guard try await train(folder + ".json", folder, training) else { return nil }
            }
        }
        return try await measure(begin)
    }

    /// - Returns: false where it was stopped.
    private func train(
        _ configuration: String, _ output: String, _ training: @escaping @Sendable (TrainingReport) -> Void
    ) async throws -> Bool {
        var job = TrainingRequest(configuration: configuration, output: output)
        job.threads = request.threads
        job.codeVersion = request.codeVersion
        let run = try TrainingRun(job)
        guard current.begin(run) else { return false }
        return try await !run.run(report: training)
    }

    private static func sweepName(_ lambda: Double) -> String { "lambda-\(lambda)" }

    /// The demo's hybrid with another weight.
    private func writeJob(_ lambda: Double, to path: String, in folder: String) throws {
        let source = request.demo.job("hybrid")
        let text = try MappedFile.open(source)
        guard let job = try? JSONValue.parse(text), job.object != nil else {
            throw ServiceError.unreadable("\(source) holds no job.")
        }
        var changes: [JSONValue.Member] = [
            .init("name", .string(Self.sweepName(lambda))),
            .init("hybrid", Self.changed(job["hybrid"], [.init("lambda", .double(lambda))])),
        ]
        if let epochs = request.sweepEpochs {
            changes += [.init("epochs", .int(epochs)), .init("warmup_epochs", .int(epochs / 10))]
        }
        try Folder.create(folder)
        try AtomicFile.write(Self.changed(job, changes).json, to: path)
    }

    /// The object with `members` instead of its own of the same names.
    private static func changed(_ object: JSONValue?, _ members: [JSONValue.Member]) -> JSONValue {
        let names = members.map(\.name)
        return .object((object?.object ?? []).filter { !names.contains($0.name) } + members)
    }

    private func measure(
        _ begin: @escaping @Sendable (_ model: String, _ isTraining: Bool) -> Void
    ) async throws -> ReproductionReport {
        let analysis = StandaloneAnalysis(threads: request.threads, codeVersion: request.codeVersion)
        let scratch = "\(Folder.temporary)/vitscope-\(RandomBytes.hex(8)).safetensors"
        try request.demo.writeBaseline(to: scratch)
        defer { try? Folder.removeFile(scratch) }
        var sizes = ModelProbing.Sizes()
        sizes.analysed = request.analysed
        sizes.probeTrain = request.probeTrain
        sizes.probeTest = request.probeTest
        var measurements: [ModelMeasurement] = []
        var uniform = 0.0
        func measured(_ name: String, _ path: String) async throws -> ModelMeasurement {
            begin(name, false)
            // The whole image: silhouettes may come to its edge.
            var options = LoadOptions()
            options[.cropPct] = .double(1)
            let model = NamedModel(name: name, model: try await analysis.load(path, options).model)
            let found = try await ModelProbing(model, sizes: sizes, by: analysis).measure()
            uniform = found.uniformDistance
            return found.model
        }
        for name in [DemoFolder.baseline] + DemoFolder.names {
            measurements.append(try await measured(name, name == DemoFolder.baseline ? scratch : path(name)))
        }
        var sweep: [LambdaPoint] = []
        for lambda in request.sweep == nil ? [] : LambdaPoint.lambdas {
            let name = Self.sweepName(lambda)
            let path = "\(request.sweep ?? "")/\(name)/model.safetensors"
            sweep.append(LambdaPoint(lambda: lambda, model: try await measured(name, path)))
        }
        return ReproductionReport(
            uniformDistancePx: uniform, analysedImages: request.analysed, probeTrainImages: request.probeTrain,
            probeTestImages: request.probeTest, noiseFrequenciesPi: measurements[0].noiseFrequencies,
            models: measurements, sweep: sweep, sweepEpochs: request.sweep == nil ? nil : request.sweepEpochs,
            checklist: Checklist(
                moco: measurements[1], simMIM: measurements[2], hybrid: measurements[3], uniformDistance: uniform,
                probeError: 2 * (2 * 0.25 / Double(request.probeTest)).squareRoot(), sweep: sweep))
    }

    private func path(_ name: String) -> String {
        request.output.map { "\($0)/\(name)/model.safetensors" } ?? request.demo.checkpoint(name)
    }
}
