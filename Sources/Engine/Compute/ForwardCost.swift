import Models

/// What running a model costs, known before it runs.
struct ForwardCost: Sendable {
    /// Memory of one image's forward pass while it runs, and of what is kept of it, bytes.
    let bytesPerImage: Int
    /// Memory of all maps of one block, bytes an image.
    let mapBytes: Int

    /// - Parameters:
    ///   - request: what of the pass is kept until all of it is there.
    ///   - work: what is made of that meanwhile, bytes an image.
    init(
        _ config: VisionTransformerConfig, keeping request: IntermediatesRequest = IntermediatesRequest(), work: Int = 0
    ) {
        let tokens = config.numTokens
        let hidden = config.mlp.isGated ? 2 * config.mlpHidden : config.mlpHidden
        // The residual stream, a norm, queries, keys and values, their product, the projection and the MLP's inside.
        let activations = tokens * (8 * config.embedDim + 2 * hidden) * 4
        let pixels = config.imgSize.height * config.imgSize.width * config.inChans * 4
        mapBytes = config.numHeads * tokens * tokens * 4
        bytesPerImage = activations + 2 * pixels + mapBytes + request.bytesPerImage(of: config) + work
    }

    /// Images that go through a model together: enough to keep the processors busy, few enough to bound the memory.
    func batchSize(extraBytesPerImage: Int = 0) -> Int {
        let target = 256 << 20
        return min(8, max(1, target / max(bytesPerImage + extraBytesPerImage, 1)))
    }

    /// Memory of a pass over `images` images in batches, bytes.
    func bytes(images: Int, extraBytesPerImage: Int = 0) -> Int {
        min(images, batchSize(extraBytesPerImage: extraBytesPerImage)) * (bytesPerImage + extraBytesPerImage)
    }
}

/// Products that say `Int.max` where they would overflow: sizes beyond every budget.
package func saturatingProduct(_ factors: Int...) -> Int {
    factors.reduce(1) { product, factor in
        let (value, overflow) = product.multipliedReportingOverflow(by: factor)
        return overflow ? Int.max : value
    }
}

/// Sums that say `Int.max` where they would overflow.
package func saturatingSum(_ terms: Int...) -> Int {
    terms.reduce(0) { sum, term in
        let (value, overflow) = sum.addingReportingOverflow(term)
        return overflow ? Int.max : value
    }
}
