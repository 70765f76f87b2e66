import Analysis
import JSON
import Models
import Platform
import Tensors

/// How alike the layers of two models, or of one, represent the same images.
struct CKATask: AnalysisTask {
    /// Raw values are those of the HTTP interface.
    private enum KernelName: String, CaseIterable { case linear, rbf }

    /// One of the two models.
    private struct Side {
        let model: NamedModel
        let layers: LayerLabels

        var layout: TokenLayout { TokenLayout(model.model.config) }
        var embedDim: Int { model.model.config.embedDim }
    }

    private let a: Side
    private let b: Side
    private let kernel: KernelName
    private let estimator: CKA.Estimator
    private let tokens: TokenFeatures
    private let batchSize: Int?
    private let convention: Convention

    var models: [NamedModel] { [a.model, b.model] }
    var turnKey: String? { nil }

    /// Reads the parameters; nil, with a fault noted, where they do not fit the models.
    ///
    /// - Parameter images: how many there are.
    static func read(
        _ parameters: inout ParameterReader, a: NamedModel, b: NamedModel, images: Int
    ) -> CKATask? {
        let layersA = LayerLabels.read(&parameters, "layers_a", depth: a.model.config.depth)
        let layersB = LayerLabels.read(&parameters, "layers_b", depth: b.model.config.depth)
        let kernel = parameters.choice("kernel", default: KernelName.linear)
        let estimator = parameters.choice("estimator", default: CKA.Estimator.unbiased)
        let tokens = parameters.choice("tokens", default: TokenFeatures.patchMean)
        let convention = parameters.choice("convention", default: Convention.corrected)
        let batchSize = parameters.integer("batch_size", in: 1...1_000_000)
        guard let layersA, let layersB else { return nil }
        let left = Side(model: a, layers: layersA), right = Side(model: b, layers: layersB)
        for (name, side) in [("a", left), ("b", right)] {
            do {
                try tokens.check(side.layout)
            } catch {
                parameters.add(
                    "tokens", "“\(side.model.name)” (\(name)) has no class token; write patch_mean or patches.")
            }
        }
        if tokens == .patches, left.layout.grid.count != right.layout.grid.count {
            parameters.add(
                "tokens",
                "The models have \(left.layout.grid.count) and \(right.layout.grid.count) patches, which are no pairs; "
                    + "write patch_mean or cls.")
        }
        let task = CKATask(
            a: left, b: right, kernel: kernel, estimator: estimator, tokens: tokens, batchSize: batchSize,
            convention: convention)
        let least = estimator.minimumSamples, samples = tokens.samples(left.layout)
        if saturatingProduct(min(images, batchSize ?? images), samples) < least {
            let isBatch = (batchSize ?? images) < images
            parameters.add(
                isBatch ? "batch_size" : "image",
                "The \(estimator.rawValue) estimator compares at least \(least) images\(isBatch ? " in a batch" : ""); "
                    + "give more of them, or a probe set.")
        }
        return task
    }

    private init(
        a: Side, b: Side, kernel: KernelName, estimator: CKA.Estimator, tokens: TokenFeatures, batchSize: Int?,
        convention: Convention
    ) {
        self.a = a
        self.b = b
        self.kernel = kernel
        self.estimator = estimator
        self.tokens = tokens
        self.batchSize = batchSize
        self.convention = convention
    }

    var canonical: [String] {
        [
            "layers_a \(a.layers.hiddenStates)", "layers_b \(b.layers.hiddenStates)", "kernel \(kernel.rawValue)",
            "estimator \(estimator.rawValue)", "tokens \(tokens.rawValue)",
            "batch_size \(batchSize.map { "\($0)" } ?? "all")", "convention \(convention.rawValue)",
        ]
    }

    /// Whether one side is the other, so that half the work is enough.
    private var isSymmetric: Bool {
        a.model.model.fingerprint == b.model.model.fingerprint && a.layers == b.layers
    }

    func answer(_ context: AnalysisContext) async throws -> AnalysisAnswer {
        let chunk = min(batchSize ?? context.images.count, context.images.count)
        let empty = CKA(kernel: kernel == .linear ? .linear : .rbf, estimator: estimator)
        let need = need(chunk: chunk)
        let matrix: CKAMatrix = try await context.admitted(
            bytes: need.bytes, alternative: need.alternative
        ) { slices in
            var cka = empty
            for start in stride(from: 0, to: context.images.count, by: chunk) {
                let indices = Array(start..<min(start + chunk, context.images.count))
                let left = try await features(a, indices, context, slices)
                let right = isSymmetric ? nil : try await features(b, indices, context, slices)
                cka = try await slices.run { [cka] slice in
                    var cka = cka
                    context.time.measure("analysis") { cka.add(left, right, pool: slice.pool) }
                    return cka
                }
            }
            return cka.matrix(rows: a.layers.labels.count, cols: b.layers.labels.count)
        }
        return answer(matrix)
    }

    /// Of every layer of `side`, (samples, embedDim).
    private func features(
        _ side: Side, _ indices: [Int], _ context: AnalysisContext, _ slices: ComputeSlices
    ) async throws -> [DoubleMatrix] {
        let hiddenStates = side.layers.hiddenStates
        // Of patches there are too many to keep.
        let keeps = tokens != .patches
        var found: [Int: [[Double]]] = [:]
        if keeps {
            for index in indices {
                let kept = hiddenStates.compactMap {
                    context.engine.activations.numbers(key(side, context.images[index], $0))
                }
                if kept.count == hiddenStates.count { found[index] = kept }
            }
        }
        let missing = indices.filter { found[$0] == nil }
        let batches = try await context.forEachBatch(
            of: missing, model: side.model.model, batchSize: ForwardCost(side.model.model.config).batchSize(), slices
        ) { batch in
            var matrices: [Int: DoubleMatrix] = [:]
            var request = IntermediatesRequest()
            request.hiddenStates = Set(hiddenStates)
            try batch.forward(request) { intermediate in
                guard case .hiddenState(let index, let tensor) = intermediate else { return }
                matrices[index] = try tokens.features(tensor, layout: side.layout, pool: batch.pool)
            }
            return (batch.indices, hiddenStates.compactMap { matrices[$0] })
        }
        let samples = tokens.samples(side.layout)
        for (members, matrices) in batches {
            for (place, index) in members.enumerated() {
                found[index] = matrices.map { $0.rows(place * samples..<(place + 1) * samples).values }
                guard keeps, let own = found[index] else { continue }
                for (hiddenState, numbers) in zip(hiddenStates, own) {
                    context.engine.activations.keep(
                        .numbers(numbers), for: key(side, context.images[index], hiddenState))
                }
            }
        }
        return hiddenStates.indices.map { layer in
            let numbers = indices.flatMap { found[$0]?[layer] ?? [] }
            return DoubleMatrix(rows: indices.count * samples, cols: side.embedDim, numbers)
        }
    }

    private func key(_ side: Side, _ source: ImageSource, _ hiddenState: Int) -> ActivationKey {
        .features(
            model: side.model.model.fingerprint, image: source.key, hiddenState: hiddenState, tokens: tokens.rawValue)
    }

    /// Of the RBF kernel: its bandwidth as a share of the median distance; nil for another kernel.
    private var threshold: Double? {
        guard kernel == .rbf, case .rbf(let threshold) = CKA.Kernel.rbf else { return nil }
        return threshold
    }

    func need(images: Int) -> MemoryNeed? { need(chunk: min(batchSize ?? images, images)) }

    private func need(chunk: Int) -> MemoryNeed {
        MemoryNeed(bytes: bytes(chunk: chunk), alternative: alternative(chunk))
    }

    private func bytes(chunk: Int) -> Int {
        let sides = isSymmetric ? [a] : [a, b]
        let samples = saturatingProduct(chunk, tokens.samples(a.layout))
        let layers = sides.reduce(0) { $0 + $1.layers.hiddenStates.count }
        let width = max(a.embedDim, b.embedDim)
        // The features image by image, and again as matrices.
        let features = saturatingProduct(samples, layers, width, 16)
        let forward = sides.map { ForwardCost($0.model.model.config).bytes(images: chunk) }.max() ?? 0
        return saturatingSum(
            features, forward,
            CKA.batchBytes(
                samples: samples, features: width, layers: layers, kernel: kernel == .linear ? .linear : .rbf))
    }

    private func alternative(_ chunk: Int) -> String {
        let smaller = max(estimator.minimumSamples, min(chunk / 2, 64))
        return tokens == .patches
            ? "Ask for tokens=patch_mean, for fewer layers, or for batches, for example batch_size=\(smaller)."
            : "Ask for fewer layers, or for batches, for example batch_size=\(smaller)."
    }

    private func answer(_ matrix: CKAMatrix) -> AnalysisAnswer {
        let array = NamedArray(
            shape: [a.layers.labels.count, b.layers.labels.count], axes: ["layer_a", "layer_b"],
            numbers: .float64(matrix.values.map { $0 ?? .nan }))
        let error = matrix.selfSimilarityMaxError
        var reasons = matrix.reasons
        if matrix.values.contains(nil), reasons.contains(where: { $0.pointer.hasPrefix("/layers_") }) {
            reasons.append(
                Reason(
                    pointer: "/cka",
                    reason:
                        "where there is no number, the reason stands with one of the two layers, below /layers_a or "
                        + "/layers_b"))
        }
        return AnalysisAnswer(
            fields: [
                ("a", a.model.field), ("b", b.model.field),
                ("layers_a", .strings(a.layers.labels)),
                ("layers_b", .strings(b.layers.labels)),
                ("kernel", .string(kernel.rawValue)),
                ("bandwidth_threshold", threshold.map(JSONValue.double) ?? .null),
                ("estimator", .string(estimator.rawValue)),
                ("tokens", .string(tokens.rawValue)),
                ("batch_size", .optional(batchSize)),
                ("convention", .string(convention.rawValue)),
                ("cka", .array(array)),
                ("checks", .object([.init("self_similarity_max_error", .double(error ?? .nan))])),
            ], mainField: "cka",
            reasons: reasons.map { Reason(pointer: $0.pointer, reason: ServiceError.sentence($0.reason)) })
    }
}
