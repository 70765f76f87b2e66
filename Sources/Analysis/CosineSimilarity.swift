public import Tensors

/// How alike the outputs of heads and tokens are: cosines between vectors of attention · V, per head, before
/// projection.
///
/// Park et al. (ICLR 2023), figure 5, whose code is not public: the definition is a reconstruction. Prefix tokens are
/// left out. A vector shorter than 1e-12 counts as zero and is like nothing.
public enum CosineSimilarity {
    /// Between the heads of a token, mean over pairs of heads: (batch, patches). NaN with one head.
    ///
    /// - Parameter headOutput: (batch, heads, tokens, headDim).
    public static func acrossHeads(_ headOutput: Tensor, numPrefixTokens: Int) -> DoubleMatrix {
        let unit = UnitVectors(headOutput, prefix: numPrefixTokens)
        let values = (0..<unit.batch).flatMap { image in
            (0..<unit.patches).map { patch in unit.meanCosine((0..<unit.heads).map { (image, $0, patch) }) }
        }
        return DoubleMatrix(rows: unit.batch, cols: unit.patches, values)
    }

    /// Between the patches of a head, mean over pairs of patches, for each image and head. NaN with one patch.
    ///
    /// - Parameter headOutput: (batch, heads, tokens, headDim).
    public static func acrossTokens(_ headOutput: Tensor, numPrefixTokens: Int) -> HeadValues {
        let unit = UnitVectors(headOutput, prefix: numPrefixTokens)
        let values = (0..<unit.batch).flatMap { image in
            (0..<unit.heads).map { head in unit.meanCosine((0..<unit.patches).map { (image, head, $0) }) }
        }
        return HeadValues(images: unit.batch, heads: unit.heads, values: values)
    }
}

/// The patch vectors of every head, divided by their lengths.
private struct UnitVectors {
    let batch: Int
    let heads: Int
    let patches: Int
    private let dim: Int
    private var numbers: [Double]

    init(_ headOutput: Tensor, prefix: Int) {
        precondition(
            headOutput.shape.count == 4 && headOutput.shape[2] >= prefix, "no head outputs: \(headOutput.shape)")
        batch = headOutput.shape[0]
        heads = headOutput.shape[1]
        patches = headOutput.shape[2] - prefix
        dim = headOutput.shape[3]
        numbers = []
        numbers.reserveCapacity(batch * heads * patches * dim)
        let span = headOutput.span
        for map in 0..<batch * heads {
            for patch in 0..<patches {
                let start = (map * headOutput.shape[2] + prefix + patch) * dim
                var squares = 0.0
                for index in start..<start + dim { squares += Double(span[index]) * Double(span[index]) }
                let scale = 1 / max(squares.squareRoot(), 1e-12)
                for index in start..<start + dim { numbers.append(Double(span[index]) * scale) }
            }
        }
    }

    /// The mean cosine of all pairs: from the length of the vectors' sum, without making the pairs.
    func meanCosine(_ places: [(image: Int, head: Int, patch: Int)]) -> Double {
        var sum = [Double](repeating: 0, count: dim), lengths = 0.0
        for place in places {
            let start = ((place.image * heads + place.head) * patches + place.patch) * dim
            for index in 0..<dim {
                let number = numbers[start + index]
                sum[index] += number
                lengths += number * number
            }
        }
        let count = Double(places.count)
        return (sum.reduce(0) { $0 + $1 * $1 } - lengths) / (count * (count - 1))
    }
}
