import Models
public import Platform
public import Tensors

/// Which patches of two images are each other's nearest neighbours by cosine: the best buddies of Dekel et al. (2015), as
/// Amir et al. (2022) find correspondences with features of Vision Transformers.
public struct PatchCorrespondence: Sendable {
    /// What is nearest to each patch of one image among those of another.
    public struct Nearest: Sendable, Equatable {
        /// Of each patch the index of the nearest, the lowest of equals; nil where the patch, or every patch of the
        /// other image, has no direction.
        public let patches: [Int?]
        /// Of each patch its cosine to that; NaN where there is none.
        public let cosines: [Double]
    }

    /// From the first image into the second.
    public let forward: Nearest
    /// From the second image into the first.
    public let backward: Nearest
    /// Of each patch of the second image, whether the patch of the first that is nearest to it has it as its own nearest,
    /// and their cosine is large enough.
    public let isMutual: [Bool]

    /// - Parameters:
    ///   - first, second: (patches, embedDim).
    ///   - minimum: the least cosine of a mutual pair.
    public init(_ first: DoubleMatrix, _ second: DoubleMatrix, minimum: Double, pool: ThreadPool) {
        precondition(first.cols == second.cols && first.rows > 0 && second.rows > 0, "no patches to compare")
        let cosines = first.unitRows().productTransposed(second.unitRows(), pool: pool)
        var across = Best(count: first.rows), back = Best(count: second.rows)
        for row in 0..<first.rows {
            for column in 0..<second.rows {
                let cosine = cosines[row, column]
                across.look(at: cosine, of: row, to: column)
                back.look(at: cosine, of: column, to: row)
            }
        }
        forward = Nearest(patches: across.patches, cosines: across.cosines)
        backward = Nearest(patches: back.patches, cosines: back.cosines)
        let (there, here) = (forward, backward)
        isMutual = here.patches.indices.map { patch in
            guard let nearest = here.patches[patch], here.cosines[patch] >= minimum else { return false }
            return there.patches[nearest] == patch
        }
    }

    /// The share of the second image's patches that are one of a mutual pair; NaN where none has a direction.
    public var mutualShare: Double {
        guard backward.patches.contains(where: { $0 != nil }) else { return .nan }
        return Double(isMutual.count { $0 }) / Double(isMutual.count)
    }
}

/// The best so far of each patch.
private struct Best {
    var patches: [Int?]
    var cosines: [Double]

    init(count: Int) {
        patches = [Int?](repeating: nil, count: count)
        cosines = [Double](repeating: .nan, count: count)
    }

    mutating func look(at cosine: Double, of patch: Int, to other: Int) {
        guard cosine.isFinite, patches[patch] == nil || cosine > cosines[patch] else { return }
        patches[patch] = other
        cosines[patch] = cosine
    }
}

extension DoubleMatrix {
    /// Rows divided by their lengths; NaN where a row is zero or holds a number that is not finite.
    func unitRows() -> DoubleMatrix {
        var result: [Double] = []
        result.reserveCapacity(values.count)
        for row in 0..<rows {
            let place = row * cols..<(row + 1) * cols
            let length = values[place].reduce(0) { $0 + $1 * $1 }.squareRoot()
            for value in values[place] { result.append(length > 0 && length.isFinite ? value / length : .nan) }
        }
        return DoubleMatrix(rows: rows, cols: cols, result)
    }
}
