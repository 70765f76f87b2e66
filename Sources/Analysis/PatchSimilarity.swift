import Models
public import Tensors

/// How alike the representations of one token and of every patch are, as cosines: the picture of the demonstrations of
/// DINOv2 (Oquab et al. 2024) and DINOv3 (Siméoni et al. 2025).
public struct PatchSimilarity: Sendable {
    public let query: AttentionQuery
    public let layout: TokenLayout

    /// - Throws: `AnalysisError.patchOutside` or `.noClassToken` where `layout` has no such query.
    public init(query: AttentionQuery, layout: TokenLayout) throws(AnalysisError) {
        _ = try AttentionMap(query: query, layout: layout)
        self.query = query
        self.layout = layout
    }

    /// Queries of an image.
    public var queries: Int { query == .all ? layout.grid.count : 1 }

    /// Of every query and every patch. `mean` is the mean of what `all` gives, and not the cosine of a mean.
    ///
    /// - Parameters:
    ///   - tokens: (batch, tokens, embedDim), prefix tokens included.
    ///   - source: the image whose tokens ask, of all images; nil for each its own.
    /// - Returns: (batch, queries, rows, cols); NaN where a vector is zero or holds a number that is not finite.
    public func cosines(_ tokens: Tensor, asking source: Int? = nil) -> Tensor {
        precondition(
            tokens.shape.count == 3 && tokens.shape[1] == layout.numTokens && source ?? 0 < tokens.shape[0],
            "these are not the tokens of images")
        let (images, count) = (tokens.shape[0], layout.grid.count)
        let unit = (0..<images).map { UnitRows(tokens.part($0)) }
        var numbers: [Float] = []
        numbers.reserveCapacity(images * queries * count)
        for image in 0..<images {
            let asking = unit[source ?? image], asked = unit[image]
            switch query {
            case .mean:
                // The mean of cosines with unit vectors is the product with the mean of them.
                let mean = asking.mean(layout.patches)
                numbers += layout.patches.map { Float(asked.product(with: mean, $0)) }
            case .all:
                for row in layout.patches {
                    let vector = asking.row(row)
                    numbers += layout.patches.map { Float(asked.product(with: vector, $0)) }
                }
            case .cls: numbers += layout.patches.map { Float(asked.product(with: asking.row(0), $0)) }
            case .patch(let row, let col):
                let vector = asking.row(layout.numPrefixTokens + row * layout.grid.cols + col)
                numbers += layout.patches.map { Float(asked.product(with: vector, $0)) }
            }
        }
        return Tensor(shape: [images, queries, layout.grid.rows, layout.grid.cols], numbers)
    }
}

/// Rows divided by their lengths, in double precision; those without a direction are NaN.
private struct UnitRows {
    private let width: Int
    private var numbers: [Double]

    /// - Parameter rows: (rows, width).
    init(_ rows: Tensor) {
        width = rows.shape[1]
        numbers = rows.array.map(Double.init)
        for row in 0..<rows.shape[0] {
            let place = row * width..<(row + 1) * width
            let length = numbers[place].reduce(0) { $0 + $1 * $1 }.squareRoot()
            for index in place { numbers[index] = length > 0 ? numbers[index] / length : .nan }
        }
    }

    func row(_ row: Int) -> [Double] { Array(numbers[row * width..<(row + 1) * width]) }

    func mean(_ rows: Range<Int>) -> [Double] {
        var sum = [Double](repeating: 0, count: width)
        for row in rows { for index in 0..<width { sum[index] += numbers[row * width + index] } }
        return sum.map { $0 / Double(rows.count) }
    }

    /// The scalar product of a row with `vector`.
    func product(with vector: [Double], _ row: Int) -> Double {
        var sum = 0.0
        for index in 0..<width { sum += vector[index] * numbers[row * width + index] }
        return sum
    }
}
