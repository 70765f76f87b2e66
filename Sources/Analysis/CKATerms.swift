import Platform
import Tensors

/// Independence criteria between layers of one batch. A layer with a fault has zeros.
struct CKATerms: Sendable {
    /// (a, b), row-major.
    let cross: [Double]
    /// The criterion of each layer with itself.
    let selves: (a: [Double], b: [Double])
    /// The same through the products of `cross`.
    let products: (a: [Double], b: [Double])
    /// What came to light while the matrices were made.
    let faults: (a: [LayerFault?], b: [LayerFault?])

    /// HSIC as the inner product of centred Gram matrices: two passes over (samples, samples).
    static func grams(
        _ a: [CKALayer], _ b: [CKALayer]?, kernel: CKA.Kernel, unbiased: Bool, pool: ThreadPool
    ) -> CKATerms {
        let n = Double(a.first?.features.rows ?? 0)
        let scale = unbiased ? 1 / (n * (n - 3)) : 1 / ((n - 1) * (n - 1))
        let left = CenteredGrams(a, kernel: kernel, unbiased: unbiased, pool: pool)
        let right = b.map { CenteredGrams($0, kernel: kernel, unbiased: unbiased, pool: pool) } ?? left
        let cross = left.packed.productTransposed(right.packed, pool: pool).values.map { $0 * scale }
        let own = left.products(pool: pool).map { $0 * scale }
        return CKATerms(
            cross: cross, selves: (left.squares.map { $0 * scale }, right.squares.map { $0 * scale }),
            products: (own, b == nil ? own : right.products(pool: pool).map { $0 * scale }),
            faults: (left.faults, right.faults))
    }

    /// HSIC of the linear kernel as the squared length of (features, features) products.
    static func features(_ a: [CKALayer], _ b: [CKALayer]?, unbiased: Bool, pool: ThreadPool) -> CKATerms {
        let left = a.map { FeatureTerms($0, unbiased: unbiased, pool: pool) }
        let right = b.map { $0.map { FeatureTerms($0, unbiased: unbiased, pool: pool) } } ?? left
        var cross = [Double](repeating: 0, count: a.count * right.count)
        for row in a.indices {
            for col in right.indices {
                cross[row * right.count + col] =
                    b == nil && col < row
                    ? cross[col * right.count + row] : left[row].criterion(right[col], pool: pool)
            }
        }
        let own = a.indices.map { b == nil ? cross[$0 * a.count + $0] : left[$0].criterion(left[$0], pool: pool) }
        return CKATerms(
            cross: cross, selves: (left.map(\.own), right.map(\.own)),
            products: (own, b == nil ? own : right.map { $0.criterion($0, pool: pool) }),
            faults: (left.map(\.fault), right.map(\.fault)))
    }
}

/// The centred Gram matrices of layers, packed, a layer a row.
private struct CenteredGrams {
    let packed: DoubleMatrix
    /// The inner product of each layer with itself, zero where rounding is all there is.
    let squares: [Double]
    let faults: [LayerFault?]

    /// Inner product over that before centring, below which a kernel counts as having nothing left.
    private static let noise = 1e-24

    init(_ layers: [CKALayer], kernel: CKA.Kernel, unbiased: Bool, pool: ThreadPool) {
        let samples = layers.first?.features.rows ?? 0
        var lengths = [Double](repeating: 0, count: layers.count)
        var faults = layers.map(\.fault)
        packed = DoubleMatrix.packingCenteredGrams(count: layers.count, samples: samples, unbiased: unbiased) { index in
            guard layers[index].fault == nil else { return nil }
            let linear = layers[index].features.gram(pool: pool)
            let gram: DoubleMatrix
            switch kernel {
            case .linear: gram = linear
            case .rbf(let threshold):
                let distances = linear.gramDistances()
                let median = distances.symmetricMedian()
                guard median > layers[index].rounding else {
                    faults[index] = .medianZero
                    return nil
                }
                gram = distances.gaussian(scale: 1 / (2 * threshold * threshold * median))
            }
            lengths[index] = gram.squaredNorm
            return gram
        }
        let squares = packed.rowSquaredNorms
        let kept = squares.indices.map { squares[$0] <= Self.noise * lengths[$0] ? 0 : squares[$0] }
        self.squares = kept
        self.faults = faults.indices.map { faults[$0] ?? (kept[$0] == 0 ? .centred : nil) }
    }

    /// The inner product of each with itself, through the product that all pairs go through.
    func products(pool: ThreadPool) -> [Double] {
        (0..<packed.rows).map { row in
            let own = packed.rows(row..<row + 1)
            return own.productTransposed(own, pool: pool).values[0]
        }
    }
}

/// A layer's part of the feature form.
private struct FeatureTerms {
    private let layer: CKALayer
    private let unbiased: Bool
    /// The squared length of each sample, and their sum.
    private let norms: [Double]
    private let trace: Double
    /// The criterion of the layer with itself, zero where rounding is all there is.
    private(set) var own = 0.0

    var fault: LayerFault? { layer.fault ?? (own == 0 ? .centred : nil) }

    /// What is left over the first term of a difference, below which it counts as rounding.
    private static let noise = 1e-12

    init(_ layer: CKALayer, unbiased: Bool, pool: ThreadPool) {
        self.layer = layer
        self.unbiased = unbiased
        norms = layer.features.rowSquaredNorms
        trace = norms.reduce(0, +)
        guard layer.fault == nil else { return }
        let squares = layer.features.covarianceSquaredNorm(pool: pool)
        let corrected = correct(squares, with: self)
        own = corrected <= Self.noise * scale * squares ? 0 : corrected
    }

    /// HSIC of this layer and `other`.
    func criterion(_ other: FeatureTerms, pool: ThreadPool) -> Double {
        guard layer.fault == nil, other.layer.fault == nil else { return 0 }
        return correct(layer.features.crossSquaredNorm(other.layer.features, pool: pool), with: other)
    }

    private var scale: Double {
        let n = Double(norms.count)
        return unbiased ? 1 / (n * (n - 3)) : 1 / ((n - 1) * (n - 1))
    }

    /// Takes from the squared length of the product what the diagonals of the Gram matrices bring into it.
    private func correct(_ squares: Double, with other: FeatureTerms) -> Double {
        guard unbiased else { return squares * scale }
        let n = Double(norms.count)
        let diagonals = zip(norms, other.norms).reduce(0) { $0 + $1.0 * $1.1 }
        return scale * (squares - n / (n - 2) * diagonals + trace * other.trace / ((n - 1) * (n - 2)))
    }
}
