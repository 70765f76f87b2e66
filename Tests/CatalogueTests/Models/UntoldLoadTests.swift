import Catalogue
import Checkpoints
import Foundation
import JSON
import Models
import Platform
import Service
import ServiceTestSupport
import Tensors
import Testing

/// What a load report says of what the file left open, and which option is asked for.
@Suite struct UntoldLoadTests {
    private func write(
        _ config: VisionTransformerConfig, to name: String, of test: TestService,
        change: (inout StateDict) -> Void = { _ in }
    ) throws {
        var dict = VisionTransformer.randomStateDict(config, seed: 4)
        change(&dict)
        try SafeTensors.write(dict, to: "\(test.folder)/models/\(name).safetensors")
    }

    private func register(_ test: TestService, _ name: String, activation: String? = nil) async throws -> ModelInfo {
        try await test.service.register(
            ModelRegistration(name: name, path: name + ".safetensors", numHeads: 4, activation: activation),
            waiting: 60)
    }

    @Test func theReportSaysWhatWasAssumed() async throws {
        let test = try await TestService()
        try await test.register("a")
        let report = try await test.service.loadReport("a")
        let assumptions = report["assumptions"]?.elements ?? []
        #expect(assumptions.count == 3)
        for case .string(let sentence) in assumptions { #expect(sentence.hasSuffix(".") && sentence.first != "a") }
        #expect(report["not_finite"]?.elements.isEmpty == true && report["others"]?.elements.isEmpty == true)
    }

    @Test func tensorsThatAreNotFiniteAreInTheReport() async throws {
        let test = try await TestService()
        try write(TestService.config, to: "nan", of: test) {
            $0["norm.bias"] = StateDict.Entry(Tensor(shape: [32], repeating: .nan))
        }
        #expect(try await register(test, "nan").state == .ready)
        #expect(try await test.service.loadReport("nan")["not_finite"] == .list([.string("norm.bias")]))
    }

    @Test func theActivationIsAskedForAndRemembered() async throws {
        let test = try await TestService()
        var clip = TestService.config
        clip.normPre = true
        try write(clip, to: "clip", of: test)
        let open = try await register(test, "clip")
        #expect(open.state == .failed && open.errorPointer == "/activation")
        #expect(open.error?.contains("pass activation") == true)
        #expect(try await register(test, "clip", activation: "gelu").state == .ready)
        // A restart asks for nothing again.
        await test.service.shutdown()
        let again = TestService.make(test.folder)
        try await again.start()
        #expect(try await again.registered("clip").state == .ready)
        await again.shutdown()
    }

    @Test func anUnknownActivationIsAFault() {
        let faults = ModelRegistration(name: "x", path: "x", activation: "swish").faults
        #expect(faults.map(\.pointer) == ["/activation"] && faults[0].detail.contains("quick_gelu"))
    }

    @Test func whatIsNotUsedIsRefusedByName() async throws {
        let test = try await TestService()
        try write(TestService.config, to: "yolos", of: test) {
            $0["det_token"] = StateDict.Entry(Tensor.zeros([1, 100, 32]))
        }
        let info = try await register(test, "yolos")
        #expect(info.state == .failed && info.error?.contains("det_token") == true && info.errorPointer == "/path")
        #expect(try await test.service.loadReport("yolos")["verdict"] == .string("refused"))
    }

    @Test func thePreprocessorsSizeIsTold() async throws {
        let test = try await TestService()
        let folder = test.folder + "/models/hub"
        try Folder.create(folder)
        try SafeTensors.write(
            VisionTransformer.randomStateDict(TestService.config, seed: 4), to: folder + "/model.safetensors")
        try AtomicFile.write(
            Array(#"{"architecture": "vit_base_patch8_32", "model_args": {"num_heads": 4, "embed_dim": 32}}"#.utf8),
            to: folder + "/config.json")
        try AtomicFile.write(
            Array(
                #"""
                {"image_processor_type": "BitImageProcessor", "do_center_crop": true, "do_normalize": true,
                 "do_resize": true, "crop_size": {"height": 16, "width": 16}, "size": {"shortest_edge": 18},
                 "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5], "resample": 3}
                """#.utf8), to: folder + "/preprocessor_config.json")
        let info = try await test.service.register(ModelRegistration(name: "hub", path: "hub"), waiting: 60)
        #expect(info.config?.grid == GridSize(rows: 4, cols: 4), "\(info.error ?? "")")
        guard case .string(let said)? = try await test.service.loadReport("hub")["assumptions"]?.elements.first else {
            return #expect(Bool(false), "the other size is not told")
        }
        #expect(said.contains("32×32") && said.contains("pass img_size 16"))
    }
}

extension ViTScopeService {
    /// The model when it has loaded.
    fileprivate func registered(_ name: String) async throws -> ModelInfo {
        try await register(
            ModelRegistration(name: name, path: name + ".safetensors", numHeads: 4, activation: "gelu"), waiting: 60)
    }
}
