public import Platform
public import Tensors

/// Centred kernel alignment: how alike two sets of layers represent the same samples, whatever the basis.
///
/// Kornblith et al. (2019) for one batch; Nguyen et al. (2020) for several: numerator and denominators are each
/// averaged over the batches. The unbiased estimator, HSIC₁ of Song et al. (2012), has the same expectation for every
/// batch size and may come out negative. Add batches of features, then ask for the matrix.
public struct CKA: Sendable {
    /// How alike two samples are.
    public enum Kernel: Sendable, Hashable {
        /// Their dot product.
        case linear
        /// exp(−d² / (2 · threshold² · median d²)), where the median is over all pairs of samples of the batch.
        case rbf(threshold: Double)

        /// RBF at half the median distance, Kornblith's middle choice.
        public static let rbf = Kernel.rbf(threshold: 0.5)
    }

    /// How the Hilbert-Schmidt independence criterion is estimated. Raw values are those of the HTTP interface.
    public enum Estimator: String, Sendable, Hashable, CaseIterable {
        /// tr(KHLH) / (n − 1)².
        case biased
        /// HSIC₁, which needs 4 samples.
        case unbiased

        /// The smallest batch it can use.
        public var minimumSamples: Int { self == .unbiased ? 4 : 2 }
    }

    /// How it is computed; the numbers are the same.
    public enum Form: Sendable, Hashable {
        /// Whichever takes less time, within `gramMemoryLimit`.
        case automatic
        /// Through (samples, samples) matrices, made once a layer.
        case gram
        /// Through (features, features) matrices, made for every pair of layers. Linear kernel only.
        case features
    }

    /// Memory that `Form.automatic` spends on Gram matrices, bytes. The RBF kernel has no other way and may need more.
    public static let gramMemoryLimit = 1 << 30

    public let kernel: Kernel
    public let estimator: Estimator
    public let form: Form
    /// What the batches so far come to.
    public private(set) var sums = CKASums()
    /// Batches that counted.
    public private(set) var batches = 0
    /// Samples in the batches that counted.
    public private(set) var samples = 0

    public init(kernel: Kernel = .linear, estimator: Estimator = .unbiased, form: Form = .automatic) {
        precondition(kernel == .linear || form != .features, "only the linear kernel has features")
        self.kernel = kernel
        self.estimator = estimator
        self.form = form
    }

    /// Adds a batch.
    ///
    /// - Parameters:
    ///   - a: for each layer the features of the batch's samples, (samples, features).
    ///   - b: likewise for the layers to compare with, the same samples; nil compares `a` with itself.
    public mutating func add(_ a: [DoubleMatrix], _ b: [DoubleMatrix]? = nil, pool: ThreadPool) {
        let count = a.first?.rows ?? 0
        precondition((a + (b ?? [])).allSatisfy { $0.rows == count }, "layers differ in the number of samples")
        guard count >= estimator.minimumSamples else {
            return sums.reasons.append(.leftOut(count, needed: estimator.minimumSamples))
        }
        let batch = CKABatch(a, b, kernel: kernel, estimator: estimator, form: form, pool: pool)
        sums.add(batch)
        batches += 1
        samples += count
    }

    /// The alignment of every layer of `a` (rows) with every layer of `b` (columns). All undefined, rows × cols, where
    /// no batch was large enough.
    public func matrix(rows: Int, cols: Int) -> CKAMatrix { sums.matrix(rows: rows, cols: cols, estimator: estimator) }

    /// Splits images into batches, in order.
    ///
    /// A last batch with fewer than 4 samples is left out, which the reason says: it would be mostly noise. If it is
    /// the only one it stays, for `add` to judge.
    /// - Parameters:
    ///   - batchSize: images a batch; nil for all in one.
    ///   - samplesPerImage: see `TokenFeatures.samples`.
    public static func batches(
        images: Int, batchSize: Int?, samplesPerImage: Int = 1
    ) -> (ranges: [Range<Int>], reason: Reason?) {
        let size = max(batchSize ?? images, 1)
        var ranges = stride(from: 0, to: images, by: size).map { $0..<$0 + min(size, images - $0) }
        guard ranges.count > 1, let last = ranges.last, last.count * samplesPerImage < 4 else { return (ranges, nil) }
        ranges.removeLast()
        return (ranges, .leftOut(last.count, needed: 4))
    }

    /// The matrix of all samples at once, or in batches of `batchSize` of them.
    public static func matrix(
        _ a: [DoubleMatrix], _ b: [DoubleMatrix]? = nil, kernel: Kernel = .linear, estimator: Estimator = .unbiased,
        batchSize: Int? = nil, form: Form = .automatic, pool: ThreadPool
    ) -> CKAMatrix {
        var cka = CKA(kernel: kernel, estimator: estimator, form: form)
        let (ranges, reason) = batches(images: a.first?.rows ?? 0, batchSize: batchSize)
        if let reason { cka.sums.reasons.append(reason) }
        for range in ranges { cka.add(a.map { $0.rows(range) }, b?.map { $0.rows(range) }, pool: pool) }
        return cka.matrix(rows: a.count, cols: b?.count ?? a.count)
    }

    /// The independence criterion itself of two sets of features of the same samples; nil where there are fewer than
    /// the estimator needs.
    public static func hsic(
        _ x: DoubleMatrix, _ y: DoubleMatrix, kernel: Kernel = .linear, estimator: Estimator = .unbiased,
        form: Form = .gram, pool: ThreadPool
    ) -> Double? {
        precondition(x.rows == y.rows, "\(x.rows) and \(y.rows) samples")
        guard x.rows >= estimator.minimumSamples else { return nil }
        return CKABatch([x], [y], kernel: kernel, estimator: estimator, form: form, pool: pool).cross[0]
    }

    /// Memory that a batch takes on top of its features, bytes; `Int.max` where that overflows.
    ///
    /// - Parameter layers: of both sides together.
    public static func batchBytes(samples: Int, features: Int, layers: Int, kernel: Kernel) -> Int {
        CKACost(samples: samples, features: features, rows: layers, cols: nil).bytes(kernel: kernel)
    }
}

/// Alignments of layers.
public struct CKAMatrix: Sendable, Equatable {
    public let rows: Int
    public let cols: Int
    /// (rows, cols), row-major; nil where it is not defined, and then there is a reason.
    public let values: [Double?]
    /// How far the alignment of a layer with itself, through the same products as all others, is from 1 at the most.
    public let selfSimilarityMaxError: Double?
    public let reasons: [Reason]

    public subscript(row: Int, col: Int) -> Double? { values[row * cols + col] }
}

extension Reason {
    fileprivate static func leftOut(_ count: Int, needed: Int) -> Reason {
        Reason(pointer: "/batch_size", reason: "a batch of \(count) was left out: \(needed) are needed")
    }
}
