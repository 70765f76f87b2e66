import Foundation
import Models
import Platform
import Tensors
import Testing

/// Recognition by names and shapes alone; files as the projects write them are in `ReferenceTests`.
@Suite struct KeyMapTests: KeyMapSuite {
    // MARK: - Plain files

    @Test func plainFileIsComplete() throws {
        let model = try recognise(stateDict(config), at: ["model"])
        #expect(model.config == config)
        #expect(model.report.verdict == .complete)
        #expect(model.report.recognisedAs == .timm)
        #expect(model.report.checkpointKey == "model")
        #expect(model.report.prefixRemoved == nil)
        #expect(model.report.missing.isEmpty && model.report.unexpected.isEmpty && model.report.ignored.isEmpty)
        #expect(model.report.matched.count == VisionTransformer.parameters(of: config).count)
        #expect(model.stateDict.names == VisionTransformer.parameters(of: config).map(\.name))
    }

    @Test func numbersStayInTheFile() throws {
        let model = try recognise(stateDict(config, dtype: .bf16))
        for name in model.stateDict.names { #expect(model.stateDict[name]?.dtype == .bf16) }
    }

    @Test(arguments: ["module.", "backbone.", "model.module.", "_orig_mod."])
    func prefixesAreRemoved(prefix: String) throws {
        let model = try recognise(renamed(stateDict(config)) { prefix + $0 })
        #expect(model.report.prefixRemoved == prefix)
        #expect(model.config == config)
    }

    @Test func standardSizesHaveNames() throws {
        let base = VisionTransformerConfig(
            imgSize: ImageSize(height: 224, width: 224), patchSize: 16, embedDim: 768, depth: 12, numHeads: 12,
            mlpHidden: 3072)
        #expect(try recognise(stateDict(base, dtype: .f16), ModelHints()).arch == "vit_base_patch16_224")
        var second = base
        second.patchSize = 14
        second.layerScale = true
        #expect(try recognise(stateDict(second, dtype: .f16), ModelHints()).arch == "vit_base_patch14_dinov2")
        #expect(try recognise(stateDict(config)).arch == nil)
    }

    // MARK: - Heads and leftovers

    @Test func otherHeadsAreIgnored() throws {
        var dict = stateDict(config)
        dict["head.0.weight"] = entry([32, 24])
        dict["head_dist.weight"] = entry([5, 24])
        dict["lm_head.weight"] = entry([8, 24])
        dict["decoder_embed.weight"] = entry([8, 24])
        dict["mask_token"] = entry([1, 1, 8])
        dict["pre_logits.fc.weight"] = entry([24, 24])
        let model = try recognise(dict)
        #expect(model.report.verdict == .complete)
        #expect(model.config.numClasses == 0)
        #expect(
            Set(model.report.ignored.map(\.name)) == [
                "head.0.weight", "head_dist.weight", "lm_head.weight", "decoder_embed.weight", "mask_token",
                "pre_logits.fc.weight",
            ])
        #expect(model.report.recognisedAs == .mae)
    }

    @Test func classifierOfAnotherInputIsIgnored() throws {
        var dict = stateDict(config)
        dict["head.weight"] = entry([5, 120])
        dict["head.bias"] = entry([5])
        let model = try recognise(dict)
        #expect(model.config.numClasses == 0)
        #expect(model.report.ignored.map(\.name) == ["head.weight", "head.bias"])
        #expect(!model.report.matched.contains { $0.canonical.hasPrefix("head.") })
        dict["head.weight"] = entry([5, 24])
        #expect(try recognise(dict).config.numClasses == 5)
        dict["head.weight"] = entry([5, 48])
        #expect(try recognise(dict).config.globalPool == .tokenAndAvg)
    }

    @Test func otherDictionariesAreNamed() throws {
        var state = StateDict()
        state["exp_avg"] = entry([24])
        state["step"] = entry([])
        let model = try KeyMap.recognise(
            [
                (["model"], stateDict(config)), (["optimizer", "state", "0"], state),
                (["optimizer", "state", "1"], state),
            ],
            hints: threeHeads)
        #expect(model.report.ignored.map(\.name) == ["optimizer"])
        #expect(model.report.ignored[0].why.contains("4 tensors"))
    }

    @Test func keysChooseTheDictionary() throws {
        let student = renamed(stateDict(config)) { "module.backbone." + $0 }
        let teacher = renamed(stateDict(config)) { "backbone." + $0 }
        let candidates = [(path: ["student"], dict: student), (path: ["teacher"], dict: teacher)]
        #expect(try KeyMap.recognise(candidates, hints: threeHeads).report.checkpointKey == "teacher")
        var hints = threeHeads
        hints.checkpointKey = "student"
        let model = try KeyMap.recognise(candidates, hints: hints)
        #expect(model.report.checkpointKey == "student")
        #expect(model.report.prefixRemoved == "module.backbone.")
        hints.checkpointKey = "pupil"
        do {
            _ = try KeyMap.recognise(candidates, hints: hints)
            Issue.record("an unknown key was taken")
        } catch {
            #expect(
                error.reason
                    == .unknownCheckpointKey("pupil", known: ["teacher.backbone", "student.module.backbone"]))
        }
    }

    // MARK: - Other people's names

    @Test func flatPatchEmbedding() throws {
        var dict = stateDict(config)
        dict["patch_embed.proj.weight"] = entry([24, 48])
        let model = try recognise(dict)
        #expect(model.stateDict["patch_embed.proj.weight"]?.shape == [24, 3, 4, 4])
        #expect(model.report.reshaped.map(\.name) == ["patch_embed.proj.weight"])
        dict["patch_embed.proj.weight"] = entry([24, 50])
        #expect(reason(dict) != nil)
    }

    @Test func separateBiasesAreJoined() throws {
        var dict = StateDict(), scaled = config
        // Without layer scale the same names could be EVA's.
        scaled.layerScale = true
        let old = stateDict(scaled)
        for name in old.names where !name.hasSuffix("qkv.bias") { dict[name] = old[name] }
        for block in 0..<2 {
            dict["blocks.\(block).attn.q_bias"] = entry([24], 1)
            dict["blocks.\(block).attn.v_bias"] = entry([24], 3)
        }
        let model = try recognise(dict)
        let bias = try #require(model.stateDict["blocks.1.attn.qkv.bias"]).tensor().array
        #expect(
            bias == [Float](repeating: 1, count: 24) + [Float](repeating: 0, count: 24)
                + [Float](repeating: 3, count: 24))
        dict["blocks.0.attn.v_bias"] = nil
        #expect(reason(dict) == .missing(["blocks.0.attn.qkv.bias (value)"]))
    }

    @Test func chunkedBlocksLoseTheChunk() throws {
        var dict = renamed(stateDict(config)) { name in
            name.hasPrefix("blocks.1.") ? "blocks.1.1." + name.dropFirst(9) : name
        }
        dict = renamed(dict) { $0.hasPrefix("blocks.0.") ? "blocks.0.0." + $0.dropFirst(9) : $0 }
        #expect(try recognise(dict).config == config)
    }

    @Test func packedSwiGLU() throws {
        var swiglu = config
        swiglu.mlp = .swiglu
        swiglu.mlpHidden = 32
        let dict = renamed(stateDict(swiglu)) {
            $0.replacingOccurrences(of: "mlp.fc1", with: "mlp.w12").replacingOccurrences(of: "mlp.fc2", with: "mlp.w3")
        }
        let model = try? recognise(dict)
        // w12 is DINOv2's name, and DINOv2 always has layer scale.
        #expect(model == nil)
        swiglu.layerScale = true
        let scaled = renamed(stateDict(swiglu)) {
            $0.replacingOccurrences(of: "mlp.fc1", with: "mlp.w12").replacingOccurrences(of: "mlp.fc2", with: "mlp.w3")
        }
        let found = try recognise(scaled)
        #expect(found.config == swiglu)
        #expect(found.report.recognisedAs == .dinov2)
    }

    @Test func deitThree() throws {
        var third = config
        third.layerScale = true
        third.posEmbed = .patches
        let dict = renamed(stateDict(third)) {
            $0.replacingOccurrences(of: "ls1.gamma", with: "gamma_1").replacingOccurrences(
                of: "ls2.gamma", with: "gamma_2")
        }
        let model = try recognise(dict, at: ["model"])
        #expect(model.config == third)
        #expect(model.report.recognisedAs == .deit)
    }

    // MARK: - Positions

    @Test func rectangularPositions() throws {
        var wide = config
        wide.imgSize = ImageSize(height: 12, width: 24)
        #expect(reason(stateDict(wide)) == .gridUnknown(name: "pos_embed", count: 18))
        // 15 patches and the class token could also be 16 patches.
        wide.imgSize = ImageSize(height: 12, width: 20)
        let dict = stateDict(wide)
        var hints = threeHeads
        hints.imgSize = wide.imgSize
        #expect(try recognise(dict, hints).config == wide)
        hints = threeHeads
        hints.config["image_size"] = .ints([12, 20])
        #expect(try recognise(dict, hints).config == wide)
        // Known to be 12×20, wanted at 16×16.
        hints.imgSize = ImageSize(height: 16, width: 16)
        let model = try recognise(dict, hints)
        #expect(model.config == config)
        #expect(model.stateDict["pos_embed"]?.shape == [1, 17, 24])
        #expect(model.report.reshaped.map(\.name) == ["pos_embed"])
        #expect(model.report.reshaped.first?.how == "bicubic with antialiasing")
    }

    @Test func imgSizeMustBeAMultiple() {
        var hints = threeHeads
        hints.imgSize = ImageSize(height: 18, width: 16)
        let found = reason(stateDict(config), hints)
        #expect(found == .imgSizeNotMultiple(ImageSize(height: 18, width: 16), patchSize: 4))
        #expect(found?.description.contains("20×16") == true)
        hints.imgSize = ImageSize(height: 0, width: -4)
        #expect(reason(stateDict(config), hints) != nil)
    }

    @Test func patchSizeMustAgree() {
        var hints = threeHeads
        hints.patchSize = 8
        #expect(reason(stateDict(config), hints) == .contradiction(field: "patch_size", asked: "8", found: "4"))
    }

    @Test func sinCosTables() throws {
        let zero: [Float] = [0, 0, 1, 1, 0, 0, 1, 1]
        let one: [Float] = [0.84147098, 0.00999983, 0.54030231, 0.99995]
        let none: [Float] = [0, 0, 1, 1]
        let moco = [0, 0, 0, 0, 0, 0, 0, 0] + zero + none + one + one + none + one + one
        let mae = [0, 0, 0, 0, 0, 0, 0, 0] + zero + one + none + none + one + one + one
        let entry = { (numbers: [Float]) in StateDict.Entry(Tensor(shape: [1, 5, 8], numbers)) }
        let found = try #require(SinCosTable.recognise(entry(moco)))
        #expect(found.table == .mocoV3 && found.difference < 1e-6)
        #expect(SinCosTable.recognise(entry(mae))?.table == .mae)
        var other = mae
        other[20] += 0.01
        #expect(SinCosTable.recognise(entry(other)) == nil)
        other[20] = .nan
        #expect(SinCosTable.recognise(entry(other)) == nil)
        other = mae
        other[0] = 0.5
        #expect(SinCosTable.recognise(entry(other)) == nil)
    }

    // MARK: - Back to timm

    @Test func registersForTimm() throws {
        var registers = config
        registers.numRegisters = 4
        registers.layerScale = true
        var dict = renamed(stateDict(registers)) { $0 == "reg_token" ? "register_tokens" : $0 }
        dict["pos_embed"] = entry([1, 17, 24], 2)
        dict["cls_token"] = entry([1, 1, 24], 1)
        let model = try recognise(dict)
        #expect(model.config == registers)
        let timm = KeyMap.timmModel(of: model)
        #expect(timm.stateDict["pos_embed"]?.shape == [1, 16, 24])
        #expect(timm.stateDict["cls_token"]?.tensor().array == [Float](repeating: 3, count: 24))
        #expect(timm.expression.contains("reg_tokens=4, no_embed_class=True"))
    }

    @Test func relativeForTimm() throws {
        var relative = config
        relative.relPos = .perBlock
        relative.posEmbed = .none
        relative.layerScale = true
        let names = Set(KeyMap.timmNames(of: try recognise(stateDict(relative))).names)
        #expect(names.isSuperset(of: ["blocks.0.attn.q_bias", "blocks.0.attn.v_bias", "blocks.1.gamma_2"]))
        #expect(!names.contains { $0.contains("qkv.bias") || $0.contains("ls1") })
    }
}
