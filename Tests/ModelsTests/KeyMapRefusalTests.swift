import TestSupport
import Models
import Platform
import Tensors
import Testing

/// What is refused, and what the error says.
@Suite struct KeyMapRefusalTests: KeyMapSuite {
    // MARK: - Heads

    @Test(arguments: [(192, 3), (384, 6), (768, 12), (1024, 16), (1280, 16), (1536, 24), (128, 2)])
    func headsByWidth(width: Int, heads: Int) throws {
        let config = VisionTransformerConfig(
            imgSize: ImageSize(height: 16, width: 16), patchSize: 4, embedDim: width, depth: 1, numHeads: heads,
            mlpHidden: width)
        let model = try recognise(stateDict(config, dtype: .f16), ModelHints())
        #expect(model.config.numHeads == heads)
        // Nothing in the file tells it, and the report says so.
        let said = model.report.assumptions.filter { $0.field == "num_heads" }.map(\.sentence)
        #expect(said.count == 1 && said[0].contains("pass num_heads"))
        #expect(said[0].contains("64 numbers a head") == (width == 128))
    }

    @Test func mocoSmallHasTwelveHeads() throws {
        let small = VisionTransformerConfig(
            imgSize: ImageSize(height: 16, width: 16), patchSize: 4, embedDim: 384, depth: 1, numHeads: 6,
            mlpHidden: 384)
        let dict = stateDict(small, dtype: .f16)
        let moco = renamed(dict) { "module.base_encoder." + $0 }
        var hints = ModelHints()
        #expect(try recognise(moco, at: ["state_dict"], hints).config.numHeads == 12)
        hints.fields["arch"] = .string("vit_small")
        let model = try recognise(moco, at: ["state_dict"], hints)
        #expect(model.config.numHeads == 12)
        #expect(model.report.recognisedAs == .mocoV3)
        // The same name means six heads in DINO's files.
        #expect(try recognise(dict, at: ["teacher"], hints).config.numHeads == 6)
        hints.numHeads = 6
        #expect(try recognise(moco, at: ["state_dict"], hints).config.numHeads == 6)
    }

    @Test func headsThatCannotBe() {
        #expect(reason(stateDict(config), ModelHints()) == .unknownHeads(embedDim: 24))
        var hints = ModelHints()
        for heads in [5, 0, -3, 48] {
            hints.numHeads = heads
            let found = reason(stateDict(config), hints)
            #expect(found == .headsDoNotDivide(numHeads: heads, embedDim: 24))
            #expect(found?.description.contains("1, 2, 3") == true)
        }
    }

    @Test func relativeTablesTellHeads() throws {
        var relative = config
        relative.relPos = .shared
        relative.posEmbed = .none
        let dict = stateDict(relative)
        #expect(try recognise(dict, ModelHints()).config.numHeads == 3)
        var hints = ModelHints()
        hints.numHeads = 4
        #expect(reason(dict, hints) == .headsContradictTable(asked: 4, table: 3))
    }

    @Test func archMustFit() throws {
        var hints = ModelHints()
        hints.arch = "vit_base_patch16_224"
        guard case .contradiction(field: "arch", _, _) = reason(stateDict(config), hints) else {
            Issue.record("a base model was read from a file of width 24")
            return
        }
        hints.arch = "resnet50"
        #expect(reason(stateDict(config), hints)?.description.contains("resnet50") == true)
        let tiny = VisionTransformerConfig(
            imgSize: ImageSize(height: 64, width: 64), patchSize: 16, embedDim: 192, depth: 1, numHeads: 3,
            mlpHidden: 192)
        hints.arch = "vit_tiny_patch16_224"
        let model = try recognise(stateDict(tiny), hints)
        #expect(model.config.imgSize == ImageSize(height: 224, width: 224))
        #expect(model.config.numHeads == 3)
    }

    // MARK: - What is wrong with a file

    @Test(arguments: [
        "cls_token", "pos_embed", "patch_embed.proj.weight", "patch_embed.proj.bias", "blocks.1.norm1.weight",
        "blocks.0.attn.qkv.weight", "blocks.1.attn.qkv.bias", "blocks.0.attn.proj.bias", "blocks.1.mlp.fc2.weight",
        "norm.bias",
    ])
    func missingTensorIsRefused(name: String) {
        var dict = stateDict(config)
        dict[name] = nil
        do {
            _ = try recognise(dict)
            Issue.record("a file without \(name) was taken")
        } catch {
            #expect(error.reason == .missing([name]))
            #expect(error.report.missing == [name])
            #expect(error.report.recognisedAs == .timm)
            #expect(error.description.contains(name))
        }
    }

    @Test func wholeBlockMissing() {
        var dict = stateDict(config)
        for name in dict.names where name.hasPrefix("blocks.0.") { dict[name] = nil }
        guard case .missing(let names) = reason(dict) else {
            Issue.record("a file without its first block was taken")
            return
        }
        #expect(names.count == 12 && names.everyOne { $0.hasPrefix("blocks.0.") })
    }

    @Test func shapesAreChecked() {
        var dict = stateDict(config)
        dict["blocks.1.attn.proj.weight"] = entry([24, 25])
        #expect(
            reason(dict) == .shape(name: "blocks.1.attn.proj.weight", expected: [24, 24], found: [24, 25]))
        dict = renamed(stateDict(config)) { "module." + $0 }
        dict["module.norm.weight"] = entry([23])
        #expect(reason(dict) == .shape(name: "module.norm.weight", expected: [24], found: [23]))
        dict = stateDict(config)
        dict["blocks.0.mlp.fc1.weight"] = entry([50, 24])
        #expect(reason(dict) == .shape(name: "blocks.0.mlp.fc2.weight", expected: [24, 50], found: [24, 48]))
        dict = stateDict(config)
        dict["pos_embed"] = entry([1, 17, 25])
        #expect(reason(dict) == .shape(name: "pos_embed", expected: [1, 17, 24], found: [1, 17, 25]))
    }

    @Test func whatHoldsNoWeights() {
        var dict = stateDict(config)
        dict["norm.weight"] = StateDict.Entry(dtype: .i32, shape: [24], bytes: Bytes([UInt8](repeating: 0, count: 96)))
        #expect(reason(dict) == .notWeights(name: "norm.weight", found: "holds I32"))
        dict["norm.weight"] = StateDict.Entry(
            dtype: .f32, shape: [24], strides: [0], bytes: Bytes([UInt8](repeating: 0, count: 4)))
        #expect(reason(dict) == .notWeights(name: "norm.weight", found: "repeats its numbers"))
    }

    @Test func unknownTensorsMakeItPartial() throws {
        var dict = stateDict(config)
        dict["adapter.0.weight"] = entry([4])
        dict[""] = entry([1])
        let model = try recognise(dict)
        #expect(model.report.verdict == .partial)
        #expect(model.report.unexpected == ["adapter.0.weight", ""])
        #expect(model.config.depth == 2)
    }

    @Test func blocksOfImpossibleNumbersAreRefused() {
        let names = [
            "blocks.99999999999999999999.norm1.weight", "blocks.-1.norm1.weight", "blocks.5000.norm1.weight",
        ]
        var dict = stateDict(config)
        for name in names { dict[name] = entry([24]) }
        #expect(reason(dict) == .unused(names))
    }

    @Test func unsupportedPartsAreRefused() {
        var dict = stateDict(config)
        dict["blocks.0.attn.q_norm.weight"] = entry([8])
        #expect(reason(dict)?.description.contains("q_norm") == true)
        dict = stateDict(config)
        dict["patch_embed.proj.weight"] = entry([24, 1, 4, 4])
        #expect(reason(dict)?.description.contains("RGB") == true)
        dict["patch_embed.proj.weight"] = entry([24, 3, 4, 2])
        #expect(reason(dict)?.description.contains("square") == true)
        var hints = threeHeads
        hints.config["hidden_act"] = .string("relu")
        #expect(reason(stateDict(config), hints)?.description.contains("relu") == true)
        dict = stateDict(config)
        dict["patch_embed.norm.weight"] = entry([24])
        #expect(reason(dict) == .missing(["patch_embed.norm.bias"]))
    }

    @Test func nothingToRecognise() {
        #expect(reason(StateDict()) == .unrecognised(names: []))
        var dict = StateDict()
        dict["layer1.0.conv1.weight"] = entry([64, 3, 7, 7])
        #expect(reason(dict)?.description.contains("layer1.0.conv1.weight") == true)
    }

    @Test func otherTransformersAreNotRecognised() {
        for names in [
            ["layers.0.blocks.0.norm1.weight", "patch_embed.proj.weight"],
            ["model.layers.0.mlp.gate_proj.weight", "model.layers.0.self_attn.q_proj.weight"],
            ["bert.encoder.layer.0.attention.self.query.weight", "bert.embeddings.word_embeddings.weight"],
        ] {
            var dict = StateDict()
            for name in names { dict[name] = entry([24, 24]) }
            #expect(reason(dict) == .unrecognised(names: names))
        }
    }

    @Test func sizesHaveLimits() {
        var dict = stateDict(config)
        for name in dict.names where name.hasSuffix("norm1.weight") { dict[name] = entry([70_000]) }
        #expect(reason(dict) == .tooLarge(what: "embed_dim", value: 70_000, limit: 65_536))
        var hints = threeHeads
        hints.imgSize = ImageSize(height: Int.max, width: Int.max)
        #expect(reason(stateDict(config), hints) == .tooLarge(what: "img_size", value: Int.max, limit: 16_384))
        hints.imgSize = ImageSize(height: Int.min, width: 0)
        #expect(reason(stateDict(config), hints) != nil)
        hints.imgSize = ImageSize(height: 16_000, width: 16_000)
        #expect(
            reason(stateDict(config), hints)
                == .tooLarge(what: "the number of patches", value: 16_000_000, limit: 65_536))
    }
}
