import Catalogue
import Checkpoints
import Engine
import Images
import JSON
import Models
import Service
import ServiceTestSupport
import TestSupport
import Testing

@Suite struct PatchPCATaskTests {
    @Test func everyFormIsMade() async throws {
        let test = try await TestService()
        try await test.register("a")
        let result = try await test.analyze(
            .patchPCA, "a", ["image": "pets:0", "image": "pets:5", "depths": "all", "threshold": "-0.5"])
        #expect(result.array("colours")?.shape == [2, 4, 4, 4, 3])
        #expect(result.array("first_component")?.shape == [2, 4, 4, 4])
        for format in [ResultFormat.json, .csv, .npy, .npz, .png] {
            #expect(try await test.service.encode(result, as: format).bytes.count > 64)
        }
        let colours = result.numbers("colours"), shown = result.numbers("is_foreground")
        #expect(colours.everyOne { (0...1).contains($0) } && shown.everyOne { $0 == 0 || $0 == 1 })
        for (patch, isShown) in shown.enumerated() where isShown == 0 {
            #expect(Array(colours[patch * 3..<patch * 3 + 3]) == [0, 0, 0])
        }
        // Behind the background is the image; its colours are brighter.
        var options = EncodingOptions()
        options.overlay = true
        let over = try Image.decode(
            try await test.service.encode(result, as: .png, options: options).bytes, orientation: .ignore)
        let plain = try Image.decode(try await test.service.encode(result, as: .png).bytes, orientation: .ignore)
        #expect(over.width == plain.width && over != plain)
        let table = String(decoding: try await test.service.encode(result, as: .csv).bytes, as: UTF8.self)
        #expect(table.hasPrefix("image,depth,row,col,channel,colours\n") && table.contains(",0,0,0,red,"))
    }

    /// One map alone is drawn in the pixels that its numbers say.
    @Test func thePictureHasTheColours() async throws {
        let test = try await TestService()
        try await test.register("a")
        let result = try await test.analyze(.patchPCA, "a", ["image": "pets:3"])
        let image = try Image.decode(try await test.service.encode(result, as: .png).bytes, orientation: .ignore)
        let colours = result.numbers("colours")
        for patch in 0..<16 {
            let y = (2 * (patch / 4) + 1) * image.height / 8, x = (2 * (patch % 4) + 1) * image.width / 8
            for channel in 0..<3 {
                let level = Double(image.pixels[(y * image.width + x) * 3 + channel])
                #expect(abs(level - colours[patch * 3 + channel] * 255) <= 0.51, "\(patch)")
            }
        }
    }

    /// What the images decide together changes with them; the model's norm and the rules are told.
    @Test func rulesAreRefusedWhereTheySayNothing() async throws {
        let test = try await TestService()
        try await test.register("a")
        for (name, value, word) in [("threshold", "1", "foreground=false"), ("refit", "true", "foreground=false")] {
            let error = await failure {
                _ = try await test.analyze(.patchPCA, "a", ["image": "pets:0", "foreground": "false", name: value])
            }
            guard case .invalid(let faults)? = error else { return #expect(Bool(false), "\(name)") }
            #expect(faults[0].pointer == "/" + name && faults[0].detail.contains(word))
        }
        let all = try await test.analyze(.patchPCA, "a", ["image": "pets:0", "foreground": "false"])
        #expect(all.numbers("is_foreground").everyOne { $0 == 1 } && all["threshold"] == nil)
        let none = try await test.analyze(.patchPCA, "a", ["image": "pets:0", "threshold": "90"])
        #expect(none.numbers("colours").everyOne { $0 == 0 })
        #expect(none["reasons"]?.elements.contains { $0["pointer"]?.string == "/colours" } == true)
    }

    /// A grid of one patch takes two images.
    @Test func onePatchDoesNotVary() async throws {
        var config = TestService.config
        config.patchSize = 32
        let test = try await TestService()
        try SafeTensors.write(
            VisionTransformer.randomStateDict(config, seed: 3), to: "\(test.folder)/models/one.safetensors")
        try await test.register("one")
        let error = await failure { _ = try await test.analyze(.patchPCA, "one", ["image": "pets:0"]) }
        #expect(error?.detail.contains("more images") == true)
        let two = try await test.analyze(.patchPCA, "one", ["image": "pets:0", "image": "pets:1"])
        #expect(two.array("colours")?.shape == [2, 1, 1, 1, 3])
    }
}
