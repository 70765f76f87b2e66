public import Models
public import Platform
public import Tensors

/// One number that a step reports, such as `loss`.
public struct Metric: Sendable, Equatable {
    /// In JSON's spelling.
    public let key: String
    public let value: Double

    public init(_ key: String, _ value: Double) {
        self.key = key
        self.value = value
    }
}

/// Everything that an objective learns or keeps between steps, the optimizer's moments apart.
public struct NetworkState: Sendable {
    /// Trained and frozen parameters of `Objective.layout`.
    public var weights: ParameterBuffer
    /// Running statistics of `Objective.buffers`.
    public var buffers: ParameterBuffer
    /// The momentum encoder's parameters, in places of `Objective.momentumLayout`; nil without one.
    public var momentumWeights: ParameterBuffer?
    /// The momentum encoder's own running statistics.
    public var momentumBuffers: ParameterBuffer?

    public init(
        weights: ParameterBuffer, buffers: ParameterBuffer, momentumWeights: ParameterBuffer? = nil,
        momentumBuffers: ParameterBuffer? = nil
    ) {
        self.weights = weights
        self.buffers = buffers
        self.momentumWeights = momentumWeights
        self.momentumBuffers = momentumBuffers
    }
}

/// What a step needs to know besides its batch.
public struct StepContext: Sendable {
    /// The seed of all randomness inside the step: stochastic depth.
    public var seed: UInt64
    /// Counted from 0: optimizer steps before this one.
    public var step: Int
    /// Which of the accumulated batches of this step, counted from 0: the momentum encoder moves with the first.
    public var part: Int
    /// Epochs done, with the fraction of the current one: what the momentum schedule reads.
    public var epoch: Double
    /// Epochs in all.
    public var epochs: Double
    /// The gradients are multiplied by this: 1 / accumulated batches.
    public var gradientScale: Float
    public let pool: ThreadPool
    /// Who has the other images of the batch, as many each.
    public let ranks: Communicator
    /// The place of each image in the whole batch; nil where these are all of it.
    public var slots: [Int]?
    /// Hears what is done on the last way back of a step; nil where more follows, and where there is one rank.
    public var sum: GradientSum?

    public init(
        seed: UInt64 = 0, step: Int = 0, part: Int = 0, epoch: Double = 0, epochs: Double = 1, gradientScale: Float = 1,
        pool: ThreadPool, ranks: Communicator = .alone, slots: [Int]? = nil, sum: GradientSum? = nil
    ) {
        self.seed = seed
        self.step = step
        self.part = part
        self.epoch = epoch
        self.epochs = epochs
        self.gradientScale = gradientScale
        self.pool = pool
        self.ranks = ranks
        self.slots = slots
        self.sum = sum
    }
}

/// A way to learn: a network, a loss, and its gradients.
public protocol Objective: StepCost {
    /// Places of every parameter, trained or frozen.
    var layout: ParameterLayout { get }
    /// Places of running statistics.
    var buffers: ParameterLayout { get }
    /// Places of the momentum encoder's parameters: the first of `layout`, in the same places; nil without one.
    var momentumLayout: ParameterLayout? { get }
    /// Places of the momentum encoder's running statistics: the first of `buffers`; nil without one.
    var momentumBuffersLayout: ParameterLayout? { get }
    /// The network that is looked into afterwards.
    var encoder: TrainableViT { get }
    /// Names of parameters that never change: a frozen patch projection, a fixed position table.
    var frozen: Set<String> { get }

    /// Copies of the gradients that a step keeps.
    var gradientCopies: Int { get }
    /// Passes through the encoder whose activations a step keeps until the way back.
    var keptPasses: Int { get }
    /// Whether the gradients that a step adds are those of all ranks; otherwise they are this rank's share of a sum.
    var sumsGradients: Bool { get }

    /// The state before the first step, repeatable by `seed`.
    func initialState(seed: UInt64) -> NetworkState

    /// One forward and backward pass: adds the gradients of the loss times `context.gradientScale` to `gradients` and
    /// moves running statistics and the momentum encoder. The first metric is `loss`.
    ///
    /// With several ranks a batch is this one's part of the whole batch, and loss and metrics are those of the whole.
    func step(
        _ batch: Batch, state: inout NetworkState, gradients: inout ParameterBuffer, _ context: StepContext
    ) -> [Metric]
}

extension Objective {
    public var momentumBuffersLayout: ParameterLayout? { nil }
    public var gradientCopies: Int { 1 }
    public var keptPasses: Int { 1 }
    public var sumsGradients: Bool { false }

    /// The sum of all ranks' gradients in one step.
    func gradientSum(_ ranks: Communicator) -> GradientSum {
        GradientSum(layout, frozen: frozen, blocks: encoder.blockPlaces, ranks: ranks)
    }
}

extension StepContext {
    /// The luck of stochastic depth in pass `number` of `branch`.
    func random(_ branch: String, _ number: Int) -> RandomStream {
        RandomStream(seed: seed, "drop-path." + branch).stream(step).stream(part).stream(number)
    }
}
