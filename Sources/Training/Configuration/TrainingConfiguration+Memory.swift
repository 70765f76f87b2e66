import JSON
import Models
import Tensors

extension TrainingConfiguration {
    /// Refuses sizes that cannot fit, before anything of these sizes is made: each lies in its own range, together they
    /// may ask for more than any machine has.
    ///
    /// - Parameters:
    ///   - vit: as configured, or as found in a checkpoint.
    ///   - available: bytes; 0 where that is not known.
    /// - Throws: `TrainingError.configuration`.
    public func checkMemory(_ vit: ViTRecipe, available: Double) throws(TrainingError) {
        let needed = NeededMemory(vit.config, self)
        guard available > 0, needed.fixed + needed.batch > available else { return }
        func gigabytes(_ bytes: Double) -> String {
            bytes < 1e18 ? "\((bytes / 1e8).rounded() / 10) GB" : "more than a billion GB"
        }
        let isBatch = needed.fixed + needed.batch * min(1, 2 / Double(batchSize)) <= available
        throw .configuration([
            Fault(
                pointer: isBatch ? "/batch_size" : vit == self.vit ? "/arch" : "/init_from",
                detail: "The run needs about \(gigabytes(needed.fixed + needed.batch)) of memory, of which "
                    + "\(gigabytes(needed.fixed)) whatever the batch; the machine has \(gigabytes(available)). "
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
        let method = configuration.method, objective = configuration.objective
        let width = Double(config.embedDim), patch = 3 * Double(config.patchSize) * Double(config.patchSize)
        let rows = Double(config.imgSize.height / config.patchSize)
        let columns = Double(config.imgSize.width / config.patchSize)
        let patches = rows * columns, tokens = patches + Double(config.numPrefixTokens)
        let heads = Double(config.numHeads), depth = Double(config.depth)
        let tables: Double = config.relPos == .none ? 0 : config.relPos == .perBlock ? depth : 1
        let encoder =
            width * (patch + tokens) + depth * Self.block(width, Double(config.mlpHidden))
            + tables * heads * (2 * rows - 1) * (2 * columns - 1)
        var weights = encoder, momentum = 0.0
        if method.isContrastive {
            let hidden = Double(objective.moco.mlpDim), dim = Double(objective.moco.dim)
            let projector = hidden * (width + hidden + dim)
            weights += projector + 2 * hidden * dim
            momentum = encoder + projector
        }
        if method.isMasked { weights += width * patch }
        let decoderWidth = Double(objective.mae.decoderDim), decoderDepth = Double(objective.mae.decoderDepth)
        if method == .mae {
            weights +=
                decoderWidth * (width + patch + tokens) + decoderDepth * Self.block(decoderWidth, 4 * decoderWidth)
        }
        let isMixed = method == .hybrid && objective.lambda > 0 && objective.lambda < 1
        let copies: Double = 1 + (isMixed ? 3 : 1) + (configuration.optimization.rule.hasSecondMoment ? 2 : 1)
        // The place of each pair in a table, and the bias of each head.
        let pairs = tables > 0 ? tokens * tokens * (8 + 4 * heads * tables) : 0
        fixed = 4 * (weights * copies + momentum) + pairs
        // The probe looks at one block after another; MAE's encoder sees the patches that are kept.
        let visible = method == .mae ? 1 + patches * (1 - objective.mae.maskRatio) : tokens
        let kept = method == .linearProbe ? min(depth, 1) : depth
        var image = kept * Self.activations(visible, width, Double(config.mlpHidden), heads)
        if method == .mae {
            image +=
                decoderDepth
                * Self.activations(1 + patches, decoderWidth, 4 * decoderWidth, Double(objective.mae.decoderHeads))
        }
        let pixels = 3 * Double(config.imgSize.height) * Double(config.imgSize.width)
        let views = Double(configuration.augmentation.views.count)
        // Both queries are kept until the way back.
        image = image * (method.isContrastive ? 2 : 1) + views * pixels
        batch = 4 * image * Double(configuration.batchSize)
    }

    /// Weights of a block: two matrices of attention, two of the MLP.
    private static func block(_ width: Double, _ hidden: Double) -> Double { width * (4 * width + 2 * hidden) }

    /// Numbers that the way back needs of a block and an image, as `TrainingCost` counts them.
    private static func activations(_ tokens: Double, _ width: Double, _ hidden: Double, _ heads: Double) -> Double {
        tokens * (9 * width + 2 * hidden) + heads * tokens * tokens
    }
}
