import Checkpoints
public import Platform
import Tensors

/// Epochs, steps, accumulated batches: runs an objective and an optimizer over batches until the end, a signal, or a
/// number that is none.
///
/// A run that is stopped anywhere and taken up again ends with the same bytes as one that was not, for the same threads:
/// all randomness is a function of seed and step.
public struct Trainer {
    /// How long and how often.
    public struct Plan: Sendable {
        public var epochs: Int
        public var stepsPerEpoch: Int
        public var accumulationSteps = 1
        /// Images of a step, for speeds.
        public var imagesPerStep: Int
        public var seed: UInt64 = 0
        public var logEverySteps = 10
        public var checkpointEveryEpochs = 1
        public var checkpointEverySteps: Int?
        public var keepLast = 3
        /// Of every checkpoint: what names and shapes do not tell.
        public var metadata: [String: String] = [:]

        public init(epochs: Int, stepsPerEpoch: Int, imagesPerStep: Int) {
            self.epochs = epochs
            self.stepsPerEpoch = stepsPerEpoch
            self.imagesPerStep = imagesPerStep
        }

        public var steps: Int { epochs * stepsPerEpoch }
    }

    /// The batch of a step, and of the accumulated ones which.
    public typealias Batches = (_ step: Int, _ part: Int) throws -> Batch
    /// Measures a model at the end of an epoch.
    public typealias Validation = (_ model: ModelState) throws -> [Metric]

    public private(set) var snapshot: TrainingSnapshot
    public let plan: Plan
    private let objective: any Objective
    private let pool: ThreadPool
    private var gradients: ParameterBuffer

    /// - Parameter model: where the run begins; the objective's own beginning without it.
    public init(
        objective: any Objective, optimizer: Optimizer, plan: Plan, model: ModelState? = nil, pool: ThreadPool
    ) {
        precondition(plan.stepsPerEpoch > 0 && plan.epochs > 0, "a run has steps")
        self.objective = objective
        self.plan = plan
        self.pool = pool
        snapshot = TrainingSnapshot(
            model: model ?? objective.initialState(seed: plan.seed), optimizer: optimizer, step: 0)
        gradients = ParameterBuffer(objective.layout)
    }

    /// Runs to the end.
    ///
    /// - Parameters:
    ///   - directory: where it saves itself, and where it takes itself up; entered already.
    ///   - batches: called once, with the step that comes next.
    ///   - events: called on this thread, between steps.
    /// - Throws: `TrainingError`; the last checkpoint stays whole.
    public mutating func run(
        in directory: RunDirectory, batches: (_ firstStep: Int) throws -> Batches, validation: Validation? = nil,
        stop: StopFlag = StopFlag(), events: (TrainingEvent) -> Void
    ) throws(TrainingError) -> TrainingOutcome {
        if let found = try directory.newestCheckpoint(warn: {
            events(.warning(code: "checkpoint_unusable", message: $0))
        }) {
            try snapshot.read(found.contents.tensors)
            snapshot.step = found.step
            events(.resumed(step: found.step))
        }
        // A checkpoint comes before the validation of its epoch, so a process may have died between the two.
        let isValidated = try directory.openMetrics(upTo: snapshot.step)
        if snapshot.step > 0, snapshot.step % plan.stepsPerEpoch == 0, !isValidated, let validation {
            try log(try Self.data { try validation(snapshot.model) }, directory, events)
        }
        guard snapshot.step < plan.steps else {
            if !directory.hasModel { try writeModel(directory) }
            events(.end(.alreadyFinished, step: snapshot.step))
            return .alreadyFinished
        }
        let first = snapshot.step
        let batches = try Self.data { try batches(first) }
        var speed = Speed(imagesPerStep: plan.imagesPerStep)
        var lastSaved = snapshot.step
        while snapshot.step < plan.steps, !stop.isRaised {
            let metrics = try step(batches)
            let done = snapshot.step
            speed.step()
            let isEpochEnd = done % plan.stepsPerEpoch == 0
            if done % plan.logEverySteps == 0 || done == plan.steps { try log(metrics, directory, events) }
            if isCheckpoint(done, isEpochEnd: isEpochEnd) {
                try save(directory, events)
                lastSaved = done
            }
            if isEpochEnd, let validation {
                try log(try Self.data { try validation(snapshot.model) }, directory, events)
            }
            events(.progress(progress(metrics, speed)))
        }
        guard snapshot.step == plan.steps else {
            if lastSaved != snapshot.step || snapshot.step == 0 { try save(directory, events) }
            events(.end(.stopped, step: snapshot.step))
            return .stopped
        }
        try writeModel(directory)
        events(.end(.succeeded, step: snapshot.step))
        return .succeeded
    }

    /// One optimizer step over accumulated batches: the mean of each metric, and the norm of the gradients before
    /// clipping.
    public mutating func step(_ batches: Batches) throws(TrainingError) -> [Metric] {
        let step = snapshot.step
        gradients.zero()
        var sums: [Metric] = []
        for part in 0..<plan.accumulationSteps {
            let batch = try Self.data { try batches(step, part) }
            let context = StepContext(
                seed: plan.seed, step: step, part: part, epoch: Double(step) / Double(plan.stepsPerEpoch),
                epochs: Double(plan.epochs), gradientScale: 1 / Float(plan.accumulationSteps), pool: pool)
            let metrics = objective.step(batch, state: &snapshot.model, gradients: &gradients, context)
            if let loss = metrics.first, !loss.value.isFinite { throw .notFinite(what: loss.key, step: step + 1) }
            sums = part == 0 ? metrics : zip(sums, metrics).map { Metric($0.key, $0.value + $1.value) }
        }
        let norm = snapshot.optimizer.gradientNorm(gradients, pool: pool)
        guard norm.isFinite else { throw .notFinite(what: "gradient", step: step + 1) }
        let rate = snapshot.optimizer.learningRate(at: step)
        snapshot.optimizer.step(
            step, weights: &snapshot.model.weights, gradients: gradients, norm: norm, pool: pool)
        snapshot.step += 1
        let parts = Double(plan.accumulationSteps)
        return sums.map { Metric($0.key, $0.value / parts) } + [Metric("lr", rate), Metric("gradient_norm", norm)]
    }

    private func isCheckpoint(_ done: Int, isEpochEnd: Bool) -> Bool {
        if done == plan.steps { return true }
        if let every = plan.checkpointEverySteps, done % every == 0 { return true }
        return isEpochEnd && done / plan.stepsPerEpoch % plan.checkpointEveryEpochs == 0
    }

    /// What goes wrong with pictures is their fault.
    private static func data<R>(_ body: () throws -> R) throws(TrainingError) -> R {
        do { return try body() } catch let error as TrainingError { throw error } catch { throw .badData("\(error).") }
    }
}

extension Trainer {
    private func log(
        _ metrics: [Metric], _ directory: RunDirectory, _ events: (TrainingEvent) -> Void
    ) throws(TrainingError) {
        let epoch = Double(snapshot.step) / Double(plan.stepsPerEpoch)
        try directory.appendMetrics(MetricLine.text(step: snapshot.step, epoch: epoch, values: metrics))
        events(.metric(step: snapshot.step, epoch: epoch, values: metrics))
    }

    private func save(_ directory: RunDirectory, _ events: (TrainingEvent) -> Void) throws(TrainingError) {
        try checkWeights()
        let (path, size) = try directory.writeCheckpoint(
            snapshot.stateDict, metadata: metadata, step: snapshot.step, keepLast: plan.keepLast,
            finishes: snapshot.step == plan.steps)
        events(.checkpoint(step: snapshot.step, path: path, sizeBytes: size))
    }

    private func writeModel(_ directory: RunDirectory) throws(TrainingError) {
        try checkWeights()
        try directory.writeModel(snapshot.modelDict, metadata: metadata)
    }

    /// A finite gradient may still carry a weight beyond the largest number: such weights never reach the disk.
    private func checkWeights() throws(TrainingError) {
        guard snapshot.model.weights.isFinite else { throw .notFinite(what: "weights", step: snapshot.step) }
    }

    private var metadata: [String: String] {
        let epoch = snapshot.step / plan.stepsPerEpoch
        return plan.metadata.merging(
            ["format": "pt", "step": "\(snapshot.step)", "epoch": "\(epoch)", "seed": "\(plan.seed)"]) { $1 }
    }

    private func progress(_ metrics: [Metric], _ speed: Speed) -> TrainingProgress {
        let rate = speed.imagesPerSecond
        let left = Double((plan.steps - snapshot.step) * plan.imagesPerStep)
        return TrainingProgress(
            epoch: (snapshot.step - 1) / plan.stepsPerEpoch + 1, epochs: plan.epochs, step: snapshot.step,
            steps: plan.steps, imagesPerSecond: rate, etaSeconds: rate > 0 ? left / rate : nil, metrics: metrics)
    }
}

/// Images a second over the last steps.
private struct Speed {
    let imagesPerStep: Int
    private var times: [ContinuousClock.Instant] = [.now]

    init(imagesPerStep: Int) { self.imagesPerStep = imagesPerStep }

    mutating func step() {
        times.append(.now)
        // Enough to be steady, few enough to follow the machine.
        if times.count > 33 { times.removeFirst() }
    }

    var imagesPerSecond: Double {
        guard let first = times.first, let last = times.last, times.count > 1 else { return 0 }
        let seconds = (last - first) / .seconds(1)
        return seconds > 0 ? Double((times.count - 1) * imagesPerStep) / seconds : 0
    }
}
