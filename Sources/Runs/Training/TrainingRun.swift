import Catalogue
import Images
public import Platform
import Synchronization
import Tensors
import Training
public import Jobs

/// A run of `vitscope train`: reads the configuration, finds images and weights, and trains on threads of its own.
///
/// A class because a run has an identity that a signal can stop.
public final class TrainingRun: Sendable {
    let request: TrainingRequest
    let settings: RunSettings
    let threads: Int
    private let worker = WorkerThread { NumericLibraries.prepareThread() }
    private let flag = StopFlag()

    /// Reads the configuration, and the checkpoint that it begins with.
    ///
    /// - Throws: `TrainingFailure` with every fault of it.
    public init(_ request: TrainingRequest) throws(TrainingFailure) {
        self.request = request
        settings = try RunSettings(request)
        threads = request.threads ?? settings.configuration.threads ?? Machine.processors
    }

    /// Asks the run to save itself and stop before its next step.
    public func stop() { flag.raise() }

    /// Asks the run for something that it does before its next step.
    public func ask(for wish: WorkerWish) { flag.raise(wish) }

    /// Trains to the end, to a signal, or to an error.
    ///
    /// - Returns: whether the run was stopped before its end.
    /// - Throws: `TrainingFailure`.
    public func run(
        report: @escaping @Sendable (TrainingReport) -> Void
    ) async throws -> Bool {
        try await onThread {
            var (directory, parts) = try self.together { try self.begin(report) }
            self.warnOfWhatNeedsAServer(report)
            let (images, validation) = (parts.images, parts.validation)
            // In place: a copy of the trainer would be a second copy of every weight and moment.
            let outcome = try Tensor.recyclingMemory {
                try parts.trainer.run(
                    in: directory, batches: images.batches(from:), validation: validation,
                    snapshots: self.request.snapshotsDirectory.map { SnapshotFolder($0) },
                    linesTold: self.request.metricLinesTold, stop: self.flag
                ) { event in
                    // Nothing is told behind the end.
                    if case .end = event, let words = images.skippedWords {
                        report(TrainingReport(.warning(code: "dataset", message: words)))
                    }
                    report(TrainingReport(event))
                }
            }
            return outcome == .stopped
        }
    }

    /// The directory of the first rank, and what the run is made of.
    private func begin(
        _ report: @escaping @Sendable (TrainingReport) -> Void
    ) throws -> (directory: RunDirectory?, parts: RunParts) {
        guard (request.output != nil) == request.ranks.isFirst else {
            throw TrainingFailure(.configuration, "Name a directory.")
        }
        // The lock comes first, so that a second trainer learns at once that it is late.
        let directory = try request.output.map { try RunDirectory($0, restart: request.restart) }
        // Whoever refuses images that cannot be read wants to know before the first step, not after hours. One rank looks
        // for all.
        let looks = settings.configuration.dataset.onError == .refuse && request.ranks.isFirst ? Int.max : 0
        let parts = try prepare(looks: looks) { message in
            report(TrainingReport(.warning(code: "dataset", message: message)))
        }
        let liberties = try directory?.enter(
            settings.configuration, identity: parts.identity, allowInexact: request.allowInexact)
        for liberty in liberties ?? [] { report(TrainingReport(.warning(code: "inexact", message: liberty))) }
        return (directory, parts)
    }

    /// Analyses, and the rules that judge them, are the queue's work.
    private func warnOfWhatNeedsAServer(_ report: (TrainingReport) -> Void) {
        guard request.snapshotsDirectory == nil, settings.configuration.analysis != nil else { return }
        let queue = "a server's queue; post the job to /v1/jobs for them. Training goes on without."
        report(
            TrainingReport(
                .warning(code: "analysis_skipped", message: "Analyses while the model trains need \(queue)")))
        if settings.configuration.stopRules.contains(where: { $0.analysis != nil }) {
            report(
                TrainingReport(
                    .warning(code: "stop_when_skipped", message: "Rules of stop_when about analyses need \(queue)")))
        }
    }

    /// How many images a dry run decodes to find those that cannot be read: few enough for whoever fills a form and waits,
    /// large photos included.
    private static let dryLooks = 100

    /// Measures what the run would need; nothing is written.
    ///
    /// - Throws: `TrainingFailure`.
    ///
    /// Of several ranks one is measured, on its part of the batch and without what they exchange.
    public func estimate() async throws -> TrainingEstimate {
        try await onThread {
            if self.settings.configuration.ranks > 1, self.settings.configuration.cluster == nil,
                let lacking = RunRanks.lacking
            {
                throw TrainingFailure.setting(RunRanks.pointer, lacking)
            }
            let warnings = Mutex<[String]>([])
            var parts = try self.prepare(looks: Self.dryLooks) { message in
                warnings.withLock { $0.append(message) }
            }
            let plan = parts.trainer.plan
            let loaded = parts.images.batches(from: 0)
            // A run of one step has no batch for a second one: the first comes again.
            var firstStep: [Int: Batch] = [:]
            let batches: Trainer.Batches = { step, part in
                guard plan.steps == 1 else { return try loaded(step, part) }
                if let batch = firstStep[part] { return batch }
                let batch = try loaded(step, part)
                firstStep[part] = batch
                return batch
            }
            // The first step pays for what later ones find ready.
            _ = try parts.trainer.step(batches)
            var seconds: [Double] = []
            while seconds.isEmpty || (seconds.count < 3 && parts.trainer.snapshot.step < plan.steps) {
                let start = ContinuousClock.now
                _ = try parts.trainer.step(batches)
                seconds.append((ContinuousClock.now - start) / .seconds(1))
            }
            let median = seconds.sorted()[seconds.count / 2]
            return TrainingEstimate(
                cost: self.settings.configuration.cost(of: parts.objective), images: parts.images.count,
                classes: parts.images.classes, stepsPerEpoch: plan.stepsPerEpoch,
                epochs: plan.epochs, secondsPerEpoch: median * Double(plan.stepsPerEpoch),
                measuredSteps: seconds.count, settings: self.settings.configuration.resolved,
                data: TrainingEstimate.Data(
                    parts.images.dataset, parts.inspection, rule: self.settings.configuration.dataset.onError,
                    warnings: warnings.withLock { $0 }))
        }
    }

    private func onThread<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
        try await worker.run {
            do { return try body() } catch { throw Self.failure(error) }
        }
    }

    static func failure(_ error: any Error) -> TrainingFailure {
        switch error {
        case let failure as TrainingFailure: failure
        case let error as TrainingError: TrainingFailure(error)
        case let error as CommunicatorError: TrainingFailure(.failed, "\(error)")
        default: TrainingFailure(.badData, ServiceError.sentence("\(error)"))
        }
    }

    /// Joins the other processes of a run that was started by hand with mpirun(1).
    ///
    /// - Throws: `TrainingFailure` with every fault of the configuration, and where others were started than it wants.
    public static func ranks(of request: TrainingRequest) throws(TrainingFailure) -> Communicator {
        try RunRanks.join(try RunSettings(request).configuration.ranks)
    }
}
