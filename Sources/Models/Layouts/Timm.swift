extension CheckpointLayout {
    /// timm (Wightman), huggingface/pytorch-image-models, and what has its names; this program writes them too.
    public static let timm = CheckpointLayout(
        "timm", title: "timm",
        reads:
            "`.pth`, `.safetensors`, hub folders; registers, `no_embed_class`, layer scale, SwiGLU, BEiT, CLIP, SigLIP",
        scheme: .timm,
        doubts: [
            // EVA's giant is plain, EVA-02 rotates (tiny and small with a gate) or norms afterwards (enormous).
            .network(
                "EVA's and EVA-02's, which turn queries and keys by place (RoPE) or norm after their branches",
                arch: "eva_giant_patch14_224"
            ) {
                $0.holds("blocks.0.attn.q_bias") && $0.config.relPos == .none && !$0.config.layerScale
                    && $0.config.rope == nil
            },
            .network(
                "the Perception Encoder's, which turns queries and keys by place (RoPE)",
                arch: "vit_base_patch16_clip_224"
            ) {
                $0.config.rope == nil && $0.config.normPre
                    && ($0.hasPooling || !$0.config.finalNorm && !$0.config.fcNorm)
            },
            .network("those of timm's networks that norm after attention and MLP", arch: "vit_base_patch16_224") {
                $0.config.rope == nil && !$0.config.qkvBias && $0.config.fcNorm && $0.config.numPrefixTokens == 0
                    && !$0.config.layerScale
            },
            .activation("a norm before the blocks is CLIP's, and OpenAI's CLIP has quick_gelu, others gelu") {
                $0.config.normPre && $0.config.rope == nil
            },
            .activation("the names and shapes are SigLIP's, some of which have gelu_tanh, others gelu") {
                let shapeOptimised = [Architecture.so400m.embedDim, Architecture.wideGiant.embedDim]
                return $0.config.numPrefixTokens == 0
                    && ($0.hasPooling || shapeOptimised.contains($0.config.embedDim))
            },
        ],
        signs: [
            LayoutSign(.own) { $0.hasRelativeTable || $0.hints.config["architecture"] != nil }, LayoutSign(.plain),
        ],
        families: ["vit", "flexivit", "eva", "beit3"],
        told: ToldPlaces(
            heads: [.config("model_args.num_heads")],
            activation: [.config("model_args.act_layer"), .file("args.model_kwargs.act_layer")],
            imgSize: [.config("model_args.img_size"), .config("pretrained_cfg.input_size")]),
        resampling: { _ in .bicubicAntialiased }, relativeResampling: .geometricLinear)
}
