import Analysis
import Catalogue
import JSON
import Models
import Tensors

extension AnalysisKind {
    public static let cka: AnalysisKind = {
        let kernel = DeclaredParameter.choice("kernel", default: CKATask.KernelName.linear, "Of the similarity.")
        let estimator = DeclaredParameter.choice(
            "estimator", default: CKA.Estimator.unbiased, "Of the Hilbert-Schmidt criterion.")
        let tokens = DeclaredParameter.choice(
            "tokens", default: TokenFeatures.patchMean, "What stands for an image.")
        let batchSize = DeclaredParameter<Int?>.integer(
            "batch_size", in: 1...1_000_000, "Images in a batch; without it all in one where they fit.")
        let spec = AnalysisSpec(
            "cka", group: .layers, title: "CKA: similarity of layers",
            summary: "Similarity of the layers of one or two models",
            reading: "How alike two layers see the same images: 1 = the same up to rotation and scale, 0 = unrelated. "
                + "Bright squares are stretches of layers that do much the same.",
            cost: "One pass of each image through each model.",
            parameters: [
                DeclaredParameter.layersA, DeclaredParameter.layersB, kernel, estimator, tokens, batchSize,
                DeclaredParameter.convention,
            ], models: 2, isShardable: true)
        return AnalysisKind(spec) { values, subjects in
            let layersA = values.labels(.layersA, subjects.model), layersB = values.labels(.layersB, subjects.b)
            guard let layersA, let layersB else { return nil }
            let task = CKATask(
                a: .init(model: subjects.model, layers: layersA), b: .init(model: subjects.b, layers: layersB),
                kernel: values[kernel], estimator: values[estimator], tokens: values[tokens],
                batchSize: values[batchSize])
            for (pointer, detail) in task.faults(images: subjects.images) { values.add(pointer, detail) }
            return task
        }
    }()
}

/// How alike the layers of two models, or of one, represent the same images.
struct CKATask: ShardableTask {
    /// Raw values are those of the HTTP interface.
    enum KernelName: String, Sendable, CaseIterable { case linear, rbf }

    /// One of the two models.
    struct Side: Sendable {
        let model: NamedModel
        let layers: LayerLabels

        var layout: TokenLayout { TokenLayout(model.model.config) }
        var embedDim: Int { model.model.config.embedDim }
    }

    let a: Side
    let b: Side
    let kernel: KernelName
    let estimator: CKA.Estimator
    let tokens: TokenFeatures
    let batchSize: Int?

    var models: [NamedModel] { [a.model, b.model] }
    /// A batch is compared as a whole.
    var imagesTogether: Int { batchSize ?? .max }

    /// What of the parameters does not fit the models and images: a parameter's name, and a sentence.
    func faults(images: Int) -> [(name: String, detail: String)] {
        var faults: [(name: String, detail: String)] = []
        for (name, side) in [("a", a), ("b", b)] where (try? tokens.check(side.layout)) == nil {
            faults.append(
                ("tokens", "“\(side.model.name)” (\(name)) has no class token; write patch_mean or patches."))
        }
        if tokens == .patches, a.layout.grid.count != b.layout.grid.count {
            faults.append(
                (
                    "tokens",
                    "The models have \(a.layout.grid.count) and \(b.layout.grid.count) patches, which are no pairs; "
                        + "write patch_mean or cls."
                ))
        }
        let least = estimator.minimumSamples, samples = tokens.samples(a.layout)
        if saturatingProduct(min(images, batchSize ?? images), samples) < least {
            let isBatch = (batchSize ?? images) < images
            faults.append(
                (
                    isBatch ? "batch_size" : "image",
                    "The \(estimator.rawValue) estimator compares at least \(least) images"
                        + "\(isBatch ? " in a batch" : ""); give more of them, or a probe set."
                ))
        }
        return faults
    }

    /// Whether one side is the other, so that half the work is enough.
    private var isSymmetric: Bool {
        a.model.model.fingerprint == b.model.model.fingerprint && a.layers == b.layers
    }

    func sums(_ context: AnalysisContext) async throws -> CKASums {
        let chunk = min(batchSize ?? context.images.count, context.images.count)
        let empty = CKA(kernel: kernel == .linear ? .linear : .rbf, estimator: estimator)
        let need = need(chunk: chunk)
        return try await context.admitted(
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
            return cka.sums
        }
    }

    func answer(_ sums: CKASums, images: Int) -> AnalysisAnswer {
        answer(sums.matrix(rows: a.layers.labels.count, cols: b.layers.labels.count, estimator: estimator))
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
                ("bandwidth_threshold", threshold.map(JSONValue.double) ?? .null),
                ("cka", .array(array)),
                ("checks", .object([.init("self_similarity_max_error", .double(error ?? .nan))])),
            ], mainField: "cka",
            reasons: reasons.map { Reason(pointer: $0.pointer, reason: ServiceError.sentence($0.reason)) },
            figures: [
                ResultFigure(
                    .heatMap, "cka", title: "\(kernel.rawValue) CKA, \(estimator.rawValue)", x: "layers_b",
                    series: "layers_a", xLabel: "layers of b", yLabel: "layers of a", range: 0...1,
                    startsAtBottom: true)
            ])
    }
}
