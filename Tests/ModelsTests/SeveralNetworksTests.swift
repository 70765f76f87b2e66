import Models
import Platform
import Tensors
import Testing

/// Several networks in one file: which is taken, what is said of the others, and names with wrappers inside.
@Suite struct SeveralNetworksTests: KeyMapSuite {
    /// The tensors of `config` under each prefix, in this order.
    func together(_ prefixes: [String]) -> StateDict {
        var dict = StateDict()
        let one = stateDict(config)
        for prefix in prefixes { for name in one.names { dict[prefix + name] = one[name] } }
        return dict
    }

    @Test(arguments: [
        (["student_backbone.", "teacher_backbone."], "teacher_backbone"), (["model.", "model_ema."], "model_ema"),
        (["online_encoder.", "target_encoder."], "target_encoder"),
        // MoCo publishes and analyses the encoder that is trained.
        (["module.momentum_encoder.", "module.base_encoder."], "base_encoder"),
        (["encoder_k.", "encoder_q."], "encoder_q"), (["backbone_momentum.", "backbone."], "backbone"),
        (["", "momentum."], "."), (["b.", "a."], "a"), (["optimizer.", "student."], "student"),
    ])
    func theUsualOneIsTaken(prefixes: [String], key: String) throws {
        for order in [prefixes, prefixes.reversed()] {
            let model = try recognise(together(order))
            let taken = prefixes.first { $0.replacing("module.", with: "") == (key == "." ? "" : key + ".") }
            #expect(model.report.prefixRemoved == (taken == "" ? nil : taken))
            #expect(model.report.verdict == .complete, "\(model.report.unexpected)")
            let others = prefixes.filter { $0 != taken && $0 != "optimizer." }
                .map { String($0.replacing("module.", with: "").dropLast()) }
            #expect(model.report.others == others)
            #expect(model.report.assumes("checkpoint_key") == !others.isEmpty)
        }
    }

    @Test func everyOtherCanBeTakenByItsKey() throws {
        let candidates: [(path: [String], dict: StateDict)] = [
            (["a"], together(["", "b.", "b.c."])), (["a", "b"], together([""])), ([], together(["a.b.", ""])),
        ]
        let first = try KeyMap.recognise(candidates, hints: threeHeads)
        #expect(first.report.others.count == 5 && Set(first.report.others).count == 5)
        for key in first.report.others {
            var hints = threeHeads
            hints.checkpointKey = key
            let model = try KeyMap.recognise(candidates, hints: hints)
            #expect(!model.report.others.contains(key) && model.report.others.count == 5)
            #expect(!model.report.assumes("checkpoint_key"))
            // What was taken before is on offer now.
            #expect(Set(model.report.others).subtracting(first.report.others).count == 1)
        }
    }

    @Test func targetsFirstAcrossDictionaries() throws {
        var sized = config
        sized.classToken = false
        let dict = renamed(stateDict(sized)) { "module." + $0 }
        let candidates = [(path: ["encoder"], dict: dict), (path: ["target_encoder"], dict: dict)]
        let model = try KeyMap.recognise(candidates, hints: threeHeads)
        #expect(model.report.checkpointKey == "target_encoder" && model.report.others == ["encoder"])
        #expect(model.report.recognisedAs == .ijepa && !model.config.classToken)
        var hints = threeHeads
        hints.checkpointKey = "encoder"
        #expect(try KeyMap.recognise(candidates, hints: hints).report.checkpointKey == "encoder")
    }

    // MARK: - Wrappers

    @Test(arguments: ["_orig_mod", "_checkpoint_wrapped_module", "_fsdp_wrapped_module", "module"])
    func wrappersAreTakenOffWhereverTheyStand(wrapper: String) throws {
        let dict = renamed(stateDict(config)) { name in
            guard name.hasPrefix("blocks.") else { return name }
            let words = name.split(separator: ".")
            return (words[..<2] + [Substring(wrapper)] + words[2...]).joined(separator: ".")
        }
        let model = try recognise(dict)
        #expect(model.config == config && model.report.verdict == .complete && model.report.prefixRemoved == nil)
        #expect(model.report.matched.contains { $0.name == "blocks.0.\(wrapper).norm1.weight" })
        // Several, one inside the other, and before everything.
        let more = renamed(dict) { "_fsdp_wrapped_module.module." + $0 }
        #expect(try recognise(more).config == config)
        #expect(try recognise(renamed(dict) { "teacher.\(wrapper)." + $0 }).report.matched.count == dict.names.count)
    }

    @Test func errorsNameTensorsAsTheFileDoes() {
        var dict = renamed(stateDict(config)) { "module." + $0 }
        dict["module.blocks.0._orig_mod.extra.weight"] = entry([2])
        #expect(reason(dict) == .unused(["module.blocks.0._orig_mod.extra.weight"]))
    }

    @Test func twoTensorsOfOneNameAreRefused() {
        var dict = stateDict(config)
        dict["module.norm.weight"] = entry([24], 2)
        #expect(reason(dict) == .sameName("norm.weight", "module.norm.weight", plain: "norm.weight"))
    }

    @Test func namesThatOnlyLookTheSameAreRefused() {
        var dict = stateDict(config)
        dict["caf\u{e9}.weight"] = entry([2])
        dict["cafe\u{301}.weight"] = entry([2], 1)
        #expect(dict["caf\u{e9}.weight"]?.tensor().array == [0, 0])
        #expect(dict["cafe\u{301}.weight"]?.tensor().array == [1, 1])
        #expect(reason(dict) == .alikeName("cafe\u{301}.weight"))
        dict["cafe\u{301}.weight"] = nil
        #expect(dict.names.last?.unicodeScalars.contains("\u{e9}") == true)
    }

    // MARK: - Sizes

    @Test func anotherSizeOfThePreprocessorIsTold() throws {
        var hints = threeHeads
        hints.preparedSize = ImageSize(height: 12, width: 12)
        let model = try recognise(stateDict(config), hints)
        let said = try #require(model.report.assumptions.first { $0.field == "img_size" }).sentence
        for part in ["16×16", "4×4", "12×12", "pass img_size 12", "preprocessor_config.json"] {
            #expect(said.contains(part), "\(said)")
        }
        hints.imgSize = ImageSize(height: 12, width: 12)
        let asked = try recognise(stateDict(config), hints)
        #expect(!asked.report.assumes("img_size") && asked.config.grid.rows == 3)
        hints.imgSize = nil
        // 18 pixels have four patches of 4, and two pixels over that the network drops.
        hints.preparedSize = ImageSize(height: 18, width: 18)
        let larger = try recognise(stateDict(config), hints)
        #expect(larger.config.imgSize == hints.preparedSize && larger.config.grid == config.grid)
        #expect(larger.report.notes.contains { $0.contains("18×18") && $0.contains("beyond the last patch") })
        hints.preparedSize = ImageSize(height: 13, width: 12)
        let odd = try recognise(stateDict(config), hints).report.assumptions.first { $0.field == "img_size" }?.sentence
        #expect(odd?.contains("no multiple") == true)
        hints.preparedSize = config.imgSize
        #expect(!(try recognise(stateDict(config), hints)).report.assumes("img_size"))
        hints.config["image_size"] = .int(8)
        #expect(try recognise(stateDict(config), hints).report.assumes("img_size"))
    }

    // MARK: - Numbers that are none

    @Test(arguments: [Float.nan, .infinity, -.infinity])
    func tensorsThatAreNotFiniteAreNamed(number: Float) throws {
        var dict = renamed(stateDict(config)) { "module." + $0 }
        dict["module.blocks.1.norm2.bias"] = StateDict.Entry(
            Tensor(shape: [24], [Float](repeating: 0, count: 23) + [number]))
        dict["module.pos_embed"] = entry([1, 17, 24], number)
        dict["module.head.0.weight"] = entry([3], number)
        var hints = threeHeads
        // Resampling mixes rows; the file's tensor is named all the same.
        hints.imgSize = ImageSize(height: 20, width: 20)
        let model = try recognise(dict, hints)
        #expect(Set(model.report.notFinite) == ["module.blocks.1.norm2.bias", "module.pos_embed"])
        #expect(try recognise(stateDict(config)).report.notFinite == [])
    }
}
