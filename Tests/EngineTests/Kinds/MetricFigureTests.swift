import Catalogue
import Engine
import Foundation
import Images
import Models
import Platform
import Service
import ServiceTestSupport
import Testing
import TestSupport

/// The service's figures beside those of PyTorch and NumPy, on two trained models and a random one whose grid is not
/// square: Fixtures/analysis/metrics.py, and the scripts beside it that use its networks.
@Suite struct MetricFigureTests {
    enum Network: String, CaseIterable, Sendable {
        case moco = "moco_v3"
        case simmim, random

        var size: (height: Int, width: Int) { self == .random ? (8, 12) : (48, 48) }

        var path: String {
            let root = URL(fileURLWithPath: fixture("")).deletingLastPathComponent().deletingLastPathComponent().path
            return self == .random
                ? fixture("analysis/gradient_rollout.safetensors") : "\(root)/deploy/demo/\(rawValue).safetensors"
        }
    }

    private static let images = 6

    /// A service with the model as “m” and six images that both sides make by the same formula.
    private func service(_ network: Network) async throws -> TestService {
        let test = try await TestService()
        try AtomicFile.write(
            [UInt8](Data(contentsOf: URL(fileURLWithPath: network.path))), to: "\(test.folder)/models/m.safetensors")
        let (height, width) = network.size
        try test.addFormulaImages(Self.images, height: height, width: width)
        let half = [0.5, 0.5, 0.5]
        _ = try await test.service.register(
            ModelRegistration(
                name: "m", path: "m.safetensors", numHeads: 3,
                imgSize: ImageSize(height: height, width: width),
                preprocess: LoadOptions(cropPct: 1, mean: half, std: half)), waiting: 60)
        return test
    }

    private func expected(_ network: Network, in file: String) throws -> [String: [String: [Double?]]] {
        let data = try Data(contentsOf: URL(fileURLWithPath: fixture("analysis/\(file).json")))
        let all = try JSONDecoder().decode([String: [String: [String: [Double?]]]].self, from: data)
        return try #require(all[network.rawValue])
    }

    private static func parameters(_ words: [Substring]) -> [AnalysisParameter] {
        var parameters = (0..<images).map { AnalysisParameter("image", "formula:\($0)") }
        switch words[0] {
        case "cka":
            parameters += [
                .init("a", "m"), .init("b", "m"), .init("estimator", String(words[1])),
                .init("kernel", String(words[2])),
            ]
        case "alignment":
            parameters += [.init("a", "m"), .init("b", "m"), .init("metric", String(words[1]))]
            if words[1] == "mutual-knn" { parameters.append(.init("k", "2")) }
        case "singular-values": parameters.append(.init("relative_to", "none"))
        case "fourier": parameters.append(.init("map", "true"))
        default:
            // As the question says: NAME=VALUE.
            for word in words.dropFirst() {
                let parts = word.split(separator: "=", maxSplits: 1)
                if parts.count == 2 { parameters.append(.init(String(parts[0]), String(parts[1]))) }
            }
        }
        return parameters
    }

    /// Files of figures, and how many numbers each has of a network at least.
    private static let files = [
        ("metrics", 250),
        ("patch_pca", 100),
        ("patch_correspondence", 100),
        ("artifact_tokens", 200),
        ("representation_quality", 30),
        ("position_similarity", 40),
    ]

    @Test(arguments: Network.allCases, files)
    func agreeWithPyTorch(_ network: Network, _ file: (name: String, fewest: Int)) async throws {
        let test = try await service(network)
        var compared = 0
        for (question, fields) in try expected(network, in: file.name) {
            let words = question.split(separator: " ")
            let kind = try #require(AnalysisKinds.standard[String(words[0])])
            let result = try await test.service.run(
                try await test.service.prepare(
                    kind, model: kind.spec.comparesTwo ? nil : "m", parameters: Self.parameters(words)))
            for (name, numbers) in fields where !name.hasSuffix(" rounding") {
                let found = result.numbers(name)
                #expect(found.count == numbers.count, "\(question) \(name): \(found.count) numbers")
                guard found.count == numbers.count else { continue }
                let scale = numbers.reduce(0) { max($0, abs($1 ?? 0)) }
                // What single precision itself cannot tell of a number, where the script says so.
                let rounding = fields[name + " rounding"]
                #expect(rounding?.count ?? numbers.count == numbers.count)
                for (place, (mine, theirs)) in zip(found, numbers).enumerated() {
                    guard let theirs else {
                        #expect(mine.isNaN, "\(question) \(name) is defined")
                        continue
                    }
                    let error = mine.isNaN ? .infinity : abs(mine - theirs)
                    // The service's tokens are single precision.
                    let bound = 3e-5 * scale + (rounding?[place] ?? 0)
                    #expect(error <= bound, "\(question) \(name) \(place): \(error), bound \(bound)")
                }
                compared += numbers.count
            }
        }
        #expect(compared > file.fewest)
    }
}
