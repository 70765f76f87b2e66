import Catalogue
import Engine
import TestSupport
import Foundation
import JSON
import Platform
import Service
import ServiceTestSupport
import Testing

@Suite struct GeometryTaskTests {
    private func service() async throws -> TestService {
        let test = try await TestService()
        try await test.register("a")
        try await test.register("b")
        _ = try await test.service.createProbeSet(ProbeSetRequest(name: "all", dataset: "pets", numImages: 6))
        return test
    }

    @Test(arguments: [AnalysisKind.tokenDisplacement, .pca, .tsne, .alignment])
    func everyFormIsMadeAndFiguresNameWhatThereIs(_ kind: AnalysisKind) async throws {
        let test = try await service()
        let result =
            kind == .alignment
            ? try await test.analyze(kind, nil, ["a": "a", "b": "b", "probe_set": "all"])
            : try await test.analyze(kind, "a", ["probe_set": "all"])
        for format in [ResultFormat.json, .csv, .npy, .npz, .png] {
            #expect(try await test.service.encode(result, as: format).bytes.count > 64)
        }
        for number in result.numbers(result.mainField) { #expect(number.isFinite) }
        // A name twice could not be read back out of the database.
        #expect(Set(result.fields.map(\.name)).count == result.fields.count)
        for figure in result["figures"]?.elements ?? [] {
            guard case .string(let values)? = figure["values"] else { return #expect(Bool(false), "no values") }
            let array = try #require(result.array(values))
            if case .string(let series)? = figure["series"] {
                #expect(result[series]?.elements.count == array.shape.first, "\(series)")
            }
        }
    }

    @Test func pointsBelongToImagesAndClasses() async throws {
        let test = try await service()
        let result = try await test.analyze(
            .pca, "a", ["image": "pets:0", "image": "pets:5", "depth": "1", "dimensions": "3"])
        #expect(result.array("points")?.shape == [32, 3] && result["tap"] == .string("blocks.0.mlp"))
        #expect(
            result["labels"]?.elements.first == .string("cats") && result["labels"]?.elements.last == .string("dogs"))
        #expect(result["image_of_point"]?.elements.last == .int(1))
        let variances = result.numbers("variances"), points = result.numbers("points")
        let own = stride(from: 0, to: 96, by: 3).map { points[$0] }
        #expect(abs(own.reduce(0, +)) < 1e-9)
        #expect(abs(own.reduce(0) { $0 + $1 * $1 } / 31 - variances[0]) < 1e-9 * variances[0])
    }

    /// The published notebook's slider counts half blocks (docs/science.md#pca).
    @Test func theReferenceCountsHalfBlocks() async throws {
        let test = try await service()
        let reference = try await test.analyze(
            .pca, "a", ["image": "pets:0", "depth": "3", "convention": "reference"])
        #expect(reference["tap"] == .string("blocks.1.attn"))
        let same = try await test.analyze(.pca, "a", ["image": "pets:0", "depth": "4", "convention": "reference"])
        let whole = try await test.analyze(.pca, "a", ["image": "pets:0", "depth": "2"])
        #expect(same.numbers("points") == whole.numbers("points"))
    }

    @Test func tokensMoveByTheSameNumbersInAnyOrder() async throws {
        let test = try await service()
        let one = try await test.analyze(.tokenDisplacement, "a", ["image": "pets:0", "image": "pets:3", "layer": "1"])
        let two = try await test.analyze(.tokenDisplacement, "a", ["image": "pets:3", "image": "pets:0", "layer": "1"])
        for (left, right) in zip(one.numbers("unison"), two.numbers("unison")) { #expect(abs(left - right) < 1e-12) }
        #expect(one.array("points")?.shape == [32, 2] && one["layer"] == .int(1))
        #expect(one.numbers("unison").everyOne { $0 > 0 && $0 <= 1 })
    }

    @Test(arguments: ["mutual-knn", "cknna", "svcca", "pwcca", "procrustes"])
    func aModelIsLikeItself(_ metric: String) async throws {
        let test = try await service()
        let result = try await test.analyze(
            .alignment, nil, ["a": "a", "b": "a", "probe_set": "all", "metric": metric, "k": "4"])
        let similarity = result.numbers("similarity")
        #expect(result.array("similarity")?.shape == [4, 4])
        for layer in 0..<4 { #expect(abs(similarity[layer * 5] - 1) < 1e-9, "\(similarity)") }
    }

    @Test func identicalImagesGiveNullWithAReason() async throws {
        let test = try await service()
        let result = try await test.analyze(
            .alignment, nil,
            [
                "a": "a", "b": "b", "image": "pets:1", "image": "pets:1", "image": "pets:1", "image": "pets:1",
                "metric": "procrustes",
            ])
        #expect(result.numbers("similarity").everyOne { $0.isNaN })
        #expect(result["reasons"]?.elements.count == 16)
    }

    @Test func moreTokensThanCanBePlacedAreSampledEvenly() async throws {
        let test = try await service()
        _ = try await test.service.createProbeSet(
            ProbeSetRequest(name: "crowd", dataset: "shapes-textures", numImages: 700))
        let parameters = ["probe_set": "crowd", "iterations": "1"].map { AnalysisParameter($0.key, $0.value) }
        let prepared = try await test.service.prepare(.tsne, model: "a", parameters: parameters)
        let result = try await test.service.run(prepared)
        #expect(result.array("points")?.shape == [700 * 14, 2])
        #expect(result["reasons"]?.elements.count == 1)
    }

    @Test func whatDoesNotFitIsSaid() async throws {
        let test = try await service()
        let cases: [(AnalysisKind, KeyValuePairs<String, String>, String)] = [
            (.pca, ["probe_set": "all", "depth": "4"], "-4 to 3"),
            (.tsne, ["image": "pets:0", "tokens": "patch_mean"], "8 points at least"),
            (.tsne, ["image": "pets:0", "perplexity": "16"], "more points than the 16"),
            (.tokenDisplacement, ["image": "pets:0", "layer": "0,1"], "name one"),
            (.tokenDisplacement, ["image": "pets:0", "layer": "9"], "does not exist"),
        ]
        for (kind, parameters, words) in cases {
            let error = await failure { _ = try await test.prepare(kind, "a", parameters) }
            #expect(error?.detail.contains(words) == true, "\(kind): \(error?.detail ?? "nothing")")
        }
        let error = await failure {
            _ = try await test.prepare(.alignment, nil, ["a": "a", "b": "b", "probe_set": "all", "k": "6"])
        }
        #expect(error?.detail.contains("more images than the 6") == true)
    }
}
