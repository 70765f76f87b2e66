public import Models
import Tensors

/// Where the tokens of a model come from: prefix tokens first, then patches, row-major over the grid.
public struct TokenLayout: Sendable, Hashable {
    public var grid: GridSize
    /// Side of a patch, pixels.
    public var patchSize: Int
    /// Tokens before the patches: class, distillation, registers.
    public var numPrefixTokens: Int
    /// Whether the first token is a class token.
    public var classToken: Bool

    public init(grid: GridSize, patchSize: Int, numPrefixTokens: Int, classToken: Bool) {
        precondition(
            grid.rows > 0 && grid.cols > 0 && numPrefixTokens >= 0, "no patches, or fewer than no prefix tokens")
        self.grid = grid
        self.patchSize = patchSize
        self.numPrefixTokens = numPrefixTokens
        self.classToken = classToken
    }

    public init(_ config: VisionTransformerConfig) {
        self.init(
            grid: config.grid, patchSize: config.patchSize, numPrefixTokens: config.numPrefixTokens,
            classToken: config.classToken)
    }

    /// Tokens in all.
    public var numTokens: Int { numPrefixTokens + grid.count }
    /// The indices of the patches.
    public var patches: Range<Int> { numPrefixTokens..<numTokens }

    /// Distances between patch centres, pixels: (patches, patches).
    func distances() -> Tensor {
        // A distance depends on two steps alone, so there are far fewer roots than distances.
        let steps = (0..<grid.rows).map { row in
            (0..<grid.cols).map { col in Float(Double(patchSize) * Double(row * row + col * col).squareRoot()) }
        }
        var numbers: [Float] = []
        numbers.reserveCapacity(grid.count * grid.count)
        for row in 0..<grid.rows {
            for col in 0..<grid.cols {
                for otherRow in 0..<grid.rows {
                    let line = steps[abs(row - otherRow)]
                    for otherCol in 0..<grid.cols { numbers.append(line[abs(col - otherCol)]) }
                }
            }
        }
        return Tensor(shape: [grid.count, grid.count], numbers)
    }
}
