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
public struct GridSize: Sendable, Hashable, Codable {
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
    public enum MLP: String, Sendable, Hashable, Codable, CaseIterable {
        /// fc2(GELU(fc1 x)), exact erf GELU.
        case gelu
        /// fc2(GELU(fc1 x)), GELU by its approximation with tanh.
        case geluTanh = "gelu_tanh"
        /// fc2(y · sigmoid(1.702 y)) with y = fc1 x.
        case quickGELU = "quick_gelu"
        /// fc2(y · sigmoid(y)) with y = fc1 x.
        case silu
        /// fc2(SiLU(first half of fc1 x) · second half).
        case swiglu
    }

    /// The norm that is everywhere in a network.
    public enum Norm: String, Sendable, Hashable, Codable {
        /// (x − mean) / √(variance + ε) · weight + bias.
        case layer
        /// x / √(mean of x² + ε) · weight (Zhang and Sennrich 2019).
        case rms
    }

    /// A norm on queries and keys, before they are turned.
    public enum QKNorm: String, Sendable, Hashable, Codable {
        case none
        /// Of each head, with one weight for all heads.
        case perHead = "per_head"
        /// Of all heads side by side.
        case full
        /// The same two by the root mean square.
        case perHeadRMS = "per_head_rms"
        case fullRMS = "full_rms"
    }

    /// What the classifier reads.
    public enum GlobalPool: String, Sendable, Hashable, Codable {
        /// The class token after `norm`.
        case token
        /// The mean of the patch tokens, then `fc_norm` where there is one.
        case avg
        /// The class token and the mean patch token after `norm`, side by side (DINOv2's linear heads).
        case tokenAndAvg = "token_avg"
        /// What a pooling by attention gathers; see `attnPool`.
        case map
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
    public var projBias = true
    /// Whether both layers of the MLP have a bias.
    public var mlpBias = true
    public var layerScale = false
    public var norm = Norm.layer
    /// Whether blocks norm what their branches add, not what they read: x ← x + norm1(attention(x)).
    public var postNorm = false
    public var qkNorm = QKNorm.none
    /// A norm on the heads side by side, before their projection.
    public var attnNorm = false
    /// A norm on the hidden numbers of the MLP.
    public var mlpNorm = false
    /// A norm on the patches, before positions.
    public var patchNorm = false
    /// How queries and keys are turned by the places of their patches; nil where they are not.
    public var rope: RotaryEmbedding?
    /// A norm between embedding and blocks (timm `norm_pre`, CLIP).
    public var normPre = false
    /// A norm after the last block.
    public var finalNorm = true
    /// A norm on the pooled feature.
    public var fcNorm = false
    public var globalPool = GlobalPool.token
    /// The pooling by attention that `globalPool` is `map` for.
    public var attnPool: AttentionPool?
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
            && depth <= 1024 && numHeads <= embedDim && (rope?.isPlausible ?? true)
            && (attnPool.map {
                (1...embedDim).contains($0.numHeads) && embedDim % $0.numHeads == 0
                    && (1...1 << 20).contains($0.mlpHidden)
            } ?? true)
            && (attnPool == nil) == (globalPool != .map)
            && (0...1 << 20).contains(numClasses)
            && (0...4096).contains(numRegisters) && eps.isFinite && grid.rows > 0 && grid.cols > 0
    }
}

extension VisionTransformerConfig {
    /// What older programs did not write has its default.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        try self.init(
            imgSize: values.decode(ImageSize.self, forKey: .imgSize),
            patchSize: values.decode(Int.self, forKey: .patchSize),
            embedDim: values.decode(Int.self, forKey: .embedDim), depth: values.decode(Int.self, forKey: .depth),
            numHeads: values.decode(Int.self, forKey: .numHeads),
            mlpHidden: values.decode(Int.self, forKey: .mlpHidden))
        func read<T: Decodable>(_ key: CodingKeys, into value: inout T) throws {
            if let found = try values.decodeIfPresent(T.self, forKey: key) { value = found }
        }
        try read(.inChans, into: &inChans)
        try read(.mlp, into: &mlp)
        try read(.patchEmbed, into: &patchEmbed)
        try read(.classToken, into: &classToken)
        try read(.distToken, into: &distToken)
        try read(.numRegisters, into: &numRegisters)
        try read(.posEmbed, into: &posEmbed)
        try read(.relPos, into: &relPos)
        try read(.qkvBias, into: &qkvBias)
        try read(.projBias, into: &projBias)
        try read(.mlpBias, into: &mlpBias)
        try read(.layerScale, into: &layerScale)
        try read(.norm, into: &norm)
        try read(.postNorm, into: &postNorm)
        try read(.qkNorm, into: &qkNorm)
        try read(.attnNorm, into: &attnNorm)
        try read(.mlpNorm, into: &mlpNorm)
        try read(.patchNorm, into: &patchNorm)
        rope = try values.decodeIfPresent(RotaryEmbedding.self, forKey: .rope)
        try read(.normPre, into: &normPre)
        try read(.finalNorm, into: &finalNorm)
        try read(.fcNorm, into: &fcNorm)
        try read(.globalPool, into: &globalPool)
        attnPool = try values.decodeIfPresent(AttentionPool.self, forKey: .attnPool)
        try read(.numClasses, into: &numClasses)
        try read(.eps, into: &eps)
    }
}
