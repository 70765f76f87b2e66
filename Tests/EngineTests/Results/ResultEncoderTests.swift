import Catalogue
import TestSupport
import Checkpoints
import Engine
import Foundation
import Images
import JSON
import Platform
import Service
import ServiceTestSupport
import Tensors
import Testing

@Suite struct ResultEncoderTests {
    @Test func jsonIsReadByOthers() async throws {
        let test = try await TestService()
        try await test.register("a")
        let result = try await test.analyze(.attention, "a", ["image": "pets:0", "head": "all"])
        var options = EncodingOptions()
        options.links = [.init("self", .string("/v1/x?y=\"z\""))]
        let encoded = try await test.service.encode(result, as: .json, options: options)
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(encoded.bytes)) as? [String: Any])
        #expect((object["links"] as? [String: String])?["self"] == "/v1/x?y=\"z\"")
        #expect(object["analysis_id"] as? String == result.id)
        let maps = try #require(object["attention"] as? [[[[[[Double]]]]]])
        let flat = maps.flatMap { $0 }.flatMap { $0 }.flatMap { $0 }.flatMap { $0 }.flatMap { $0 }
        #expect(flat.map { Float($0) } == result.numbers("attention").map { Float($0) })
    }

    @Test func npyHoldsTheMainArrayAndNpzAllOfThem() async throws {
        let test = try await TestService()
        try await test.register("a")
        let maps = try await test.analyze(.attention, "a", ["image": "pets:0"])
        let npy = try await test.service.encode(maps, as: .npy)
        #expect(npy.tensor?.shape == [1, 1, 1, 1, 4, 4] && npy.tensor?.dtype == "<f4" && npy.tensor?.axes.count == 6)
        let entry = try Npy.decode(Bytes(npy.bytes))
        #expect(
            entry.shape == [1, 1, 1, 1, 4, 4] && entry.tensor().array.map(Double.init) == maps.numbers("attention"))
        let curves = try await test.analyze(.fourier, "a", ["image": "pets:0"])
        #expect(try await test.service.encode(curves, as: .npy).tensor?.dtype == "<f8")
        let npz = try Npz.decode(Bytes(try await test.service.encode(curves, as: .npz).bytes))
        #expect(
            Set(npz.names) == [
                "frequency_pi", "delta_log_amplitude", "delta_log_amplitude_std", "delta_log_amplitude_sem",
                "high_frequency",
                "high_frequency_std", "high_frequency_sem", "depth_curve.high_frequency",
                "depth_curve.high_frequency_sem", "reasons",
            ])
    }

    @Test func mapsAsBytesComeBackWithTheirScales() async throws {
        let test = try await TestService()
        try await test.register("a")
        let maps = try await test.analyze(.attention, "a", ["image": "pets:0", "head": "all", "query": "all"])
        var options = EncodingOptions()
        options.isQuantized = true
        let whole = try await test.service.encode(maps, as: .npz)
        let small = try await test.service.encode(maps, as: .npz, options: options)
        #expect(small.bytes.count < whole.bytes.count / 2)
        let archive = try Npz.decode(Bytes(small.bytes))
        func entry(_ name: String) throws -> StateDict.Entry {
            guard case .tensor(let entry)? = archive[name] else { throw CheckpointError.zipBadName(name) }
            return entry
        }
        let bytes = try entry("attention"), scales = try entry("attention_scale")
        let numbers = maps.numbers("attention"), keys = 16
        #expect(bytes.shape.dropLast(2) == scales.shape[...])
        let read = bytes.tensor().array, steps = scales.tensor().array
        #expect(read.count == numbers.count)
        for index in numbers.indices {
            let step = Double(steps[index / keys])
            #expect(abs(Double(read[index]) * step - numbers[index]) <= step * 0.51)
        }
    }

    @Test func largeFilesArePackedWhereThatMakesThemSmaller() throws {
        let even = [UInt8](repeating: 7, count: EncodedResult.smallestPacked)
        let packed = EncodedResult(png: even).packed()
        #expect(packed.isPacked && packed.bytes.count < even.count / 10 && packed.mediaType == "image/png")
        // A gzip file is a header of 10 bytes, deflate, and 8 bytes with checksum and length.
        let inner = Bytes(Array(packed.bytes[10..<packed.bytes.count - 8]))
        #expect(try Deflate.inflateRaw(inner, size: even.count) == even)
        #expect(!EncodedResult(png: Array(even.dropLast())).packed().isPacked)
        // What is packed already does not become smaller.
        let noise = (0..<2048).flatMap { Array(SHA256.hex(of: [UInt8($0 & 0xff), UInt8($0 >> 8)]).utf8) }
        let once = Deflate.gzip(noise, level: 9)
        #expect(once.count >= EncodedResult.smallestPacked && !EncodedResult(png: once).packed().isPacked)
    }

    @Test(arguments: AnalysisKinds.standard.all.filter { !AnalysisKind.particular.contains($0) })
    func everyKindHasATableAndAPicture(kind: AnalysisKind) async throws {
        let test = try await TestService()
        try await test.register("a")
        let images: KeyValuePairs<String, String> = [
            "image": "pets:0", "image": "pets:1", "image": "pets:2", "image": "pets:4", "image": "pets:5",
        ]
        // Cues that conflict are in drawn images alone.
        let drawn: KeyValuePairs<String, String> = [
            "image": "shapes-textures:0", "image": "shapes-textures:1", "image": "shapes-textures:2",
        ]
        var parameters = (kind == .shapeBias ? drawn : images).map { AnalysisParameter($0.key, $0.value) }
        if kind.spec.comparesTwo { parameters += [.init("a", "a"), .init("b", "a")] }
        let result = try await test.service.run(
            try await test.service.prepare(kind, model: kind.spec.comparesTwo ? nil : "a", parameters: parameters))
        let csv = try await test.service.encode(result, as: .csv)
        let lines = String(decoding: csv.bytes, as: UTF8.self).split(separator: "\n")
        let columns = lines[0].split(separator: ",").count
        #expect(
            lines.count > 3
                && lines.everyOne { $0.split(separator: ",", omittingEmptySubsequences: false).count == columns })
        let png = try await test.service.encode(result, as: .png)
        #expect(try Image.decode(png.bytes, orientation: .ignore).width > 100)
    }

    @Test func oneMapIsAPictureOfItsOwnAndLiesOverTheImage() async throws {
        let test = try await TestService()
        try await test.register("a")
        let result = try await test.analyze(.attention, "a", ["image": "pets:0", "query": "1,2"])
        let plain = try Image.decode(try await test.service.encode(result, as: .png).bytes, orientation: .ignore)
        #expect(plain.width == plain.height && plain.width >= 224)
        var options = EncodingOptions()
        options.overlay = true
        let over = try Image.decode(
            try await test.service.encode(result, as: .png, options: options).bytes, orientation: .ignore)
        #expect(over.width >= 448 && over != plain)
    }

    @Test func moreMapsThanAPictureHoldsAreRefused() async throws {
        let test = try await TestService()
        try await test.register("a")
        _ = try await test.service.createProbeSet(
            ProbeSetRequest(name: "many", dataset: "shapes-textures", numImages: 60))
        let result = try await test.analyze(.attention, "a", ["probe_set": "many", "layer": "all", "head": "all"])
        guard case .invalid(let faults)? = await failure({ _ = try await test.service.encode(result, as: .png) }) else {
            return #expect(Bool(false), "720 maps")
        }
        #expect(faults[0].pointer == "/format")
    }
}
