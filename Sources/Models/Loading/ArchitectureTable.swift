/// What is known of architectures by name, in one place: which of them compute as the one network here does, with
/// which heads, eps and activation, and why others do not. A name that this table does not know is not taken on trust.
///
/// Values are those of the projects' own code (timm 1.0, transformers 5, and the research repositories).
extension Architecture {
    /// A published size: its word, width, depth and heads.
    struct Size: Sendable, Equatable {
        let word: String
        let embedDim: Int
        let depth: Int
        let numHeads: Int

        init(_ word: String, _ embedDim: Int, _ depth: Int, _ numHeads: Int) {
            self.word = word
            self.embedDim = embedDim
            self.depth = depth
            self.numHeads = numHeads
        }
    }

    /// Widths, depths and heads as published (Dosovitskiy et al. 2021; Zhai et al. 2022).
    static let standardSizes = [
        Size("tiny", 192, 12, 3), Size("small", 384, 12, 6), Size("base", 768, 12, 12), Size("large", 1024, 24, 16),
        Size("huge", 1280, 32, 16), Size("giant", 1408, 40, 16), wideGiant, Size("gigantic", 1664, 48, 16),
    ]

    /// The shape-optimised size of SigLIP, which TIPS and RADIO took over; the only one of its width.
    static let so400m = Size("so400m", 1152, 27, 16)
    /// DINOv2's giant, which TIPS and RADIO took over.
    static let wideGiant = Size("giant", 1536, 40, 24)
    /// Words that make `giant` the wide one.
    static let wideWords: Set<String> = ["dinov2", "tipsv2", "radio"]

    /// The sizes that only timm names, or that few networks have.
    static let otherSizes = [
        Size("xsmall", 256, 10, 4), Size("wee", 256, 14, 4), Size("little", 320, 14, 5), Size("medium", 512, 12, 8),
        Size("mediumd", 512, 20, 8), Size("betwixt", 640, 12, 10), Size("so150m", 896, 18, 14),
        Size("so150m2", 832, 21, 13), so400m, Size("giantopt", 1536, 40, 16),
        Size("giant2", 1536, 40, 24), Size("intern300m", 1024, 24, 16), Size("plus", 896, 12, 14),
        Size("vitt", 192, 12, 3), Size("vits", 384, 12, 6), Size("vitb", 768, 12, 12), Size("vitl", 1024, 24, 16),
        Size("vith", 1280, 32, 16), Size("vitg", 1536, 40, 24),
    ]

    /// Words that change nothing that tensors do not tell: pooling, training, data.
    static let inert: Set<String> = [
        "gap", "map", "miil", "distilled", "dinov2", "tipsv2", "radio", "v3", "v4", "36x1", "conv", "ls", "lc", "8k",
        "vocab", "pt22k", "ft22k", "ft22kto1k", "ft1k", "pt1k", "in22k", "in21k", "dec512d8b", "clip", "quickgelu",
        "siglip",
    ]

    /// What a word says of the whole network.
    static let traits: [String: Traits] = [
        "clip": Traits(eps: 1e-5), "quickgelu": Traits(activation: .quickGELU), "radio": Traits(hasFinalNorm: false),
        "intern300m": Traits(hasFinalNorm: false),
    ]

    /// Names that differ from what their words say, by their beginning; the first that fits counts.
    static let exceptions: [(beginning: String, traits: Traits)] = [
        ("vit_base_patch16_gap_", Traits(numHeads: 16)), ("eva_giant_patch14_clip_", Traits(eps: 1e-6)),
        ("vit_base_patch32_siglip_", Traits(activation: .geluTanh)),
        ("vit_large_patch16_siglip_512", Traits(activation: .geluTanh)),
        ("vit_large_patch16_siglip_gap_512", Traits(activation: .geluTanh)),
        ("vit_so400m_patch16_siglip_", Traits(activation: .geluTanh)),
        ("vit_giantopt_patch16_siglip_", Traits(activation: .geluTanh)),
    ]

    /// timm's networks for tests, whose names follow no rule.
    static let named: [String: Size] = [
        "test_vit": Size("test_vit", 64, 6, 2), "test_vit2": Size("test_vit2", 64, 8, 2),
        "test_vit3": Size("test_vit3", 96, 9, 3),
    ]

    /// Why a name with this word stands for another network; the words go after “the architecture NAME …”.
    static let refusals: [String: String] = {
        let rope = "turns queries and keys by the places of their patches (RoPE)"
        let stem = "makes its patches with a convolutional network"
        let parallel = "computes attention and MLP side by side"
        let difference = "subtracts one attention map from another"
        let relative = "computes a bias from relative positions with an MLP"
        return [
            "rope": rope, "dinov3": rope, "lingbot": rope, "sapiens2": rope, "pe": rope, "eva02": rope,
            "rpn": "norms after attention and MLP, not before", "relpos": relative, "srelpos": relative,
            "xp": parallel, "pwee": parallel, "18x2": parallel, "dpwee": difference, "dwee": difference,
            "dlittle": difference, "r": stem, "r26": stem, "r50": stem, "resnet26d": stem, "resnet50d": stem,
            "mci": stem, "cait": "mixes its attention heads and reads the class token in blocks of its own",
            "xcit": "lets channels attend to channels", "convit": "gates its attention by position",
            "crossvit": "has two branches with patches of two sizes", "volo": "attends by outlooking",
            "naflexvit": "takes patches of images of any shape", "samvit": "attends in windows",
            "aimv2": "norms by the root mean square", "vit4": "norms by the root mean square",
            "beit3": "norms inside attention and MLP", "swin": "attends in shifted windows",
        ]
    }()

    /// transformers' `model_type`s of other networks; the words go after “the architecture NAME …”.
    static let refusedModelTypes: [String: String] = {
        let names = "has tensors whose names are not known here"
        let rope = "turns queries and keys by the places of their patches (RoPE)"
        return [
            "yolos": "has detection tokens, and positions in every block", "dinov3_vit": rope, "vjepa2": rope,
            "vit_hybrid": "makes its patches with a convolutional network", "vitdet": "attends in windows",
            "swin": "attends in shifted windows", "clip": names, "clip_vision_model": names, "siglip": names,
            "siglip_vision_model": names, "siglip2": names, "sam": "attends in windows",
            "aimv2": "norms by the root mean square", "aimv2_vision_model": "norms by the root mean square",
        ]
    }()

    /// timm's `model_args` that are read, that tensors tell, or that only training needs.
    static let knownArguments: Set<String> = [
        "img_size", "patch_size", "in_chans", "num_classes", "global_pool", "embed_dim", "depth", "num_heads",
        "mlp_ratio", "qkv_bias", "proj_bias", "init_values", "class_token", "no_embed_class", "reg_tokens", "pre_norm",
        "final_norm", "fc_norm", "use_fc_norm", "pool_include_prefix", "dynamic_img_size", "dynamic_img_pad",
        "strict_img_size", "drop_rate", "pos_drop_rate", "patch_drop_rate", "proj_drop_rate", "attn_drop_rate",
        "drop_path_rate", "weight_init", "fix_init", "head_init_scale", "use_abs_pos_emb", "use_rel_pos_bias",
        "use_shared_rel_pos_bias", "act_layer", "norm_layer", "features_only", "output_fmt", "scriptable",
    ]
}
