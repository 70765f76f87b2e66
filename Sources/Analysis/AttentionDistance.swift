import Models
public import Platform
public import Tensors

/// How far attention looks: the mean distance between query and key patches, weighted by attention, in pixels.
///
/// Park et al., "What Do Self-Supervised Vision Transformers Learn?" (ICLR 2023), figure 3; after Dosovitskiy et al.
/// (2021). Reference and corrected convention agree.
public struct AttentionDistance: Sendable {
    /// Added to every attention weight, so that a row with nothing on the patches becomes uniform.
    public static let eps = 1e-32

    private let metrics: AttentionMetrics

    public init(layout: TokenLayout) { metrics = AttentionMetrics([.distance], layout: layout) }

    /// Pixels, for each image and head of `attention` (batch, heads, queries, tokens).
    public func values(_ attention: Tensor, pool: ThreadPool) -> HeadValues {
        metrics.values(attention, pool: pool).distance ?? HeadValues(images: 0, heads: 0, values: [])
    }

    /// What attention that is the same everywhere has, pixels: the mean distance of two patches drawn at random.
    public static func uniform(_ layout: TokenLayout) -> Double {
        let (rows, cols) = (layout.grid.rows, layout.grid.cols)
        var sum = 0.0
        for row in 0..<rows {
            for col in 0..<cols {
                // Every step but 0 goes both ways; so many patches have a partner there.
                let pairs = (row == 0 ? 1 : 2) * (rows - row) * (col == 0 ? 1 : 2) * (cols - col)
                sum += Double(pairs) * Double(row * row + col * col).squareRoot()
            }
        }
        let patches = Double(layout.grid.count)
        return Double(layout.patchSize) * sum / (patches * patches)
    }
}
