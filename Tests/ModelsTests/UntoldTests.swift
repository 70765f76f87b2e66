import TestSupport
import Models
import Platform
import Tensors
import Testing

/// What neither names nor shapes tell: said by a configuration, asked for, or assumed and reported.
@Suite struct UntoldTests: KeyMapSuite {
    /// Two blocks of a published width.
    func wide(_ width: Int, _ change: (inout VisionTransformerConfig) -> Void = { _ in }) -> VisionTransformerConfig {
        var config = VisionTransformerConfig(
            imgSize: ImageSize(height: 16, width: 16), patchSize: 4, embedDim: width, depth: 1, numHeads: 1,
            mlpHidden: width)
        change(&config)
        return config
    }

    func hints(architecture: String) -> ModelHints {
        var hints = ModelHints()
        hints.config["architecture"] = .string(architecture)
        return hints
    }

    func fields(_ model: RecognisedModel) -> [String] { model.report.assumptions.map(\.field) }

    // MARK: - Who decides

    @Test func aBareFileSaysWhatWasAssumed() throws {
        let model = try recognise(stateDict(wide(768), dtype: .f16), ModelHints())
        #expect(fields(model) == ["eps", "num_heads", "activation", "arch"])
        #expect(model.report.assumptions.everyOne { $0.sentence.contains("assumed") })
        #expect(model.config.numHeads == 12 && model.config.eps == 1e-6)
    }

    @Test func aConfigurationLeavesNothingOpen() throws {
        let model = try recognise(stateDict(wide(768), dtype: .f16), hints(architecture: "vit_base_patch4_16"))
        #expect(fields(model) == [])
        var transformers = ModelHints()
        transformers.config = [
            "model_type": .string("vit"), "num_attention_heads": .int(6), "hidden_act": .string("gelu"),
        ]
        let other = try recognise(stateDict(wide(768), dtype: .f16), transformers)
        #expect(fields(other) == [] && other.config.numHeads == 6 && other.config.eps == 1e-12)
    }

    @Test func ourOwnFilesLeaveNothingOpen() throws {
        var hints = ModelHints()
        hints.fields = ["num_heads": .string("3"), "eps": .string("1e-06"), "activation": .string("gelu")]
        let model = try recognise(stateDict(config), hints)
        #expect(fields(model) == [])
    }

    @Test(arguments: [
        ("vit_so400m_patch14_siglip_224", 1152, 16), ("vit_base_patch16_gap_224", 768, 16), ("test_vit", 64, 2),
        ("vit_giant_patch14_dinov2", 1536, 24), ("vit_base_patch16_224", 768, 12),
    ])
    func theNamedArchitectureDecidesHeads(name: String, width: Int, heads: Int) throws {
        // timm's gap networks have no class token; neither names nor heads depend on it here.
        let model = try recognise(stateDict(wide(width), dtype: .f16), hints(architecture: name))
        #expect(model.config.numHeads == heads && !model.report.assumes("num_heads"))
        var asked = hints(architecture: name)
        asked.config["model_args.num_heads"] = .int(heads * 2)
        #expect(try recognise(stateDict(wide(width), dtype: .f16), asked).config.numHeads == heads * 2)
        asked.numHeads = 1
        #expect(try recognise(stateDict(wide(width), dtype: .f16), asked).config.numHeads == 1)
    }

    @Test func storedHeadsComeAfterTheConfigurationAndBeforeTheTable() throws {
        var stored = ModelHints()
        stored.fields["args.num_heads"] = .int(6)
        let dict = stateDict(wide(768), dtype: .f16)
        #expect(try recognise(dict, stored).config.numHeads == 6)
        stored.config["architecture"] = .string("vit_base_patch16_224")
        #expect(try recognise(dict, stored).config.numHeads == 12)
    }

    @Test func headsThatTwoPublicationsDisagreeOnAreAskedFor() {
        // DINOv2's giant has a class token; of this width without one there are 16 heads and 12.
        let open = wide(1536) { $0.classToken = false }
        #expect(reason(stateDict(open, dtype: .f16), ModelHints()) == .unknownHeads(embedDim: 1536))
        #expect(reason(stateDict(wide(64)), ModelHints()) == .unknownHeads(embedDim: 64))
    }

    @Test func anArchitectureOfAnotherWidthIsNoAuthority() throws {
        let model = try recognise(stateDict(wide(384), dtype: .f16), hints(architecture: "vit_base_patch16_224"))
        #expect(model.config.numHeads == 6 && fields(model) == ["arch", "num_heads"])
    }

    // MARK: - eps

    @Test func epsIsWhatTheArchitectureHas() throws {
        let clip = wide(768) { $0.normPre = true }
        #expect(
            try recognise(stateDict(clip, dtype: .f16), hints(architecture: "vit_base_patch16_clip_224")).config.eps
                == 1e-5)
        var bare = ModelHints()
        bare.activation = .gelu
        let model = try recognise(stateDict(clip, dtype: .f16), bare)
        #expect(model.config.eps == 1e-5 && model.report.assumes("eps"))
        var said = hints(architecture: "vit_base_patch16_clip_224")
        said.config["layer_norm_eps"] = .double(0.25)
        #expect(try recognise(stateDict(clip, dtype: .f16), said).config.eps == 0.25)
        said.config["layer_norm_eps"] = .double(.nan)
        #expect(reason(stateDict(clip, dtype: .f16), said)?.description.contains("eps") == true)
    }

    // MARK: - Activation

    @Test(arguments: [
        ("quick_gelu", VisionTransformerConfig.MLP.quickGELU), ("gelu_new", .geluTanh),
        ("gelu_pytorch_tanh", .geluTanh),
        ("silu", .silu), ("gelu", .gelu),
    ])
    func theConfigurationTellsTheActivation(word: String, mlp: VisionTransformerConfig.MLP) throws {
        var said = threeHeads
        said.config["model_type"] = .string("vit")
        said.config["hidden_act"] = .string(word)
        let model = try recognise(stateDict(config), said)
        #expect(model.config.mlp == mlp && !model.report.assumes("activation"))
    }

    @Test(arguments: ["relu", "mystery"])
    func otherActivationsAreRefusedByName(word: String) {
        var said = threeHeads
        said.config["model_type"] = .string("vit")
        said.config["hidden_act"] = .string(word)
        guard case .unsupportedActivation(let sentence) = reason(stateDict(config), said) else {
            Issue.record("\(word) was taken")
            return
        }
        #expect(sentence.contains("quick_gelu") && sentence.contains(word) && sentence.contains("hidden_act"))
    }

    @Test(arguments: [
        ("vit_base_patch32_clip_quickgelu_224", "quick_gelu"), ("vit_base_patch32_siglip_256", "gelu_tanh"),
        ("vit_large_patch16_siglip_512", "gelu_tanh"), ("vit_base_patch16_224", "gelu"),
    ])
    func theArchitectureDecidesTheActivation(name: String, word: String) throws {
        var named = hints(architecture: name)
        named.numHeads = 3
        let model = try recognise(stateDict(config), named)
        #expect(model.config.mlp.rawValue == word && !model.report.assumes("activation"))
    }

    @Test func argumentsOfTimmChangeTheActivation() throws {
        var said = hints(architecture: "vit_base_patch16_224")
        said.numHeads = 3
        said.config["model_args.act_layer"] = .string("gelu_tanh")
        #expect(try recognise(stateDict(config), said).config.mlp == .geluTanh)
        said.config["model_args.act_layer"] = nil
        said.config["model_args.norm_layer"] = .string("batchnorm")
        #expect(reason(stateDict(config), said)?.description.contains("batchnorm") == true)
        // Such a norm has no bias, and the file's have.
        said.config["model_args.norm_layer"] = .string("rmsnorm")
        #expect(reason(stateDict(config), said)?.description.contains("norm1.bias") == true)
        said.config["model_args.norm_layer"] = nil
        said.config["model_args.diff_attn"] = .bool(true)
        #expect(reason(stateDict(config), said)?.description.contains("model_args.diff_attn") == true)
        said.config["model_args.diff_attn"] = .bool(false)
        #expect(reason(stateDict(config), said) == nil)
    }

    @Test func clipAsksForItsActivation() throws {
        var clip = config
        clip.normPre = true
        guard case .untold(option: "activation", let sentence) = reason(stateDict(clip)) else {
            Issue.record("CLIP's names were taken without its activation")
            return
        }
        #expect(sentence.contains("quick_gelu") && sentence.contains("pass activation"))
        var asked = threeHeads
        asked.activation = .gelu
        let model = try recognise(stateDict(clip), asked)
        #expect(!model.report.assumes("activation"))
        asked.activation = .quickGELU
        #expect(try recognise(stateDict(clip), asked).config.mlp == .quickGELU)
    }

    @Test func siglipAsksForItsActivation() throws {
        var siglip = config
        siglip.classToken = false
        var dict = stateDict(siglip)
        #expect(try recognise(dict).report.assumes("activation"))
        dict["attn_pool.latent"] = entry([1, 1, 24])
        guard case .untold(option: "activation", _) = reason(dict) else {
            Issue.record("SigLIP's names were taken without its activation")
            return
        }
        // The same pooling over registers is timm's own, with the usual activation.
        dict["reg_token"] = entry([1, 1, 24])
        #expect(try recognise(dict).report.assumes("activation"))
    }

    @Test func aGateHasSiLU() throws {
        var gated = config
        gated.mlp = .swiglu
        gated.mlpHidden = 32
        var asked = threeHeads
        #expect(!(try recognise(stateDict(gated), asked)).report.assumes("activation"))
        asked.activation = .silu
        #expect(try recognise(stateDict(gated), asked).config.mlp == .swiglu)
        asked.activation = .gelu
        guard case .contradiction(field: "activation", _, _) = reason(stateDict(gated), asked) else {
            Issue.record("a gate was taken with GELU")
            return
        }
    }
}
