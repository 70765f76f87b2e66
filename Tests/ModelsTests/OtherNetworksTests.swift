import TestSupport
import Foundation
import Models
import Platform
import Tensors
import Testing

/// Networks that compute otherwise under familiar names.
@Suite struct OtherNetworksTests: KeyMapSuite {
    // MARK: - By the name of the architecture

    @Test(arguments: [
        ("architecture", "vit_relpos_base_patch16_224", "relative"), ("architecture", "samvit_base_patch16", "windows"),
        ("architecture", "vit_base_patch16_sapiens2", "shares keys"), ("architecture", "volo_d1_224", "outlooking"),
        ("architecture", "cait_s24_224", "heads"), ("architecture", "vit_base_patch16_xp_224", "side by side"),
        ("model_type", "yolos", "detection tokens"), ("model_type", "sam", "windows"),
    ])
    func namedArchitecturesAreRefused(field: String, name: String, why: String) {
        var hints = threeHeads
        hints.config[field] = .string(name)
        let sentence = reason(stateDict(config), hints)?.description
        #expect(sentence?.contains(name) == true && sentence?.contains(why) == true, "\(sentence ?? "taken")")
        // Nobody's word makes it another network.
        hints.arch = "vit_tiny"
        #expect(reason(stateDict(config), hints)?.description == sentence)
        hints = threeHeads
        hints.arch = name
        if field == "architecture" { #expect(reason(stateDict(config), hints)?.description == sentence) }
    }

    @Test func unknownArchitecturesAreAskedAbout() throws {
        for (field, name) in [("architecture", "vit_base_patch16_mystery_224"), ("model_type", "mystery")] {
            var hints = ModelHints()
            hints.config[field] = .string(name)
            guard case .untold(option: "arch", let sentence) = reason(stateDict(config), hints) else {
                Issue.record("\(name) was taken")
                continue
            }
            #expect(sentence.contains(name))
            hints.arch = "vit"
            hints.numHeads = 3
            #expect(try recognise(stateDict(config), hints).config == config)
        }
    }

    @Test func aFileThatNamesItsArchitecture() throws {
        var hints = threeHeads
        hints.fields["args.model"] = .string("vit_base_patch16_xp_224")
        #expect(reason(stateDict(config), hints)?.description.contains("side by side") == true)
        // An unknown name in a file may be anything, the method's for instance.
        hints.fields["args.model"] = .string("my_run_17")
        let model = try recognise(stateDict(config), hints)
        #expect(model.report.assumptions.first?.sentence.contains("my_run_17") == true)
    }

    // MARK: - By names that betray it

    @Test(arguments: [
        "blocks.0.attn.proj_l.weight", "blocks.1.attn.rel_pos_h", "blocks_token_only.0.norm1.weight", "rope.freqs",
        "freqs", "cls_norm.weight", "patch_embed.backbone.conv1.weight", "det_token",
        "norm.running_mean", "blocks.0.attn.qkv.bias_mask", "pos_embed.x", "mid_pos_embed", "rel_pos_bias.mlp.weight",
    ])
    func aTensorInsideTheNetworkWithoutAUseIsNamed(name: String) {
        var dict = stateDict(config)
        dict[name] = entry([24])
        #expect(reason(dict) == .unused([name]))
        #expect(reason(dict)?.description.contains(name) == true)
        let wrapped = renamed(dict) { "module.backbone." + $0 }
        #expect(reason(wrapped) == .unused(["module.backbone." + name]))
    }

    @Test(arguments: ["embeddings.detection_tokens", "encoder.mid_position_embeddings", "layernorm.scale"])
    func theSameUnderTransformersNames(name: String) {
        var dict = StateDict(), timm = stateDict(config)
        for block in 0..<2 {
            for (leaf, shape) in [("weight", [24, 24]), ("bias", [24])] {
                timm["blocks.\(block).attn.qkv.\(leaf)"] = nil
                for part in ["query", "key", "value"] {
                    dict["vit.encoder.layer.\(block).attention.attention.\(part).\(leaf)"] = entry(shape)
                }
            }
        }
        for name in timm.names { dict[TransformersNames.rename(name)] = timm[name] }
        #expect(reason(dict) == nil)
        dict["vit." + name] = entry([24])
        #expect(reason(dict) == .unused(["vit." + name]))
    }

    @Test func whatIsKnownToBeInertStaysIgnored() throws {
        var dict = stateDict(config)
        for name in [
            "head.mlp.0.weight", "decoder_pos_embed", "mask_token", "masked_embed", "cls_pt_layers.0.norm1.weight",
            "attn_pool.q.weight", "projection_head.layers.0.weight", "prototypes.weight", "fc.fc1.weight",
            "optimizer.exp_avg", "head_dist.weight",
        ] { dict[name] = entry([3]) }
        dict["reg_token"] = entry([1, 4, 24])
        let model = try recognise(dict)
        #expect(model.report.verdict == .complete)
        #expect(model.report.ignored.count == 11 && model.report.ignored.everyOne { !$0.why.isEmpty })
    }

    // MARK: - By names that fit several

    @Test func evasNamesAreAskedAbout() throws {
        let old = stateDict(config)
        var dict = StateDict()
        for name in old.names where !name.hasSuffix("qkv.bias") { dict[name] = old[name] }
        for block in 0..<2 {
            dict["blocks.\(block).attn.q_bias"] = entry([24])
            dict["blocks.\(block).attn.v_bias"] = entry([24])
        }
        try asks(dict, "EVA-02", then: "eva_giant_patch14_224")
        // BEiT's and SimMIM's have layer scale, or relative positions.
        for block in 0..<2 {
            dict["blocks.\(block).gamma_1"] = entry([24])
            dict["blocks.\(block).gamma_2"] = entry([24])
        }
        #expect(try recognise(dict).report.assumes("arch"))
    }

    @Test func perceptionEncodersNamesAreAskedAbout() throws {
        var pe = config
        pe.normPre = true
        var dict = stateDict(pe)
        dict["attn_pool.latent"] = entry([1, 1, 24])
        try asks(dict, "Perception Encoder", then: "vit_base_patch16_clip_224")
        pe.finalNorm = false
        guard case .untold(option: "arch", _) = reason(stateDict(pe)) else {
            Issue.record("its names without a norm after the last block were taken")
            return
        }
    }

    @Test func scaleUnderOldNamesIsDeiTsOrRotates() throws {
        var third = config
        third.layerScale = true
        third.posEmbed = .patches
        let dict = renamed(stateDict(third)) {
            $0.replacing("ls1.gamma", with: "gamma_1").replacing("ls2.gamma", with: "gamma_2")
        }
        try asks(dict, "DeiT III", then: "deit3_base_patch16_224")
        // DeiT III's own files hold it below a key.
        let model = try recognise(dict, at: ["model"])
        #expect(model.config == third && model.report.assumes("arch"))
    }

    @Test func normsAfterwardsWithoutBiases() throws {
        var rpn = config
        rpn.classToken = false
        rpn.qkvBias = false
        rpn.fcNorm = true
        rpn.finalNorm = false
        rpn.globalPool = .avg
        try asks(stateDict(rpn), "norm after", then: "vit_base_patch16_224")
    }

    private func asks(_ dict: StateDict, _ word: String, then arch: String) throws {
        guard case .untold(option: "arch", let sentence) = reason(dict) else {
            Issue.record("names of \(word) were taken")
            return
        }
        #expect(sentence.contains(word) && sentence.contains(arch))
        var asked = threeHeads
        asked.arch = arch
        #expect(try recognise(dict, asked).report.verdict == .complete)
    }

    // MARK: - Parts that may be missing

    @Test func noClassToken() throws {
        for registers in [0, 1, 4] {
            var bare = config
            bare.classToken = false
            bare.numRegisters = registers
            bare.posEmbed = registers == 0 ? .all : .patches
            bare.globalPool = .avg
            #expect(try recognise(stateDict(bare), at: ["encoder"]).config.classToken == false)
            // Rows of registers stand in the table, too, where timm does not say otherwise.
            var dict = stateDict(bare)
            dict["pos_embed"] = entry([1, 16 + registers, 24])
            let model = try recognise(dict)
            #expect(!model.config.classToken && model.config.numPrefixTokens == registers)
        }
    }

    @Test func noNormAfterTheLastBlock() throws {
        var bare = config
        bare.finalNorm = false
        let model = try recognise(stateDict(bare))
        #expect(model.config == bare && model.report.assumes("norm"))
        // Whoever has a classifier has lost its norm.
        bare.numClasses = 5
        #expect(reason(stateDict(bare)) == .missing(["norm.weight", "norm.bias"]))
        // An architecture says it.
        bare.numClasses = 0
        var hints = threeHeads
        hints.config["architecture"] = .string("vit_base_patch16_224")
        #expect(reason(stateDict(bare), hints) == .missing(["norm.weight", "norm.bias"]))
        hints.config["architecture"] = .string("vit_intern300m_patch14_448")
        #expect(try recognise(stateDict(bare), hints).config == bare)
    }
}

/// timm's names as transformers writes them, as far as these tests need it.
enum TransformersNames {
    static func rename(_ name: String) -> String {
        let fixed = [
            "cls_token": "embeddings.cls_token", "pos_embed": "embeddings.position_embeddings",
            "patch_embed.proj.weight": "embeddings.patch_embeddings.projection.weight",
            "patch_embed.proj.bias": "embeddings.patch_embeddings.projection.bias",
            "norm.weight": "layernorm.weight", "norm.bias": "layernorm.bias",
        ]
        if let known = fixed[name] { return "vit." + known }
        return "vit."
            + name.replacing("blocks.", with: "encoder.layer.").replacing("norm1", with: "layernorm_before")
            .replacing("norm2", with: "layernorm_after").replacing("attn.proj", with: "attention.output.dense")
            .replacing("mlp.fc1", with: "intermediate.dense").replacing("mlp.fc2", with: "output.dense")
    }
}
