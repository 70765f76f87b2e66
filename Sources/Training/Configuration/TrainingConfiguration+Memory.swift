import JSON
import Models
import Tensors

extension TrainingConfiguration {
    /// Refuses sizes that cannot fit, before anything of these sizes is made: each lies in its own range, together they
    /// may ask for more than any machine has.
    ///
    /// - Parameters:
    ///   - vit: as configured, or as found in a checkpoint.
    ///   - available: bytes, of the machine that all ranks of one node share; 0 where that is not known.
    /// - Throws: `TrainingError.configuration`.
    public func checkMemory(_ vit: ViTRecipe, available: Double) throws(TrainingError) {
        let needed = NeededMemory(vit.config, self)
        let nodes = cluster?.nodes ?? 1, together = (ranks + nodes - 1) / nodes
        let fixed = needed.fixed * Double(together), batch = needed.batch * Double(together) / Double(ranks)
        guard available > 0, fixed + batch > available else { return }
        func gigabytes(_ bytes: Double) -> String {
            bytes < 1e18 ? "\((bytes / 1e8).rounded() / 10) GB" : "more than a billion GB"
        }
        let isBatch = fixed + batch * min(1, 2 / Double(batchSize)) <= available
        throw .configuration([
            Fault(
                pointer: isBatch ? "/batch_size" : vit == self.vit ? "/arch" : "/init_from",
                detail:
                    "The run needs about \(gigabytes(fixed + batch)) of memory\(together > 1 ? " for \(together) ranks" : ""), of which "
                    + "\(gigabytes(fixed)) whatever the batch; the machine has \(gigabytes(available)). "
                    + (isBatch
                        ? "Take a smaller batch_size; accumulation_steps keeps the images of a step."
                        : "Take a smaller network or a smaller img_size."))
        ])
    }
}

/// An estimate of bytes from sizes alone, in Double because the sizes are hostile.
private struct NeededMemory {
    /// Weights, gradients, moments, the momentum encoder, and tables of relative positions.
    let fixed: Double
    /// Images, and what the way back needs of them.
    let batch: Double

    init(_ config: VisionTransformerConfig, _ configuration: TrainingConfiguration) {
        let sizes = EncoderSizes(config)
        let own = configuration.method.descriptor.memory(sizes, configuration.objective)
        // What ranks exchange is a copy, and its sum.
        let copies: Double =
            1 + own.gradients + (configuration.ranks > 1 ? own.gradients > 1 ? 4 : 2 : 0)
            + (configuration.optimization.rule.hasSecondMoment ? 2 : 1)
        // The place of each pair in a table, and the bias of each head.
        let pairs = sizes.tables > 0 ? sizes.tokens * sizes.tokens * (8 + 4 * sizes.heads * sizes.tables) : 0
        fixed = 4 * ((sizes.weights + own.weights) * copies + own.momentum) + pairs
        let block = EncoderSizes.activations(
            own.visible ?? sizes.tokens, sizes.width, sizes.mlpHidden, sizes.heads)
        let image = ((own.blocks ?? sizes.depth) * block + own.activations) * own.passes
        let pixels = 3 * Double(config.imgSize.height) * Double(config.imgSize.width)
        batch = 4 * (image + Double(configuration.augmentation.views.count) * pixels) * Double(configuration.batchSize)
    }
}
