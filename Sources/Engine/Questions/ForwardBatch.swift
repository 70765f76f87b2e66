import Catalogue
import Models
import Platform
import Tensors

/// Some images on their way through a model.
struct ForwardBatch: Sendable {
    /// Where somebody sits who shares the pass with others.
    struct Seat: Sendable {
        let shared: SharedForward
        let place: Int
        let thread: SteppedThread
    }

    /// Which of the analysis' images they are.
    let indices: [Int]
    private let input: Tensor
    private let transformer: VisionTransformer
    private let slice: ComputeSlice
    private let context: AnalysisContext
    private let seat: Seat?

    init(
        indices: [Int], input: Tensor, transformer: VisionTransformer, slice: ComputeSlice, context: AnalysisContext,
        seat: Seat? = nil
    ) {
        self.indices = indices
        self.input = input
        self.transformer = transformer
        self.slice = slice
        self.context = context
        self.seat = seat
    }

    var pool: ThreadPool { slice.pool }

    /// What goes in, (batch, 3, height, width), normalized.
    var pixels: Tensor { input }

    /// - Throws: `CancellationError` where nobody waits any more.
    func checkCancellation() throws { try slice.checkCancellation() }

    /// The images themselves.
    var sources: [ImageSource] { indices.map { context.images[$0] } }

    /// The same images, changed: `change` gets and gives (batch, 3, height, width), normalized.
    func changed(_ change: (Tensor) -> Tensor) -> ForwardBatch {
        ForwardBatch(
            indices: indices, input: change(input), transformer: transformer, slice: slice, context: context)
    }

    /// Tokens of any depth, (batch, tokens, embedDim), as the model's final norm leaves them, where it has one.
    func normed(_ tokens: Tensor) -> Tensor { transformer.normed(tokens, pool: slice.pool) ?? tokens }

    /// What the model's classifier says of tokens of any depth, (batch, numClasses); nil where there is none.
    func logits(of tokens: Tensor) -> Tensor? { transformer.logits(of: tokens, pool: slice.pool) }

    /// Runs the model as far as `request` needs, or shares a pass that goes as far.
    ///
    /// - Throws: `CancellationError` between layers, and what `visit` throws.
    func forward(_ request: IntermediatesRequest, visit: (Intermediate) throws -> Void) throws {
        var inside = 0.0
        func look(_ intermediate: Intermediate) throws {
            try slice.checkCancellation()
            let entered = ContinuousClock.now
            try visit(intermediate)
            inside += (ContinuousClock.now - entered).seconds
        }
        let start = ContinuousClock.now
        if let seat {
            context.time.add("forward", try seat.shared.forward(seat.place, seat.thread, request, visit: look))
        } else {
            try transformer.forward(input, request: request, pool: slice.pool, visit: look)
            let seconds = (ContinuousClock.now - start).seconds - inside
            context.time.add("forward", seconds)
            context.engine.countForward(images: indices.count, seconds: seconds)
        }
        context.time.add("analysis", inside)
    }
}
