import Catalogue
import Engine
import Foundation
import JSON
import Service
import ServiceTestSupport
import TestSupport
import Testing

/// Folders of Hugging Face in which one value of a configuration is nothing that anybody writes. Each is loaded, or refused
/// with a sentence.
@Suite struct HostileConfigTests {
    private static let values: [JSONValue] = [
        .int(.min), .int(.max), .int(0), .int(-1), .int(1 << 40), .double(1e308), .double(-1e308),
        .double(.leastNonzeroMagnitude),
        .double(-9.223372036854775808e18), .string(""), .string("9223372036854775807"), .list([]), .ints([.max, .max]),
        .ints([.min, .min]), .object([]), .object([.init("height", .int(.min)), .init("width", .int(.max))]),
        .object([.init("shortest_edge", .int(.max))]), .null, .bool(true),
    ]

    private static let prepared = #"""
        {"do_resize": true, "size": {"height": 16, "width": 16}, "resample": 3, "do_center_crop": true, "crop_size":
        {"height": 16, "width": 16}, "do_rescale": true, "rescale_factor": 0.00392156862745098, "do_normalize": true,
        "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5], "crop_pct": 0.9}
        """#

    @Test(arguments: ["hf_vit", "hf_beit", "hf_dinov2_with_registers", "hf_vit_mae", "timm_swiglu_hub_bf16"])
    func oneValueIsWrong(_ name: String) throws {
        let folder = try TemporaryFolder(), place = CheckpointPlace(path: folder.path + "/model")
        try FileManager.default.copyItem(atPath: fixture("models/files/\(name)"), toPath: folder.path + "/model")
        let config = folder.path + "/model/config.json"
        let original = try JSONValue.parse(Array(try Data(contentsOf: URL(fileURLWithPath: config))))
        let preparation = try #require(JSONValue(json: Self.prepared))
        var tried = 0
        for (file, document) in [("config.json", original), ("preprocessor_config.json", preparation)] {
            for member in document.object ?? [] {
                for value in Self.values {
                    let rest = (document.object ?? []).filter { $0.name != member.name }
                    let hostile = JSONValue.object(rest + [.init(member.name, value)])
                    try Data(hostile.json).write(to: URL(fileURLWithPath: folder.path + "/model/" + file))
                    tried += 1
                    do throws(LoadFailure) {
                        _ = try Networks().hold(ModelLoader.read(place, LoadOptions(numHeads: 3)))
                    } catch {
                        #expect("\(error)".utf8.count > 20, "\(name): \(member.name) \(value)")
                    }
                }
            }
            try Data(document.json).write(to: URL(fileURLWithPath: folder.path + "/model/" + file))
        }
        #expect(tried > 200)
    }
}
