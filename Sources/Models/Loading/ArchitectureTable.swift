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
        Size("vith", 1280, 32, 16), Size("vitg", 1536, 40, 24), Size("7b", 4096, 40, 32),
        Size("enormous", 1792, 64, 16), Size("1b", 2048, 24, 16), Size("3b", 3072, 24, 24),
    ]

    /// Words that change nothing that tensors do not tell: pooling, training, data.
    static let inert: Set<String> = [
        "gap", "map", "miil", "distilled", "dinov2", "tipsv2", "radio", "v3", "v4", "36x1", "conv", "ls", "lc", "8k",
        "vocab", "pt22k", "ft22k", "ft22kto1k", "ft1k", "pt1k", "in22k", "in21k", "dec512d8b", "clip", "quickgelu",
        "siglip", "dinov3", "qkvb", "lingbot", "pe", "core", "lang", "spatial", "rope", "ape", "mixed", "eva02", "rpn",
        "par", "parfac",
    ]

    /// What a word says of the whole network.
    static let traits: [String: Traits] = [
        "clip": Traits(eps: 1e-5), "quickgelu": Traits(activation: .quickGELU), "radio": Traits(hasFinalNorm: false),
        "intern300m": Traits(hasFinalNorm: false), "dinov3": Traits(eps: 1e-5, rotation: .by(.dinov3)),
        "lingbot": Traits(eps: 1e-5, rotation: .by(.dinov3)),
        "pe": Traits(eps: 1e-5, rotation: .by(.perceptionEncoder)),
        "lang": Traits(hasFinalNorm: false), "spatial": Traits(hasFinalNorm: false),
        "rope": Traits(rotation: .by(.ropeViT)), "mixed": Traits(rotation: .by(.ropeViTMixed)),
        "eva02": Traits(rotation: .by(.eva02)), "rpn": Traits(postNorm: true),
        "aimv2": Traits(eps: 1e-5, norm: .rms), "beit3": Traits(eps: 1e-5),
    ]

    /// Names that differ from what their words say, by their beginning; the first that fits counts.
    static let exceptions: [(beginning: String, size: Size?, traits: Traits)] = resampled + others

    private static let others: [(beginning: String, size: Size?, traits: Traits)] = [
        ("vit_base_patch16_gap_", nil, Traits(numHeads: 16)), ("eva_giant_patch14_clip_", nil, Traits(eps: 1e-6)),
        ("vit_base_patch32_siglip_", nil, Traits(activation: .geluTanh)),
        ("vit_large_patch16_siglip_512", nil, Traits(activation: .geluTanh)),
        ("vit_large_patch16_siglip_gap_512", nil, Traits(activation: .geluTanh)),
        ("vit_so400m_patch16_siglip_", nil, Traits(activation: .geluTanh)),
        ("vit_giantopt_patch16_siglip_", nil, Traits(activation: .geluTanh)),
        ("vit_small_plus_patch16_dinov3", Size("small_plus", 384, 12, 6), Traits()),
        ("vit_huge_plus_patch16_dinov3", Size("huge_plus", 1280, 32, 20), Traits()),
        ("vit_giant_patch16_lingbot", Size("giant", 1536, 40, 24), Traits()),
        ("vit_medium_patch16_rope_", nil, Traits(rotation: .by(.axial))),
        ("vit_mediumd_patch16_rope_", nil, Traits(rotation: .by(.axial))),
        ("vit_betwixt_patch16_rope_", nil, Traits(rotation: .by(.axial))),
        ("vit_base_patch16_rope_reg1_", nil, Traits(rotation: .by(.axial))),
        (
            "eva02_enormous_", Size("enormous", 1792, 64, 16),
            Traits(eps: 1e-6, postNorm: true, rotation: Rotation.none)
        ),
        ("eva02_", nil, Traits(eps: 1e-6)), ("vit_pe_core_gigantic_", wideGigantic, Traits()),
        ("vit_pe_lang_gigantic_", wideGigantic, Traits()), ("vit_pe_spatial_gigantic_", wideGigantic, Traits()),
        ("aimv2_large_", Size("large", 1024, 24, 8), Traits()),
        ("aimv2_huge_", Size("huge", 1536, 24, 12), Traits()),
        ("aimv2_1b_", Size("1b", 2048, 24, 16), Traits()), ("aimv2_3b_", Size("3b", 3072, 24, 24), Traits()),
    ]

    /// timm's NaFlexViTs and RADIO, which resample otherwise than most. C-RADIOv3-L and -g lost the corners in 2025, and
    /// C-RADIOv4 never had them.
    private static let resampled: [(beginning: String, size: Size?, traits: Traits)] = [
        ("naflexvit_base_patch16_siglip", nil, Traits(activation: .geluTanh, resampling: .bilinearAntialiased)),
        ("naflexvit_so400m_patch16_siglip", nil, Traits(activation: .geluTanh, resampling: .bilinearAntialiased)),
        ("naflexvit_base_patch16_parfac_", nil, Traits(resampling: .bilinearCut)),
        ("naflexvit_base_patch16_par_", nil, Traits(resampling: .bicubicCut)),
        ("naflexvit_base_patch16_radio_v3", nil, Traits(resampling: .bilinearCorners)),
        ("naflexvit_huge_patch16_radio_v3", nil, Traits(resampling: .bilinearCorners)),
        ("naflexvit_large_patch16_radio_v3", nil, Traits(resampling: .bilinearCut)),
        ("naflexvit_giant_patch16_radio_v3", nil, Traits(resampling: .bilinearCut)),
        ("naflexvit_so400m_patch16_radio_v4", nil, Traits(resampling: .bilinearCut)),
        ("naflexvit_huge_patch16_radio_v4", nil, Traits(resampling: .bilinearCut)),
        ("vit_base_patch16_radio_v3", nil, Traits(resampling: .bilinearCorners)),
        ("vit_huge_patch16_radio_v3", nil, Traits(resampling: .bilinearCorners)),
        ("vit_large_patch16_radio_v3", nil, Traits(resampling: .bilinearCut)),
        ("vit_giant_patch16_radio_v3", nil, Traits(resampling: .bilinearCut)),
        ("vit_so400m_patch16_radio_v4", nil, Traits(resampling: .bilinearCut)),
        ("vit_huge_patch16_radio_v4", nil, Traits(resampling: .bilinearCut)),
    ]

    /// Perception Encoder's largest.
    private static let wideGigantic = Size("gigantic", 1536, 50, 16)

    /// timm's networks for tests, whose names follow no rule.
    static let named: [String: (Size, Traits)] = [
        "test_vit": (Size("test_vit", 64, 6, 2), Traits()), "test_vit2": (Size("test_vit2", 64, 8, 2), Traits()),
        "test_vit3": (Size("test_vit3", 96, 9, 3), Traits()),
        "test_vit4": (Size("test_vit4", 96, 9, 3), Traits(norm: .rms)),
    ]

    /// Why a name with this word stands for another network; the words go after “the architecture NAME …”.
    static let refusals: [String: String] = {
        let stem = "makes its patches with a convolutional network"
        let parallel = "computes attention and MLP side by side"
        let difference = "subtracts one attention map from another"
        let relative = "computes a bias from relative positions with an MLP"
        return [
            "sapiens2": "shares keys and values between heads", "relpos": relative, "srelpos": relative,
            "xp": parallel, "pwee": parallel, "18x2": parallel, "dpwee": difference, "dwee": difference,
            "dlittle": difference, "r": stem, "r26": stem, "r50": stem, "resnet26d": stem, "resnet50d": stem,
            "mci": stem, "cait": "mixes its attention heads and reads the class token in blocks of its own",
            "xcit": "lets channels attend to channels", "convit": "gates its attention by position",
            "crossvit": "has two branches with patches of two sizes", "volo": "attends by outlooking",
            "samvit": "attends in windows",
            "swin": "attends in shifted windows",
        ]
    }()

    /// transformers' `model_type`s of other networks; the words go after “the architecture NAME …”.
    static let refusedModelTypes: [String: String] = {
        let windows = "attends in windows"
        return [
            "yolos": "has detection tokens, and positions in every block",
            "vit_hybrid": "makes its patches with a convolutional network", "vitdet": windows,
            "swin": "attends in shifted windows", "sam": windows, "sam_vision_model": windows, "sam_hq": windows,
            "sam2": windows, "sam3": windows, "dinov3_convnext": "is a convolutional network",
        ]
    }()

    /// timm's `model_args` that are read, that tensors tell, or that only training needs.
    static let knownArguments: Set<String> = [
        "img_size", "patch_size", "in_chans", "num_classes", "global_pool", "embed_dim", "depth", "num_heads",
        "mlp_ratio", "qkv_bias", "proj_bias", "init_values", "class_token", "no_embed_class", "reg_tokens", "pre_norm",
        "final_norm", "fc_norm", "use_fc_norm", "pool_include_prefix", "dynamic_img_size", "dynamic_img_pad",
        "strict_img_size", "drop_rate", "pos_drop_rate", "patch_drop_rate", "proj_drop_rate", "attn_drop_rate",
        "drop_path_rate", "weight_init", "fix_init", "head_init_scale", "use_abs_pos_emb", "use_rel_pos_bias",
        "use_shared_rel_pos_bias", "qk_norm", "scale_attn_norm", "scale_mlp_norm", "qkv_fused", "act_layer",
        "norm_layer", "features_only", "output_fmt", "scriptable", "attn_pool_num_heads", "attn_pool_mlp_ratio",
    ]
}
