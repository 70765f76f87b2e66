import Catalogue
import Checkpoints
import Engine
import JSON
import Models
import Platform
import Service
import ServiceTestSupport
import Testing

@Suite struct CropModeTests {
    /// A folder as timm's hub has it, with `fields` in `pretrained_cfg`.
    private static func addFolder(_ name: String, _ fields: String, to test: TestService) throws {
        try Folder.create("\(test.folder)/models/\(name)")
        try SafeTensors.write(
            VisionTransformer.randomStateDict(TestService.config, seed: 1),
            to: "\(test.folder)/models/\(name)/model.safetensors")
        try AtomicFile.write(
            Array(#"{"num_heads": 4, "pretrained_cfg": {\#(fields)}}"#.utf8),
            to: "\(test.folder)/models/\(name)/config.json")
    }

    private static func register(
        _ name: String, _ preprocess: LoadOptions?, in test: TestService
    ) async throws -> ModelInfo {
        try await test.service.register(
            ModelRegistration(name: name, path: name, numHeads: 4, preprocess: preprocess), waiting: 60)
    }

    @Test func timmsConfigIsFollowedAndARegistrationWins() async throws {
        let test = try await TestService()
        let fields = #""crop_pct": 0.9, "crop_mode": "squash", "interpolation": "bilinear", "mean": [0.5, 0.5, 0.5]"#
        for name in ["own", "asked"] { try Self.addFolder(name, fields, to: test) }
        let own = try #require(try await Self.register("own", nil, in: test).preprocess)
        #expect((own.cropMode, own.cropPct, own.interpolation) == ("squash", 0.9, "bilinear"))
        let asked = try #require(
            try await Self.register("asked", LoadOptions(cropMode: "border"), in: test).preprocess)
        #expect((asked.cropMode, asked.cropPct, asked.mean) == ("border", 0.9, [0.5, 0.5, 0.5]))
        // Another crop mode is another result, however much else is the same.
        let parameters: KeyValuePairs = ["image": "pets:0", "layers": "-1"]
        let first = try await test.prepare(.attentionDistance, "own", parameters)
        let second = try await test.prepare(.attentionDistance, "asked", parameters)
        #expect(first.id != second.id)
    }

    @Test(arguments: [
        (#""crop_mode": "stretch""#, "crop_mode", "center, squash, border"), (#""crop_mode": 3"#, "crop_mode", "mode"),
        (#""interpolation": "random""#, "interpolation", "bicubic"), (#""crop_pct": 0"#, "crop_pct", "0.05"),
        (#""crop_pct": 1e308"#, "crop_pct", "0.05"), (#""crop_pct": "0.9""#, "crop_pct", "number"),
        (#""std": [0, 1, 1]"#, "std", "positive"), (#""mean": [1e308, 0, 0]"#, "mean", "three numbers"),
        (#""mean": 0.5"#, "mean", "list"),
    ])
    func whatCannotBeFollowedIsRefusedByName(_ fields: String, _ name: String, _ words: String) async throws {
        let test = try await TestService()
        try Self.addFolder("m", fields, to: test)
        let model = try await Self.register("m", nil, in: test)
        #expect(model.state == .failed)
        #expect(model.error?.lowercased().contains(name) == true, "\(model.error ?? "")")
        #expect(model.error?.contains(words) == true, "\(model.error ?? "")")
    }

    @Test func aRegistrationMendsWhatTheFileSaysWrong() async throws {
        let test = try await TestService()
        try Self.addFolder("m", #""crop_mode": "stretch", "crop_pct": 0.95"#, to: test)
        let model = try await Self.register("m", LoadOptions(cropMode: "center"), in: test)
        #expect(model.preprocess?.cropMode == "center" && model.preprocess?.cropPct == 0.95)
    }

    @Test func numbersThatMakeNoneAreRefusedByTheirField() async throws {
        let test = try await TestService()
        let options: [(LoadOptions, String)] = [
            (LoadOptions(cropPct: .nan), "/preprocess/crop_pct"),
            (LoadOptions(cropPct: 0), "/preprocess/crop_pct"),
            (LoadOptions(cropPct: 1e308), "/preprocess/crop_pct"),
            (LoadOptions(cropMode: "stretch"), "/preprocess/crop_mode"),
            (LoadOptions(mean: [.infinity, 0, 0]), "/preprocess/mean"),
            (LoadOptions(mean: [0.5, 0.5]), "/preprocess/mean"),
            (LoadOptions(std: [0, 1, 1]), "/preprocess/std"),
            (LoadOptions(std: [1, .nan, 1]), "/preprocess/std"),
        ]
        for (option, pointer) in options {
            let error = await failure {
                _ = try await test.service.register(
                    ModelRegistration(name: "x", path: "a.safetensors", preprocess: option))
            }
            guard case .invalid(let faults)? = error else { return #expect(Bool(false), "\(pointer)") }
            #expect(faults.map(\.pointer) == [pointer])
        }
    }

    @Test func theCatalogueFileKeepsIt() async throws {
        let test = try await TestService()
        _ = try await test.service.register(
            ModelRegistration(
                name: "a", path: "a.safetensors", numHeads: 4, preprocess: LoadOptions(cropMode: "squash")),
            waiting: 60)
        await test.service.shutdown()
        let again = TestService.make(test.folder)
        try await again.start()
        _ = try await again.register(
            ModelRegistration(
                name: "a", path: "a.safetensors", numHeads: 4, preprocess: LoadOptions(cropMode: "squash")),
            waiting: 60)
        #expect(try await again.model("a").preprocess?.cropMode == "squash")
        await again.shutdown()
    }

    @Test func theCommandLinesAnalysisTakesIt() async throws {
        let test = try await TestService()
        let analysis = StandaloneAnalysis(threads: 1)
        func id(_ mode: String?) async throws -> String {
            let options = LoadOptions(numHeads: 4, cropMode: mode)
            return try await analysis.run(
                .attentionDistance, models: [test.folder + "/models/a.safetensors"],
                images: [test.folder + "/datasets/pets"], parameters: [], options: options
            ).id
        }
        #expect(try await id(nil) == (try await id("center")))
        #expect(try await id("squash") != (try await id("center")))
        let error = await failure { _ = try await id("stretch") }
        guard case .invalid(let faults)? = error else { return #expect(Bool(false), "\(String(describing: error))") }
        #expect(faults.map(\.pointer) == ["/preprocess/crop_mode"])
    }
}
