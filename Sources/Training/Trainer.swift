import Checkpoints
import Jobs
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
        /// Epochs between two snapshots for analyses, beside those of the beginning and of the end; nil for none.
        public var snapshotEveryEpochs: Int?
        /// When the run is content before its end; those of analyses are judged elsewhere.
        public var stopRules: [StopRule] = []
        /// What every checkpoint says beside names and shapes.
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
    public typealias Validation = (_ model: NetworkState) throws -> [Metric]

    public internal(set) var snapshot: TrainingSnapshot
    public let plan: Plan
    private let objective: any Objective
    private let pool: ThreadPool
    let ranks: Communicator
    private var gradients: ParameterBuffer

    /// - Parameters:
    ///   - model: where the run begins; the objective's own beginning without it.
    ///   - ranks: who train together, each on its part of every batch.
    public init(
        objective: any Objective, optimizer: Optimizer, plan: Plan, model: NetworkState? = nil, pool: ThreadPool,
        ranks: Communicator = .alone
    ) {
        precondition(plan.stepsPerEpoch > 0 && plan.epochs > 0, "a run has steps")
        self.objective = objective
        self.plan = plan
        self.pool = pool
        self.ranks = ranks
        snapshot = TrainingSnapshot(
            model: model ?? objective.initialState(seed: plan.seed), optimizer: optimizer, step: 0)
        gradients = ParameterBuffer(objective.layout)
    }

    /// Runs to the end.
    ///
    /// - Parameters:
    ///   - directory: where it saves itself, and where it takes itself up; entered already. Of several ranks, the first
    ///     has one; the others take the beginning from it, and nil.
    ///   - batches: called once, with the step that comes next.
    ///   - snapshots: where weights for analyses go.
    ///   - linesTold: lines of metrics that whoever listens has heard of before; what a crash kept from it is told
    ///     again. Nil: nothing is.
    ///   - events: called on this thread, between steps.
    /// - Throws: `TrainingError`; the last checkpoint stays whole.
    public mutating func run(
        in directory: RunDirectory?, batches: (_ firstStep: Int) throws -> Batches, validation: Validation? = nil,
        snapshots: SnapshotFolder? = nil, linesTold: Int? = nil, stop: StopFlag = StopFlag(),
        events: @escaping (TrainingEvent) -> Void
    ) throws(TrainingError) -> TrainingOutcome {
        do throws(TrainingError) {
            return try train(
                RunOutlets(directory: directory, snapshots: snapshots, events: events), batches, validation,
                linesTold: linesTold, stop)
        } catch {
            if case .notFinite = error { events(.warning(code: "loss_not_finite", message: "\(error)")) }
            throw error
        }
    }

    private mutating func train(
        _ outlets: RunOutlets, _ batches: (_ firstStep: Int) throws -> Batches, _ validation: Validation?,
        linesTold: Int?, _ stop: StopFlag
    ) throws(TrainingError) -> TrainingOutcome {
        precondition((outlets.directory != nil) == ranks.isFirst, "the first rank alone writes")
        var ending = try takeUp(outlets, validation, linesTold: linesTold)
        try share()
        let early = outlets.directory?.earlyEnd(at: snapshot.step)
        if snapshot.step == plan.steps || ranks.broadcast(early == nil ? 0 : 1) == 1 {
            try writeSnapshot(outlets)
            if let directory = outlets.directory, !directory.hasModel { try writeModel(directory) }
            outlets.events(.end(.alreadyFinished, step: snapshot.step, stoppedEarly: early))
            return .alreadyFinished
        }
        if isSnapshotDue { try writeSnapshot(outlets) }
        let first = snapshot.step
        let batches = try Self.data { try batches(first) }
        var speed = Speed(imagesPerStep: plan.imagesPerStep)
        // What was taken up from a checkpoint is on the disk.
        var lastSaved = snapshot.step
        var wish = try agree(&ending, stop)
        while snapshot.step < plan.steps, ending == nil, wish == nil {
            let metrics = try step(batches)
            speed.step()
            do throws(TrainingError) {
                try finishStep(metrics, outlets, validation, &ending, &lastSaved)
            } catch {
                // What stops the run here comes after the step.
                outlets.events(.progress(progress(metrics, speed)))
                throw error
            }
            outlets.events(.progress(progress(metrics, speed)))
            wish = try agree(&ending, stop)
        }
        return try end(outlets, ending, wish, isSaved: lastSaved == snapshot.step && snapshot.step > 0)
    }

    /// What follows on a step: lines of metrics, a checkpoint, a validation, a snapshot.
    ///
    /// - Parameters:
    ///   - ending: becomes why the run is content, where it is.
    ///   - lastSaved: the step of the last checkpoint.
    private func finishStep(
        _ metrics: [Metric], _ outlets: RunOutlets, _ validation: Validation?, _ ending: inout String?,
        _ lastSaved: inout Int
    ) throws(TrainingError) {
        let done = snapshot.step
        let isEpochEnd = done % plan.stepsPerEpoch == 0
        if done % plan.logEverySteps == 0 || done == plan.steps { ending = try log(metrics, outlets) }
        if isCheckpoint(done, isEpochEnd: isEpochEnd) {
            try checkRanksAreEqual()
            try save(outlets)
            lastSaved = done
        }
        if isEpochEnd, ranks.isFirst, let validation {
            let found = try log(try Self.data { try validation(snapshot.model) }, outlets)
            ending = ending ?? found
        }
        if isSnapshotDue { try writeSnapshot(outlets) }
    }

    /// Goes to the newest checkpoint and makes up for what a crash after it took.
    ///
    /// - Returns: why the run is content there, where it is.
    private mutating func takeUp(
        _ outlets: RunOutlets, _ validation: Validation?, linesTold: Int?
    ) throws(TrainingError) -> String? {
        guard let directory = outlets.directory else { return nil }
        if let found = try directory.newestCheckpoint(warn: {
            outlets.events(.warning(code: "checkpoint_unusable", message: $0))
        }) {
            try snapshot.read(found.contents.tensors)
            snapshot.step = found.step
            outlets.events(.resumed(step: found.step))
        }
        let step = snapshot.step
        let lines = try directory.openMetrics(upTo: step)
        for index in lines.indices.dropFirst(max(linesTold ?? .max, 0)) {
            let line = lines[index]
            outlets.events(.metric(line: index, step: line.step, epoch: line.epoch, values: line.values))
        }
        // Rules are judged as each line is written, so only those of the last step may have been missed.
        let last = lines.filter { $0.step == step }
        var reason: String?
        for line in last { reason = reason ?? self.reason(of: line) }
        // A checkpoint comes before the validation of its epoch, so a process may have died between the two.
        guard step > 0, step % plan.stepsPerEpoch == 0, !last.contains(where: \.isValidation), let validation else {
            return reason
        }
        let found = try log(try Self.data { try validation(snapshot.model) }, outlets)
        return reason ?? found
    }

    /// Leaves the run as its end demands.
    ///
    /// - Parameters:
    ///   - ending: why the run is content, by its own rules.
    ///   - isSaved: whether the checkpoint of this step is written.
    private func end(
        _ outlets: RunOutlets, _ ending: String?, _ wish: WorkerWish?, isSaved: Bool
    ) throws(TrainingError) -> TrainingOutcome {
        let isOver = snapshot.step == plan.steps
        let early = isOver ? nil : ending ?? (wish == .finish ? "somebody asked for the end" : nil)
        if !isOver, wish == .cancel || early == nil {
            if wish != .cancel, !isSaved { try save(outlets) }
            outlets.events(.end(.stopped, step: snapshot.step))
            return .stopped
        }
        if let early {
            if isSaved {
                try outlets.directory?.finishEarly(at: snapshot.step, early)
            } else {
                try save(outlets, early: early)
            }
        }
        if !isSnapshotDue { try writeSnapshot(outlets) }
        if let directory = outlets.directory { try writeModel(directory) }
        outlets.events(.end(.succeeded, step: snapshot.step, stoppedEarly: early))
        return .succeeded
    }

    /// One optimizer step over accumulated batches: the mean of each metric, and the norm of the gradients before
    /// clipping.
    public mutating func step(_ batches: Batches) throws(TrainingError) -> [Metric] {
        let step = snapshot.step
        gradients.zero()
        let sum = ranks.size > 1 && !objective.sumsGradients ? objective.gradientSum(ranks) : nil
        var sums: [Metric] = []
        for part in 0..<plan.accumulationSteps {
            let batch = try together { try batches(step, part) }
            let isLast = part == plan.accumulationSteps - 1
            let context = StepContext(
                seed: plan.seed, step: step, part: part, epoch: Double(step) / Double(plan.stepsPerEpoch),
                epochs: Double(plan.epochs), gradientScale: 1 / Float(plan.accumulationSteps), pool: pool, ranks: ranks,
                slots: batch.slots, sum: isLast ? sum : nil)
            let metrics = objective.step(batch, state: &snapshot.model, gradients: &gradients, context)
            try checkRanks()
            if let loss = metrics.first, !loss.value.isFinite { throw .notFinite(what: loss.key, step: step + 1) }
            sums = part == 0 ? metrics : zip(sums, metrics).map { Metric($0.key, $0.value + $1.value) }
        }
        sum?.finished(gradients)
        sum?.replace(&gradients)
        try checkRanks()
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

    /// What goes wrong with images is their fault.
    static func data<R>(_ body: () throws -> R) throws(TrainingError) -> R {
        do { return try body() } catch let error as TrainingError { throw error } catch { throw .badData("\(error).") }
    }
}

extension Trainer {
    /// Writes a line of metrics.
    ///
    /// - Returns: why the run is content with them, where a rule says so.
    private func log(_ metrics: [Metric], _ outlets: RunOutlets) throws(TrainingError) -> String? {
        let epoch = Double(snapshot.step) / Double(plan.stepsPerEpoch)
        let line = MetricLine(step: snapshot.step, epoch: epoch, values: metrics)
        guard let number = try outlets.directory?.appendMetrics(line) else { return nil }
        outlets.events(.metric(line: number, step: snapshot.step, epoch: epoch, values: metrics))
        return reason(of: line)
    }

    /// The first rule that `line` meets, in words.
    private func reason(of line: MetricLine) -> String? {
        let epoch = Double(line.step) / Double(plan.stepsPerEpoch)
        for rule in plan.stopRules where rule.analysis == nil {
            if let metric = line.values.first(where: { $0.key == rule.metric }),
                rule.isMet(by: metric.value, epoch: epoch)
            {
                return rule.reason(metric.value, step: line.step)
            }
        }
        return nil
    }

    private func save(_ outlets: RunOutlets, early: String? = nil) throws(TrainingError) {
        guard let directory = outlets.directory else { return }
        try checkWeights()
        let (path, size) = try directory.writeCheckpoint(
            snapshot.stateDict, metadata: metadata, step: snapshot.step, keepLast: plan.keepLast,
            finishes: early != nil || snapshot.step == plan.steps, early: early)
        outlets.events(.checkpoint(step: snapshot.step, path: path, sizeBytes: size))
    }

    /// Whether analyses want the weights as they are now, wherever the run ends.
    private var isSnapshotDue: Bool {
        guard let every = plan.snapshotEveryEpochs else { return false }
        return snapshot.step % plan.stepsPerEpoch == 0 && snapshot.step / plan.stepsPerEpoch % every == 0
    }

    /// Writes the weights for analyses, unless those of this step were written down before.
    private func writeSnapshot(_ outlets: RunOutlets) throws(TrainingError) {
        guard plan.snapshotEveryEpochs != nil, let folder = outlets.snapshots, !folder.isTaken(snapshot.step) else {
            return
        }
        try checkWeights()
        let path = try folder.write(snapshot.modelDict, metadata: metadata, step: snapshot.step)
        outlets.events(
            .snapshot(step: snapshot.step, epoch: Double(snapshot.step) / Double(plan.stepsPerEpoch), path: path))
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

/// Where a run writes, and whom it tells.
private struct RunOutlets {
    /// Nil for a rank that only computes.
    let directory: RunDirectory?
    let snapshots: SnapshotFolder?
    let events: (TrainingEvent) -> Void
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
