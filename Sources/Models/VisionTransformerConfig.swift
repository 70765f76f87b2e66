/// Extents of an image in pixels.
public struct ImageSize: Sendable, Hashable, Codable {
    public var height: Int
    public var width: Int

    public init(height: Int, width: Int) {
        self.height = height
        self.width = width
    }
}

/// Extents of a patch grid.
public struct GridSize: Sendable, Hashable {
    public var rows: Int
    public var cols: Int

    public init(rows: Int, cols: Int) {
        self.rows = rows
        self.cols = cols
    }

    /// Patches in all.
    public var count: Int { rows * cols }
}

/// Everything that decides the shape of the one canonical Vision Transformer, under timm's names.
public struct VisionTransformerConfig: Sendable, Hashable, Codable {
    /// How patches become tokens.
    public enum PatchEmbed: String, Sendable, Hashable, Codable {
        /// One strided convolution: a linear layer over the pixels of a patch.
        case linear
        /// MoCo v3's stem: four 3×3 convolutions of stride 2 with batch norm and ReLU, then a 1×1 convolution.
        case convStem = "conv_stem"
    }

    /// Which tokens have a learned or fixed position added.
    public enum PosEmbed: String, Sendable, Hashable, Codable {
        case none
        /// One row for every prefix token that is no register, then one a patch; registers are inserted afterwards.
        case all
        /// Patches only (timm `no_embed_class`).
        case patches
    }

    /// A bias added to the attention scores that depends on relative position.
    public enum RelPos: String, Sendable, Hashable, Codable {
        case none
        /// One table for all blocks (SimMIM, BEiT pre-training).
        case shared
        /// A table in each block (BEiT fine-tuned).
        case perBlock = "per_block"
    }

    /// The two-layer network of a block.
    public enum MLP: String, Sendable, Hashable, Codable {
        /// fc2(GELU(fc1 x)), exact erf GELU.
        case gelu
        /// fc2(SiLU(first half of fc1 x) · second half).
        case swiglu
    }

    /// What the classifier reads.
    public enum GlobalPool: String, Sendable, Hashable, Codable {
        /// The class token after `norm`.
        case token
        /// The mean of the patch tokens, then `fc_norm` where there is one.
        case avg
        /// The class token and the mean patch token after `norm`, side by side (DINOv2's linear heads).
        case tokenAndAvg = "token_avg"
    }

    public var imgSize: ImageSize
    public var patchSize: Int
    public var inChans = 3
    public var embedDim: Int
    public var depth: Int
    public var numHeads: Int
    /// Hidden width of the MLP: rows of `fc1` for GELU, half of them for SwiGLU.
    public var mlpHidden: Int
    public var mlp = MLP.gelu
    public var patchEmbed = PatchEmbed.linear
    public var classToken = true
    /// DeiT's distillation token, right after the class token.
    public var distToken = false
    /// Register tokens, after the class token.
    public var numRegisters = 0
    public var posEmbed = PosEmbed.all
    public var relPos = RelPos.none
    public var qkvBias = true
    public var layerScale = false
    /// A norm between embedding and blocks (timm `norm_pre`, CLIP).
    public var normPre = false
    /// A norm after the last block.
    public var finalNorm = true
    /// A norm on the pooled feature.
    public var fcNorm = false
    public var globalPool = GlobalPool.token
    /// Rows of the classifier; 0 without one.
    public var numClasses = 0
    /// The ε of every layer norm.
    public var eps: Float = 1e-6

    public init(imgSize: ImageSize, patchSize: Int, embedDim: Int, depth: Int, numHeads: Int, mlpHidden: Int) {
        self.imgSize = imgSize
        self.patchSize = patchSize
        self.embedDim = embedDim
        self.depth = depth
        self.numHeads = numHeads
        self.mlpHidden = mlpHidden
    }

    /// Patches along each side.
    public var grid: GridSize { GridSize(rows: imgSize.height / patchSize, cols: imgSize.width / patchSize) }
    /// Tokens before the patches: class, distillation, registers.
    public var numPrefixTokens: Int { (classToken ? 1 : 0) + (distToken ? 1 : 0) + numRegisters }
    /// Prefix tokens that are no registers.
    public var numSpecialTokens: Int { (classToken ? 1 : 0) + (distToken ? 1 : 0) }
    /// Tokens in all.
    public var numTokens: Int { numPrefixTokens + grid.count }
    /// Width of a head.
    public var headDim: Int { embedDim / numHeads }
    /// Hidden width over token width.
    public var mlpRatio: Double { Double(mlpHidden) / Double(embedDim) }

    /// Whether the sizes are those of a network at all, none so large that arithmetic on them could overflow.
    public var isPlausible: Bool {
        let sides = [imgSize.height, imgSize.width, patchSize]
        let sizes = [inChans, embedDim, depth, numHeads, mlpHidden]
        return sides.allSatisfy { (1...16_384).contains($0) } && sizes.allSatisfy { (1...1 << 20).contains($0) }
            && depth <= 1024 && numHeads <= embedDim && (0...1 << 20).contains(numClasses)
            && (0...4096).contains(numRegisters) && eps.isFinite && grid.rows > 0 && grid.cols > 0
    }
}
