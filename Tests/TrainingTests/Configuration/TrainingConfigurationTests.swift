import Checkpoints
import Images
import JSON
import Models
import Platform
import Tensors
import Testing
import Training

@Suite struct TrainingConfigurationTests {
    static func parse(_ text: String) throws -> TrainingConfiguration {
        let body = try JSONValue.parse(Array(text.utf8)), configuration = try TrainingConfiguration(body)
        try PublishedSchema.check(body)
        return configuration
    }

    static func faults(_ text: String) throws -> [String: String] {
        do {
            _ = try parse(text)
            return [:]
        } catch TrainingError.configuration(let faults) {
            return Dictionary(faults.map { ($0.pointer, $0.detail) }) { $0 + " " + $1 }
        }
    }

    /// The contract's own example.
    @Test func contractsExampleIsRead() throws {
        let configuration = try Self.parse(
            """
            {"name": "hybrid", "method": "hybrid", "arch": "vit_tiny_patch16_224", "img_size": 224,
             "dataset": "my-photos", "epochs": 100, "warmup_epochs": 10, "batch_size": 64, "accumulation_steps": 1,
             "optimizer": "adamw", "base_lr": 1.5e-4, "min_lr": 0, "weight_decay": 0.1, "clip_grad": 3.0, "seed": 0,
             "moco": {"dim": 256, "mlp_dim": 4096, "m": 0.99, "m_cos": true, "t": 0.2, "stop_grad_conv1": true},
             "simmim": {"mask_ratio": 0.6, "mask_patch_size": 32},
             "mae": {"mask_ratio": 0.75, "decoder_depth": 8, "decoder_dim": 512, "norm_pix_loss": true},
             "hybrid": {"lambda": 0.2}, "init_from": null, "checkpoint": {"every_epochs": 5, "keep_last": 3},
             "analysis": {"every_epochs": 5, "probe_set": "probe-64",
                          "metrics": ["attention-distance", "attention-nmi", "fourier"]},
             "dataset_options": {}, "resources": {"executor": "local", "threads": 2}, "labels": {}}
            """)
        #expect(configuration.method.rawValue == "hybrid" && configuration.threads == 2)
        #expect(configuration.vit?.config.relPos == .shared && configuration.vit?.config.layerScale == true)
        #expect(configuration.objective.lambda == 0.2 && configuration.checkpoints.everyEpochs == 5)
        #expect(configuration.optimization.clipGradient == 3)
        #expect(configuration.augmentation.views.count == 3)
        #expect(configuration.analysis == AnalysisSettings(everyEpochs: 5, probeSet: "probe-64"))
    }

    /// f32 in silence, and then config.json is what it was; a processor without bf16 refuses it with a sentence.
    @Test func precisionIsChosenAndRefused() throws {
        let job = #"{"method": "mae", "arch": "vit_tiny_patch16_64", "dataset": "d", "epochs": 1"#
        let silent = try Self.parse(job + "}")
        #expect(silent.precision == .f32 && silent.vit?.precision == .f32 && silent.resolved["precision"] == nil)
        let auto = try Self.parse(job + #", "precision": "auto"}"#)
        #expect(auto.precision == .quickest && auto.vit?.precision == .quickest)
        #expect(auto.resolved["precision"]?.string == Precision.quickest.rawValue)
        let faults = try Self.faults(job + #", "precision": "bf16"}"#)
        if let lacking = Precision.bf16.lacking {
            #expect(faults["/precision"]?.contains(lacking) == true)
        } else {
            #expect(faults.isEmpty)
        }
    }

    /// What part C says of each method, for 512 images a step.
    @Test func silenceMeansThePapers() throws {
        func read(_ method: String, _ more: String = "") throws -> TrainingConfiguration {
            try Self.parse(
                """
                {"method": "\(method)", "arch": "vit_base_patch16_224", "dataset": "d", "batch_size": 256,
                 "accumulation_steps": 2, "epochs": 100\(more)}
                """)
        }
        func near(_ a: Double, _ b: Double) -> Bool { abs(a - b) <= 1e-12 + 1e-9 * abs(b) }
        let moco = try read("moco_v3").optimization
        #expect(near(moco.learningRate, 3e-4) && moco.weightDecay == 0.1 && moco.decayRule == .all)
        #expect(moco.schedule == .cosine && moco.warmupPrefix && moco.clipGradient == nil)
        let simMIM = try read("simmim", #", "milestones": [70]"#)
        #expect(near(simMIM.optimization.learningRate, 1e-4) && near(simMIM.optimization.warmupLearningRate, 5e-7))
        #expect(simMIM.optimization.schedule == .multistep && simMIM.optimization.milestones == [70])
        #expect(simMIM.optimization.clipGradient == 5 && simMIM.dropPath == 0.1)
        let course = simMIM.optimization.learningRateSchedule(stepsPerEpoch: 10, epochs: 100)
        #expect(near(course.learningRate(at: 701), 1e-5) && near(course.learningRate(at: 700), 1e-4))
        let mae = try read("mae").optimization
        #expect(mae.rule == .adamW(AdamWConstants(beta1: 0.9, beta2: 0.95)) && near(mae.learningRate, 3e-4))
        #expect(mae.decayRule == .oneDimensional)
        let tuning = try read("finetune", #", "init_from": "a.safetensors""#)
        #expect(near(tuning.optimization.learningRate, 1.25e-3) && near(tuning.optimization.minLearningRate, 2.5e-7))
        #expect(tuning.optimization.layerDecay == 0.65 && tuning.optimization.warmupEpochs == 20)
        #expect(!tuning.optimization.warmupPrefix && tuning.augmentation.mixup == 0.8 && tuning.smoothing == 0.1)
        let probe = try read("linear_probe", #", "init_from": "a.safetensors""#)
        #expect(probe.optimization.rule == .sgd(momentum: 0.9, nesterov: false))
        #expect(near(probe.optimization.learningRate, 6) && probe.objective.probeLayers == nil)
        let lars = try read("linear_probe", #", "recipe": "mae", "init_from": "a.safetensors""#).optimization
        #expect(lars.rule == .lars(momentum: 0.9, trustCoefficient: 0.001) && near(lars.learningRate, 0.2))
    }

    @Test func everyFaultIsSaidAtOnceWithItsPlace() throws {
        let faults = try Self.faults(
            """
            {"method": "hybrid", "arch": {"img_size": 50, "patch_size": 6, "embed_dim": 97, "num_heads": 3, "widht": 1},
             "dataset": "d", "epochs": 10, "warmup_epochs": 20, "batch_size": 1, "lr": 1e-3, "base_lr": 1e-4,
             "optimizer": "sgd", "betas": [0.9, 0.99], "schedule": "cosine", "milestones": [5], "momntum": 0.9,
             "hybrid": {"lambda": 1.5}, "moco": {"t": 0}, "simmim": {"mask_ratio": "half"},
             "augmentation": {"crop_min": 0.9, "crop_max": 0.5, "mixup": 0.8}, "seed": -1, "min_lr": 0.5,
             "dataset_options": {"cue": "matched"}, "resources": {"executor": "moon"}, "analysis": {"every_epochs": 5}}
            """)
        let places = [
            "/arch/img_size", "/arch/num_heads", "/arch/widht", "/warmup_epochs", "/batch_size", "/base_lr", "/betas",
            "/milestones", "/momntum", "/hybrid/lambda", "/moco/t", "/simmim/mask_ratio", "/augmentation/crop_min",
            "/augmentation/mixup", "/seed", "/min_lr", "/dataset_options", "/resources/executor", "/analysis/probe_set",
        ]
        for place in places { #expect(faults[place] != nil, "\(place) is not named") }
        #expect(faults["/momntum"]?.contains("“momentum”") == true)
        #expect(faults.count == places.count, "\(Set(faults.keys).subtracting(places))")
    }

    @Test func contradictionsAreRefused() throws {
        func faults(_ method: String, _ more: String) throws -> [String: String] {
            try Self.faults(#"{"method": "\#(method)", "arch": "vit_tiny_patch16_224", "dataset": "d", \#(more)}"#)
        }
        #expect(try faults("simmim", #""simmim": {"mask_patch_size": 20}"#)["/simmim"] != nil)
        #expect(try faults("finetune", #""epochs": 5"#)["/init_from"] != nil)
        #expect(try faults("supervised", #""batch_size": 3"#)["/batch_size"] != nil)
        #expect(try faults("moco_v3", #""probe": {"layers": "all"}"#)["/probe"] != nil)
        #expect(try faults("simmim", #""warmup_prefix": true"#)["/warmup_prefix"] != nil)
        #expect(try faults("simmim", #""recipe": "mae""#)["/recipe"] != nil)
        #expect(try faults("moco_v3", #""img_size": 100"#)["/img_size"] != nil)
        #expect(try faults("moco_v3", #""clip_grad": 0"#)["/clip_grad"] != nil)
        #expect(try faults("linear_probe", #""init_from": "a", "probe": {"layers": [40]}"#)["/probe"] != nil)
        #expect(try faults("moco_v3", #""optimizer": "adam""#)["/optimizer"] != nil)
        #expect(try faults("mae", #""validation_dataset": "v", "smoothing": 0.1"#).count == 2)
        #expect(try Self.faults("{}").keys.sorted() == ["/arch", "/dataset", "/method"])
        #expect(try Self.faults("[1]")[""] != nil)
        let alone = #"{"method": "mae", "dataset": "d", "arch": {"embed_dim": 30, "num_heads": 3}}"#
        #expect(try Self.faults(alone)["/arch/pos_embed"] != nil)
        let related = #"{"method": "mae", "dataset": "d", "arch": {"rel_pos": "shared"}}"#
        #expect(try Self.faults(related)["/arch"] != nil)
    }

    @Test func probedDepthsAreResolvedBeforeTheyAreCompared() throws {
        func faults(_ layers: String) throws -> String? {
            try Self.faults(
                #"{"method": "linear_probe", "init_from": "a", "arch": "vit_tiny_patch16_224", "dataset": "d", "#
                    + #""probe": {"layers": \#(layers)}}"#)["/probe"]
        }
        #expect(try faults("[3, -10]")?.contains("depth 3") == true)
        #expect(try faults("[12, -1]")?.contains("depth 12") == true)
        #expect(try faults("[3, -9, -1]") == nil)
    }

    @Test func encodersThatAMethodCannotTakeAreRefused() throws {
        func faults(_ method: String, _ arch: String, _ more: String = "") throws -> [String: String] {
            try Self.faults(
                #"{"method": "\#(method)", "init_from": "a", "dataset": "d", "arch": {\#(arch)}\#(more)}"#)
        }
        let registers = #""reg_tokens": 2, "pos_embed": "learned""#
        #expect(try faults("mae", registers)["/arch"]?.contains("3 such tokens") == true)
        #expect(try faults("moco_v3", registers).isEmpty)
        let token = #", "probe": {"pooling": "token"}"#
        #expect(try faults("linear_probe", #""class_token": false"#, token)["/probe"] != nil)
        #expect(try faults("linear_probe", #""class_token": false"#).isEmpty)
        #expect(try faults("linear_probe", "", #", "batch_size": 1"#)["/batch_size"] != nil)
    }

    @Test func settingsThatAProbeDoesNotUseAreRefused() throws {
        func faults(_ more: String) throws -> [String: String] {
            try Self.faults(#"{"method": "linear_probe", "init_from": "a", "dataset": "d"\#(more)}"#)
        }
        #expect(try faults("").isEmpty)
        #expect(try faults(#", "drop_path": 0.1"#)["/drop_path"] != nil)
        #expect(try faults(#", "smoothing": 0.1"#)["/smoothing"] != nil)
    }

    /// The mean patch unless MAE's recipe, which probes the class token, or somebody says otherwise.
    @Test func probeReadsWhatItsRecipeReads() throws {
        func pooling(_ more: String) throws -> LinearProbe.Pooling {
            try Self.parse(#"{"method": "linear_probe", "init_from": "a", "dataset": "d"\#(more)}"#).objective
                .probePooling
        }
        #expect(try pooling("") == .avg)
        #expect(try pooling(#", "recipe": "mae""#) == .token)
        #expect(try pooling(#", "recipe": "mae", "probe": {"pooling": "avg"}"#) == .avg)
    }

    @Test func initializationIsKeptWithoutArch() throws {
        let body = #"{"method": "simmim", "init_from": "a", "dataset": "d", "initialization": "mae"}"#
        #expect(try Self.parse(body).initialization == .mae)
        #expect(try Self.parse(body).vit == nil)
    }

    /// Each size lies in its range, but together they ask for more than a machine has.
    @Test func sizesThatDoNotFitAreRefusedBeforeAnythingIsMade() throws {
        func fault(_ method: String, _ arch: String, _ more: String = "") throws -> Fault? {
            let configuration = try Self.parse(
                #"{"method": "\#(method)", "dataset": "d", "init_from": "a", "arch": {\#(arch)}\#(more)}"#)
            do {
                try configuration.checkMemory(try #require(configuration.vit), available: 32e9)
                return nil
            } catch TrainingError.configuration(let faults) { return faults.first }
        }
        let huge = try fault("simmim", #""img_size": 4096"#, #", "batch_size": 2"#)
        #expect(huge?.pointer == "/arch" && huge?.detail.contains("32.0 GB") == true)
        #expect(try fault("supervised", #""embed_dim": 16384, "num_heads": 64, "depth": 200"#)?.pointer == "/arch")
        #expect(try fault("mae", "", #", "batch_size": 65536"#)?.pointer == "/batch_size")
        #expect(try fault("moco_v3", "", #", "moco": {"dim": 65536, "mlp_dim": 65536}"#)?.pointer == "/arch")
        for method in TrainingMethod.allCases { #expect(try fault(method.rawValue, "") == nil, "\(method)") }
    }

    /// The configuration as it is written down means the same again.
    @Test(arguments: TrainingMethod.allCases) func resolvedConfigurationReadsAsItself(method: TrainingMethod) throws {
        let first = try Self.parse(
            """
            {"method": "\(method.rawValue)", "arch": {"img_size": 32, "patch_size": 8, "embed_dim": 24, "num_heads": 3},
             "dataset": "shapes-textures", "dataset_options": {"n_images": 20}, "init_from": "a.safetensors",
             "batch_size": 6, "augmentation": {"flip": 0.1}}
            """)
        let second = try Self.parse(String(decoding: first.resolved.pretty, as: UTF8.self))
        #expect(second.resolved.pretty == first.resolved.pretty)
        #expect(second.augmentation == first.augmentation && second.vit == first.vit && second.digest == first.digest)
    }

    /// Whatever stands where, the answer is a list of faults or a configuration, and never a crash.
    @Test func hostileValuesAreRefusedOrHarmless() throws {
        let base = try Self.parse(
            """
            {"method": "hybrid", "arch": {"img_size": 32, "patch_size": 8, "embed_dim": 24, "num_heads": 3},
             "dataset": "shapes-textures", "dataset_options": {"n_images": 20, "img_size": 16, "seed": 1, "cue": "shape"},
             "checkpoint": {"every_steps": 3}, "resources": {"threads": 1}, "labels": {"a": "b"}, "name": "n"}
            """)
        let hostile = [
            "9223372036854775807", "-9223372036854775808", "1e308", "-1e-308", "0", "-0.0", "1e-320", "\"\"",
            "\"\\u0000\"",
            "[]", "[[]]", "{}", "{\"a\": {}}", "true", "null", "[1e308, -1]",
            "\"\(String(repeating: "x", count: 5000))\"",
        ]
        func replace(_ value: JSONValue, _ path: [String], _ text: String) -> String {
            guard let name = path.first, let members = value.object else { return text }
            let texts = members.map { member in
                "\"\(member.name)\": "
                    + (member.name == name
                        ? replace(member.value, Array(path.dropFirst()), text)
                        : String(decoding: member.value.canonical, as: UTF8.self))
            }
            return "{" + texts.joined(separator: ", ") + "}"
        }
        var paths: [[String]] = []
        for key in (base.resolved.object ?? []).map(\.name) {
            paths.append([key])
            for inner in (base.resolved[key]?.object ?? []).map(\.name) { paths.append([key, inner]) }
        }
        #expect(paths.count > 60)
        for path in paths {
            for text in hostile {
                if let configuration = try? Self.parse(replace(base.resolved, path, text)) {
                    let course = configuration.optimization.learningRateSchedule(
                        stepsPerEpoch: 7, epochs: configuration.epochs)
                    #expect(course.learningRate(at: 5).isFinite)
                }
            }
        }
    }

    /// Overrides reach the views that they are for.
    @Test func augmentationIsOverridden() throws {
        let views = try Self.parse(
            """
            {"method": "hybrid", "arch": "vit_tiny_patch16_224", "dataset": "d", "augmentation":
             {"crop_min": 0.5, "color_jitter": [0.4, 0.4, 0.4, 0.5], "blur_p": [1, 0], "solarize_p": 0,
              "masked_view": {"crop_min": 0.9, "flip": 0}}}
            """
        ).augmentation.views
        #expect(views[0].crop == .random(scale: 0.5...1) && views[1].crop == .random(scale: 0.5...1))
        #expect(views[2].crop == .random(scale: 0.9...1) && views[2].flip == 0 && views[0].flip == 0.5)
        #expect(views[0].colorJitter?.hue == 0.5 && views[2].colorJitter == nil)
        #expect(views[0].blur?.probability == 1 && views[1].blur == nil && views[1].solarize == 0)
    }
}
