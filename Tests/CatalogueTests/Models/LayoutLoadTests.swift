import Catalogue
import Images
import JSON
import Models
import Service
import ServiceTestSupport
import TestSupport
import Testing

/// A checkpoint layout that nobody but its declaration knows, from the file to the model.
@Suite struct LayoutLoadTests {
    private static let layouts = CheckpointLayouts([
        CheckpointLayout(
            "toy", title: "Toy", reads: "plain files", scheme: .timm,
            signs: [LayoutSign(.own) { $0.has("cls_token") }], eps: 1e-3,
            images: ImageStatistics(mean: [0.5, 0.4, 0.3], std: [0.2, 0.1, 0.2]))
    ])

    @Test func itIsInspected() async throws {
        let test = try await TestService()
        let report = try Inspection.inspect(
            test.folder + "/models/a.safetensors", options: LoadOptions(numHeads: 4), layouts: Self.layouts)
        #expect(report.isUsable && report.value["recognised_as"] == .string("toy"))
        #expect(report.value["config"]?["eps"] == .double(1e-3))
        #expect(Inspection.layouts(Self.layouts).map(\.title) == ["Toy"])
        #expect(Inspection.layouts().map(\.name).contains("moco_v3"))
    }

    @Test func itIsLoadedWithItsOwnStatisticsOfImages() async throws {
        let test = try await TestService()
        let place = CheckpointPlace(path: test.folder + "/models/a.safetensors")
        let model = try ModelLoader.read(place, LoadOptions(numHeads: 4), layouts: Self.layouts)
        #expect(model.model.transform.preprocess.mean == [0.5, 0.4, 0.3])
        #expect(model.model.transform.preprocess.std == [0.2, 0.1, 0.2])
        let asked = try ModelLoader.read(
            place, LoadOptions(numHeads: 4, mean: [0.1, 0.1, 0.1]), layouts: Self.layouts)
        #expect(asked.model.transform.preprocess.mean == [0.1, 0.1, 0.1])
        #expect(asked.model.transform.preprocess.std == [0.2, 0.1, 0.2])
        let usual = try ModelLoader.read(place, LoadOptions(numHeads: 4))
        #expect(usual.model.transform.preprocess == .standard)
    }

    /// What nothing beside the weights tells is as the family has it, and the report says by whom.
    @Test func imagesArePreparedAsTheFamilyDoes() throws {
        func read(_ name: String, _ options: LoadOptions = LoadOptions()) throws -> (Preprocess, String) {
            let model = try ModelLoader.read(CheckpointPlace(path: fixture("newer_models/files/\(name)")), options)
                .model
            let notes = model.report["notes"]?.list?.compactMap(\.string) ?? []
            return (model.transform.preprocess, notes.first { $0.hasPrefix("Images are prepared") } ?? "")
        }
        let (siglip, said) = try read("hf_siglip")
        #expect(siglip.cropMode == .squash && siglip.mean == [0.5, 0.5, 0.5] && siglip.cropPct == 1)
        #expect(siglip.interpolation == .bicubic && said.contains("Hugging Face SigLIP"))
        let (clip, _) = try read("hf_clip")
        #expect(clip.cropMode == .center && clip.mean[0] == 0.48145466 && clip.cropPct == 1)
        let (dino, _) = try read("hf_dinov3")
        #expect(dino.cropMode == .squash && dino.interpolation == .bilinear && dino.mean == Preprocess.imageNetMean)
        let (asked, why) = try read("hf_siglip", LoadOptions(mean: [0.1, 0.1, 0.1]))
        #expect(asked.mean == [0.1, 0.1, 0.1] && asked.cropMode == .squash && why.contains("mean is as asked for"))
    }
}
