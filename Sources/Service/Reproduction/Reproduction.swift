import Analysis
import Models
import Platform
import Tensors

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
    private let worker = WorkerThread { NumericLibraries.prepareThread() }
    private let current = RunningTraining()

    /// - Throws: `invalid` for counts out of range, `notFound` without jobs.
    public init(_ request: Request) throws(ServiceError) {
        var faults: [ServiceError.Fault] = []
        for (name, value) in [
            ("analysed", request.analysed), ("probe_train", request.probeTrain), ("probe_test", request.probeTest),
        ]
        where !(20...1_000_000).contains(value) {
            faults.append(.init(pointer: "/\(name)", detail: "\(name) must lie from 20 to 1000000."))
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
                var job = TrainingRequest(configuration: request.demo.job(name), output: "\(output)/\(name)")
                job.threads = request.threads
                job.codeVersion = request.codeVersion
                let run = try TrainingRun(job)
                guard current.begin(run) else { return nil }
                if try await run.run(report: training) { return nil }
            }
        }
        return try await measure(begin)
    }

    private func measure(
        _ begin: @escaping @Sendable (_ model: String, _ isTraining: Bool) -> Void
    ) async throws -> ReproductionReport {
        try await worker.run {
            let request = self.request
            let pool = ThreadPool(threads: request.threads) { NumericLibraries.prepareThread() }
            let scratch = "\(Folder.temporary)/vitscope-\(RandomBytes.hex(8)).safetensors"
            try request.demo.writeBaseline(to: scratch)
            defer { try? Folder.removeFile(scratch) }
            var measurements: [ModelMeasurement] = []
            var uniform = 0.0
            for name in [DemoFolder.baseline] + DemoFolder.names {
                begin(name, false)
                let model = try Self.load(name == DemoFolder.baseline ? scratch : self.path(name))
                uniform = AttentionDistance.uniform(TokenLayout(model.config))
                var sizes = ModelProbing.Sizes()
                sizes.analysed = request.analysed
                sizes.probeTrain = request.probeTrain
                sizes.probeTest = request.probeTest
                let probing = try ModelProbing(side: model.config.imgSize.height, sizes: sizes, pool: pool)
                measurements.append(probing.measure(model, name: name))
            }
            return ReproductionReport(
                uniformDistancePx: uniform, analysedImages: request.analysed, probeTrainImages: request.probeTrain,
                probeTestImages: request.probeTest, models: measurements,
                checklist: Checklist(
                    moco: measurements[1], simMIM: measurements[2], hybrid: measurements[3], uniformDistance: uniform,
                    probeError: 2 * (2 * 0.25 / Double(request.probeTest)).squareRoot()))
        }
    }

    private func path(_ name: String) -> String {
        request.output.map { "\($0)/\(name)/model.safetensors" } ?? request.demo.checkpoint(name)
    }

    private static func load(_ path: String) throws -> VisionTransformer {
        do { return try ModelLoader.load(CheckpointPlace(path: path), ModelLoader.Options()).transformer } catch {
            throw ServiceError.unreadable("\(path): \(error.sentence)")
        }
    }
}
