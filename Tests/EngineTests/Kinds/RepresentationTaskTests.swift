import Catalogue
import Engine
import Foundation
import JSON
import Platform
import Service
import ServiceTestSupport
import Testing

@Suite struct RepresentationTaskTests {
    private static let kinds: [AnalysisKind] = [
        .attentionSimilarity, .clsAttention, .featureVariance, .tokenSimilarity, .tokenNorms, .singularValues,
    ]

    @Test(arguments: kinds) func everyFormIsMade(_ kind: AnalysisKind) async throws {
        let test = try await TestService()
        try await test.register("a")
        let result = try await test.analyze(
            kind, "a", ["image": "pets:0", "image": "pets:1", "image": "pets:5", "convention": "reference"])
        #expect(result["convention"] == .string("reference") && result["n_images"] == .int(3))
        #expect(result["figures"]?.elements.isEmpty == false && !result.numbers(result.mainField).isEmpty)
        for format in [ResultFormat.json, .csv, .npy, .npz, .png] {
            #expect(try await test.service.encode(result, as: format).bytes.count > 64)
        }
        for number in result.numbers(result.mainField) { #expect(number.isFinite) }
    }

    /// What stands in figures is there, and of the lengths that are drawn.
    @Test(arguments: kinds) func figuresNameWhatThereIs(_ kind: AnalysisKind) async throws {
        let test = try await TestService()
        try await test.register("a")
        let result = try await test.analyze(kind, "a", ["image": "pets:0", "image": "pets:1"])
        for figure in result["figures"]?.elements ?? [] {
            guard case .string(let values)? = figure["values"] else { return #expect(Bool(false), "no values") }
            let array = try #require(result.array(values))
            if case .string(let x)? = figure["x"] {
                #expect(result[x]?.elements.count == array.shape.last, "\(kind) \(x)")
            }
            if case .string(let series)? = figure["series"] {
                #expect(result[series]?.elements.count == array.shape.first, "\(kind) \(series)")
            }
            if case .string(let band)? = figure["band"] { #expect(result.array(band)?.shape == array.shape) }
        }
    }

    @Test(arguments: kinds) func theMeanOfSeveralIsThatOfEach(_ kind: AnalysisKind) async throws {
        let test = try await TestService()
        try await test.register("a")
        let level: KeyValuePairs<String, String> = kind == .singularValues ? ["level": "token"] : [:]
        func ask(_ images: [Int]) async throws -> [Double] {
            let parameters =
                images.map { AnalysisParameter("image", "pets:\($0)") }
                + level.map { AnalysisParameter($0.key, $0.value) }
            let prepared = try await test.service.prepare(kind, model: "a", parameters: parameters)
            let result = try await test.service.run(prepared)
            return result.numbers(result.mainField)
        }
        let all = try await ask([0, 1, 2, 3, 4, 5]), turned = try await ask([5, 3, 1, 4, 2, 0])
        var sum = [Double](repeating: 0, count: all.count)
        for image in 0..<6 { for (index, number) in try await ask([image]).enumerated() { sum[index] += number / 6 } }
        for index in all.indices {
            #expect(abs(all[index] - sum[index]) < 1e-9 && abs(all[index] - turned[index]) < 1e-9, "\(index)")
        }
    }

    @Test func similarityIsOneWithOneselfAndFallsWithDistance() async throws {
        let test = try await TestService()
        try await test.register("a")
        let result = try await test.analyze(.tokenSimilarity, "a", ["image": "pets:0", "tensor": "residual"])
        let matrix = result.numbers("depth_matrix")
        #expect(matrix.count == 16 && result["depths"] == .list([.int(0), .int(1), .int(2), .int(3)]))
        for row in 0..<4 {
            #expect(abs(matrix[row * 5] - 1) < 1e-12)
            for column in 0..<4 { #expect(matrix[row * 4 + column] == matrix[column * 4 + row]) }
        }
        #expect(result.numbers("across_depth") == [matrix[1], matrix[6], matrix[11]])
    }

    @Test func spectraAreRelativeToWhatWasAsked() async throws {
        let test = try await TestService()
        try await test.register("a")
        func ask(_ base: String) async throws -> AnalysisResult {
            try await test.analyze(
                .singularValues, "a", ["image": "pets:0", "image": "pets:1", "image": "pets:2", "relative_to": base])
        }
        let plain = try await ask("none"), first = try await ask("first"), depth0 = try await ask("depth0")
        for name in ["token_log_singular_values", "image_log_singular_values"] {
            let ranks = try #require(plain.array(name)?.shape[1])
            let numbers = plain.numbers(name)
            #expect(ranks == (name.hasPrefix("token") ? 15 : 2))
            for index in numbers.indices {
                #expect(abs(first.numbers(name)[index] - (numbers[index] - numbers[index / ranks * ranks])) < 1e-12)
                #expect(abs(depth0.numbers(name)[index] - (numbers[index] - numbers[index % ranks])) < 1e-12)
            }
        }
        let reference = try await test.analyze(.singularValues, "a", ["image": "pets:0", "convention": "reference"])
        #expect(reference["relative_to"] == .string("none"))
        #expect(reference["reasons"]?.elements.contains { $0["pointer"] == .string("/image_mean") } == true)
    }

    @Test func aWrongParameterIsNamed() async throws {
        let test = try await TestService()
        try await test.register("a")
        for (kind, name, value) in [
            (AnalysisKind.singularValues, "level", "pixel"), (.tokenSimilarity, "tensor", "maps"),
            (.tokenNorms, "layers", "7"), (.featureVariance, "convention", "x"),
        ] {
            let error = await failure { _ = try await test.prepare(kind, "a", ["image": "pets:0", name: value]) }
            guard case .invalid(let faults)? = error else { return #expect(Bool(false), "\(error as Any)") }
            #expect(faults.map(\.pointer) == ["/" + name])
        }
    }

    /// 20,000 images: memory stays, and another order gives the same figures.
    @Test func memoryDoesNotGrowWithTheNumberOfImages() async throws {
        let test = try await TestService()
        try await test.register("a")
        let folder = test.folder + "/datasets/many/all"
        try Folder.create(folder)
        for index in 0..<20_000 {
            _ = FileManager.default.createFile(
                atPath: "\(folder)/\(index).png", contents: Data(TestService.small(index)))
        }
        for (name, seed) in [("one", 1), ("two", 2)] {
            _ = try await test.service.createProbeSet(
                ProbeSetRequest(name: name, dataset: "many", numImages: 20_000, seed: seed, stratified: false))
        }
        _ = try await test.analyze(.attentionNMI, "a", ["image": "many:0"])
        for kind in [AnalysisKind.attentionDistance, .fourier, .singularValues] {
            let before = Machine.residentBytes
            let one = try await test.analyze(kind, "a", ["probe_set": "one"])
            // The lists of names and digests of both probe sets are about 10 MB; 20,000 views would be 60 MB.
            #expect(Machine.residentBytes - before < 48 << 20, "\(kind)")
            let two = try await test.analyze(kind, "a", ["probe_set": "two"])
            for (name, _) in one.arrays {
                for (a, b) in zip(one.numbers(name), two.numbers(name)) {
                    #expect(a.isNaN == b.isNaN && !(abs(a - b) >= 1e-6), "\(kind) \(name)")
                }
            }
        }
    }
}
