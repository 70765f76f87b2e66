public import Catalogue
import JSON
import Models
import Platform
import Tensors

/// Times the forward pass beside the machine's ceiling.
public enum ForwardBenchmark {
    /// What a pass shows. Raw values are the command's words.
    public enum Shown: String, Sendable, CaseIterable {
        /// Every attention map and hidden state.
        case all
        /// The class token's row of every map, and the last hidden state.
        case rows
        /// The last hidden state alone.
        case last
    }

    /// What is timed.
    public struct Settings: Sendable {
        /// A plain ViT by its timm name.
        public var arch = "vit_base_patch16_224"
        /// Another count of blocks, or of heads, than the name says; nil for its own.
        public var depth: Int?
        public var heads: Int?
        public var batch = 8
        public var threads = 1
        /// Measured passes, after one to warm up.
        public var rounds = 7
        /// In JSON's words: `f32`, `bf16`, `auto`.
        public var precision = "f32"
        public var shown = Shown.all

        public init() {}
    }

    /// Times passes; between them, products for the ceiling.
    ///
    /// - Throws: `ServiceError.invalid` for an architecture without a name here, counts out of range, or a precision that
    ///   there is not.
    public static func run(_ settings: Settings) throws(ServiceError) -> BenchmarkReport {
        let config = try config(settings), precision = try precision(settings.precision)
        let (batch, threads) = (settings.batch, settings.threads)
        NumericLibraries.prepareThread()
        let pool = ThreadPool(threads: threads) { NumericLibraries.prepareThread() }
        let model: VisionTransformer
        do { model = try VisionTransformer.random(config, seed: 0, precision: precision) } catch {
            throw .internalFault("random weights do not fit: \(error)")
        }
        let images = Tensor(
            shape: [batch, config.inChans, config.imgSize.height, config.imgSize.width], repeating: 0.5)
        let request = request(settings.shown, config)
        var ceiling = GEMMCeiling(config: config, batch: batch, precision: precision, pool: pool)
        var seconds: [Double] = []
        Tensor.recyclingMemory {
            for round in 0...settings.rounds {
                ceiling.measure()
                let time = Stopwatch.seconds { _ = model.forwardIntermediates(images, request: request, pool: pool) }
                if round > 0 { seconds.append(time) }
            }
        }
        return BenchmarkReport(
            arch: settings.arch, batch: batch, threads: threads, precision: precision.rawValue,
            shows: settings.shown.rawValue, seconds: seconds, flops: Double(batch) * model.forwardFLOPs,
            ceiling: ceiling)
    }

    /// What the precisions' words mean on this processor.
    ///
    /// - Throws: `ServiceError.invalid` for another word, or where the processor lacks something.
    static func precision(_ word: String) throws(ServiceError) -> Precision {
        let option = LoadOption.precision
        if let fault = option.fault(option.value(of: word)) { throw .invalid(option.pointer, fault) }
        guard let choice = PrecisionChoice(rawValue: word) else { return .f32 }
        if let failure = LoadFailure(lacking: choice.precision) { throw .invalid(option.pointer, failure.sentence) }
        return choice.precision
    }

    private static func config(_ settings: Settings) throws(ServiceError) -> VisionTransformerConfig {
        guard var config = VisionTransformerConfig.named(settings.arch) else {
            let sizes = VisionTransformerConfig.knownSizes.joined(separator: ", ")
            throw .invalid(
                "/arch", "“\(settings.arch)” is unknown; write vit_SIZE_patchP_S with SIZE one of \(sizes).")
        }
        var faults: [Fault] = []
        for (name, value, range) in [
            ("batch", settings.batch, 1...512), ("threads", settings.threads, 1...1024),
            ("rounds", settings.rounds, 1...1000), ("depth", settings.depth ?? 1, 1...1000),
            ("heads", settings.heads ?? 1, 1...config.embedDim),
        ]
        where !range.contains(value) {
            faults.append(
                .init(pointer: "/\(name)", detail: "\(name) must lie from \(range.lowerBound) to \(range.upperBound)."))
        }
        guard faults.isEmpty else { throw .invalid(faults) }
        config.depth = settings.depth ?? config.depth
        config.numHeads = settings.heads ?? config.numHeads
        guard config.embedDim % config.numHeads == 0 else {
            throw .invalid("/heads", "The width of \(config.embedDim) is no multiple of \(config.numHeads) heads.")
        }
        return config
    }

    private static func request(_ shown: Shown, _ config: VisionTransformerConfig) -> IntermediatesRequest {
        var request = IntermediatesRequest()
        switch shown {
        case .all:
            request.hiddenStates = Set(0...config.depth)
            for block in 0..<config.depth { request.attentions[block] = .all }
        case .rows:
            request.hiddenStates = [config.depth]
            for block in 0..<config.depth {
                request.attentions[block] = AttentionSelection(heads: nil, queries: [0])
            }
        case .last: request.hiddenStates = [config.depth]
        }
        return request
    }
}
