import Platform
import Tensors

/// The independence criteria of one batch, or their sums over several.
struct CKABatch: Sendable {
    /// Between the layers of a and of b: (a, b), row-major.
    private(set) var cross: [Double]
    /// The criterion of each layer with itself, added up directly.
    private(set) var selves: (a: [Double], b: [Double])
    /// The same through the products that the cross terms come from, as a check.
    private(set) var products: (a: [Double], b: [Double])
    private(set) var faults: (a: [LayerFault?], b: [LayerFault?])
    /// Whether b is a.
    let isSymmetric: Bool

    init(
        _ a: [DoubleMatrix], _ b: [DoubleMatrix]?, kernel: CKA.Kernel, estimator: CKA.Estimator, form: CKA.Form,
        pool: ThreadPool
    ) {
        let left = a.map(CKALayer.init)
        let right = b.map { $0.map(CKALayer.init) }
        isSymmetric = right == nil
        let cost = CKACost(
            samples: a.first?.rows ?? 0, features: (a + (b ?? [])).map(\.cols).max() ?? 0, rows: a.count, cols: b?.count
        )
        let terms: CKATerms =
            cost.prefersGram(kernel: kernel, form: form)
            ? .grams(left, right, kernel: kernel, unbiased: estimator == .unbiased, pool: pool)
            : .features(left, right, unbiased: estimator == .unbiased, pool: pool)
        cross = terms.cross
        selves = terms.selves
        products = terms.products
        faults = terms.faults
    }

    /// Sums as they were kept: of as many layers everywhere.
    init(
        cross: [Double], selves: (a: [Double], b: [Double]), products: (a: [Double], b: [Double]),
        faults: (a: [LayerFault?], b: [LayerFault?]), isSymmetric: Bool
    ) {
        self.cross = cross
        self.selves = selves
        self.products = products
        self.faults = faults
        self.isSymmetric = isSymmetric
    }

    /// Whether `other` is of as many layers.
    func fits(_ other: CKABatch) -> Bool {
        selves.a.count == other.selves.a.count && selves.b.count == other.selves.b.count
            && isSymmetric == other.isSymmetric
    }

    /// The sums of this and `other`.
    func adding(_ other: CKABatch) -> CKABatch {
        precondition(fits(other), "other layers than before")
        var sum = self
        sum.cross = zip(cross, other.cross).map(+)
        sum.selves = (zip(selves.a, other.selves.a).map(+), zip(selves.b, other.selves.b).map(+))
        sum.products = (zip(products.a, other.products.a).map(+), zip(products.b, other.products.b).map(+))
        sum.faults = (
            zip(faults.a, other.faults.a).map { LayerFault.merging($0, $1) },
            zip(faults.b, other.faults.b).map { LayerFault.merging($0, $1) }
        )
        return sum
    }

    /// The ratios of the sums.
    func matrix(reasons: [Reason]) -> CKAMatrix {
        let (rows, cols) = (selves.a.count, selves.b.count)
        func isUsable(_ fault: LayerFault?, _ own: Double) -> Bool { fault != .notFinite && own > 0 && own.isFinite }
        let usable = (
            a: (0..<rows).map { isUsable(faults.a[$0], selves.a[$0]) },
            b: (0..<cols).map { isUsable(faults.b[$0], selves.b[$0]) }
        )
        let values: [Double?] = (0..<rows * cols).map { index in
            let (row, col) = (index / cols, index % cols)
            guard usable.a[row], usable.b[col] else { return nil }
            let value = cross[index] / (selves.a[row].squareRoot() * selves.b[col].squareRoot())
            return value.isFinite ? value : nil
        }
        var errors = (0..<rows).filter { usable.a[$0] }.map { abs(products.a[$0] / selves.a[$0] - 1) }
        errors += (0..<cols).filter { usable.b[$0] }.map { abs(products.b[$0] / selves.b[$0] - 1) }
        var all = reasons
        for row in 0..<rows where !usable.a[row] {
            all.append(Reason(pointer: "/layers_a/\(row)", reason: (faults.a[row] ?? .centred).sentence))
        }
        for col in 0..<cols where !usable.b[col] {
            all.append(Reason(pointer: "/layers_b/\(col)", reason: (faults.b[col] ?? .centred).sentence))
        }
        return CKAMatrix(
            rows: rows, cols: cols, values: values,
            selfSimilarityMaxError: errors.allSatisfy(\.isFinite) ? errors.max() : nil,
            reasons: all)
    }
}

/// Why a layer has no alignment with anything.
enum LayerFault: String, Sendable, Hashable, Codable {
    case constant, notFinite, medianZero, centred

    /// A sentence for the user.
    var sentence: String {
        switch self {
        case .constant: "the features of this layer are the same for every sample, so nothing can align with them"
        case .notFinite: "the features of this layer are not finite"
        case .medianZero:
            "half of the samples have the same features in this layer but for rounding, so the median distance of the RBF kernel is zero"
        case .centred: "centring leaves nothing of the similarities in this layer: too few samples differ"
        }
    }

    /// What is wrong with a layer after two batches: a batch without spread adds nothing, but spoils nothing either.
    static func merging(_ a: LayerFault?, _ b: LayerFault?) -> LayerFault? {
        if a == .notFinite || b == .notFinite { return .notFinite }
        return a == nil || b == nil ? nil : a
    }
}

/// The features of a layer for a batch, column-centred, which changes no alignment and saves digits.
struct CKALayer: Sendable {
    let features: DoubleMatrix
    let fault: LayerFault?
    /// The mean squared distance of two samples that rounding makes of equal ones, at the most.
    let rounding: Double

    init(_ features: DoubleMatrix) {
        self.features = features.columnCentered()
        let (length, spread) = (features.squaredNorm, self.features.squaredNorm)
        rounding = 2 * Spread.noise * length / Double(max(features.rows, 1))
        if !length.isFinite {
            fault = .notFinite
        } else if Spread.isRounding(spread, of: length) {
            fault = .constant
        } else {
            fault = nil
        }
    }
}

/// What the two ways to compute would take.
struct CKACost {
    /// Multiplications.
    private let gram: Double
    private let features: Double
    private let gramBytes: Double
    private let featureBytes: Double

    /// - Parameter cols: nil compares the rows with themselves.
    init(samples: Int, features: Int, rows: Int, cols: Int?) {
        let (n, p, rows) = (Double(samples), Double(features), Double(rows))
        let layers = rows + Double(cols ?? 0)
        let pairs = cols.map { rows * Double($0) } ?? (rows * (rows + 1) / 2)
        gram = n * n / 2 * (p * layers + pairs)
        self.features = n * p * p * (pairs + layers / 2)
        // Packed triangles of all layers and one whole matrix; a copy of the centred features either way.
        gramBytes = 8 * (n * n / 2 * layers + 2 * n * n + n * p * layers)
        featureBytes = 8 * (n * p * layers + 128 * p)
    }

    func prefersGram(kernel: CKA.Kernel, form: CKA.Form) -> Bool {
        switch form {
        case .gram: true
        case .features: false
        case .automatic: kernel != .linear || gram <= features && gramBytes <= Double(CKA.gramMemoryLimit)
        }
    }

    func bytes(kernel: CKA.Kernel) -> Int {
        Int(exactly: (prefersGram(kernel: kernel, form: .automatic) ? gramBytes : featureBytes).rounded(.up)) ?? .max
    }
}
