/// What a pass costs: a multiplication and an addition count as two; norms, softmax and activations are left out.
extension VisionTransformerConfig {
    /// Operations of one image's patch projection.
    public var patchFLOPs: Double {
        2 * Double(grid.count) * Double(inChans * patchSize * patchSize) * Double(embedDim)
    }

    /// Operations of one image through every block.
    ///
    /// - Parameter tokens: how many pass; nil for all.
    public func blockFLOPs(tokens: Int? = nil) -> Double {
        let (tokens, width, hidden) = (Double(tokens ?? numTokens), Double(embedDim), Double(mlpHidden))
        let layers = mlp.isGated ? 3 * width * hidden : 2 * width * hidden
        return Double(depth) * (2 * tokens * (4 * width * width + layers) + 4 * tokens * tokens * width)
    }

    /// Operations of one image's forward pass, without a classifier.
    public var forwardFLOPs: Double { patchFLOPs + blockFLOPs() }
}
