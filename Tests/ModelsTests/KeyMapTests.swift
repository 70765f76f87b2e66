import Foundation
import Models
import Platform
import Tensors
import Testing

/// Recognition by names and shapes alone; files as the projects write them are in `ReferenceTests`.
@Suite struct KeyMapTests {
    /// Width 24, two blocks, patches of 4, a grid of 4×4.
    let config = VisionTransformerConfig(
        imgSize: ImageSize(height: 16, width: 16), patchSize: 4, embedDim: 24, depth: 2, numHeads: 3, mlpHidden: 48)
    let threeHeads: ModelHints = {
        var hints = ModelHints()
        hints.numHeads = 3
        return hints
    }()

    /// The tensors of `config` under timm's names, all of the same bytes.
    func stateDict(_ config: VisionTransformerConfig, dtype: DType = .f32) -> StateDict {
        let parameters = VisionTransformer.parameters(of: config)
        let zeros = Bytes([UInt8](repeating: 0, count: (parameters.map(\.count).max() ?? 0) * dtype.size))
        var dict = StateDict()
        for parameter in parameters {
            var shape = parameter.shape
            if parameter.name == "patch_embed.proj.weight" {
                shape = [config.embedDim, 3, config.patchSize, config.patchSize]
            }
            dict[parameter.name] = StateDict.Entry(dtype: dtype, shape: shape, bytes: zeros)
        }
        return dict
    }

    func renamed(_ dict: StateDict, _ rename: (String) -> String) -> StateDict {
        var result = StateDict()
        for name in dict.names { result[rename(name)] = dict[name] }
        return result
    }

    func entry(_ shape: [Int], _ value: Float = 0) -> StateDict.Entry {
        StateDict.Entry(Tensor(shape: shape, repeating: value))
    }

    func recognise(
        _ dict: StateDict, at path: [String] = [], _ hints: ModelHints? = nil
    ) throws(ModelError) -> RecognisedModel {
        try KeyMap.recognise([(path, dict)], hints: hints ?? threeHeads)
    }

    func reason(_ dict: StateDict, _ hints: ModelHints? = nil) -> ModelError.Reason? {
        do {
            _ = try recognise(dict, hints)
            return nil
        } catch {
            #expect(error.report.verdict == .refused)
            #expect(error.report.reason == error.description)
            return error.reason
        }
    }

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
        #expect(try recognise(stateDict(config)).arch == nil)
    }

    // MARK: - Heads

    @Test(arguments: [(192, 3), (384, 6), (768, 12), (1024, 16), (1280, 16), (1536, 24), (128, 2)])
    func headsByWidth(width: Int, heads: Int) throws {
        let config = VisionTransformerConfig(
            imgSize: ImageSize(height: 16, width: 16), patchSize: 4, embedDim: width, depth: 1, numHeads: heads,
            mlpHidden: width)
        let model = try recognise(stateDict(config, dtype: .f16), ModelHints())
        #expect(model.config.numHeads == heads)
        // A width that nobody published is an assumption, and the report says so.
        #expect(model.report.notes.contains { $0.contains("pass num_heads") } == (width == 128))
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
        #expect(names.count == 12 && names.allSatisfy { $0.hasPrefix("blocks.0.") })
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
        dict["blocks.99999999999999999999.norm1.weight"] = entry([24])
        dict["blocks.-1.norm1.weight"] = entry([24])
        dict["blocks.5000.norm1.weight"] = entry([24])
        dict[""] = entry([1])
        let model = try recognise(dict)
        #expect(model.report.verdict == .partial)
        #expect(
            model.report.unexpected == [
                "adapter.0.weight", "blocks.99999999999999999999.norm1.weight", "blocks.-1.norm1.weight",
                "blocks.5000.norm1.weight", "",
            ])
        #expect(model.config.depth == 2)
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
        hints.config["hidden_act"] = .string("quick_gelu")
        #expect(reason(stateDict(config), hints)?.description.contains("quick_gelu") == true)
    }

    @Test func nothingToRecognise() {
        #expect(reason(StateDict()) == .unrecognised(names: []))
        var dict = StateDict()
        dict["layer1.0.conv1.weight"] = entry([64, 3, 7, 7])
        #expect(reason(dict)?.description.contains("layer1.0.conv1.weight") == true)
    }

    @Test func sizesHaveLimits() {
        var dict = stateDict(config)
        for name in dict.names where name.hasSuffix("norm1.weight") { dict[name] = entry([70_000]) }
        #expect(reason(dict) == .tooLarge(what: "embed_dim", value: 70_000, limit: 65_536))
        var hints = threeHeads
        hints.imgSize = ImageSize(height: Int.max, width: 16)
        #expect(reason(stateDict(config), hints) == .tooLarge(what: "img_size", value: Int.max, limit: 16_384))
        hints.imgSize = ImageSize(height: 16_000, width: 16_000)
        #expect(
            reason(stateDict(config), hints)
                == .tooLarge(what: "the number of patches", value: 16_000_000, limit: 65_536))
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
        var dict = StateDict()
        let old = stateDict(config)
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
