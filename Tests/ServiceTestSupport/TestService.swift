package import Catalogue
import Checkpoints
package import Engine
import Foundation
import Images
package import JSON
import Logging
package import Models
import Platform
package import Service
import Tensors

/// A service on directories of its own, with two small models, a dataset and an image; all of it goes with its owner.
package final class TestService: Sendable {
    package let folder: String
    package let service: ViTScopeService

    /// Small enough that a forward pass takes a millisecond: 4 × 4 patches, 3 blocks, 4 heads.
    package static let config: VisionTransformerConfig = {
        var config = VisionTransformerConfig(
            imgSize: ImageSize(height: 32, width: 32), patchSize: 8, embedDim: 32, depth: 3, numHeads: 4, mlpHidden: 64)
        config.numClasses = 0
        return config
    }()

    /// - Parameter change: of the configuration, before the service is made.
    package init(_ change: (inout ServiceConfiguration) -> Void = { _ in }) async throws {
        folder = NSTemporaryDirectory() + "vitscope-service-" + UUID().uuidString
        for name in ["models", "datasets/pets/cats", "datasets/pets/dogs", "data"] {
            try Folder.create(folder + "/" + name)
        }
        for (name, seed) in [("a", 1), ("b", 2)] {
            let stateDict = VisionTransformer.randomStateDict(Self.config, seed: UInt64(seed))
            try SafeTensors.write(stateDict, to: "\(folder)/models/\(name).safetensors")
        }
        for index in 0..<6 {
            let path = "\(folder)/datasets/pets/\(index < 4 ? "cats" : "dogs")/\(index).png"
            try AtomicFile.write(Self.picture(index), to: path)
        }
        service = Self.make(folder, change)
        try await service.start()
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// Another service on the same directories.
    package static func make(_ folder: String, _ change: (inout ServiceConfiguration) -> Void = { _ in })
        -> ViTScopeService
    {
        var configuration = ServiceConfiguration(
            modelsDirectory: folder + "/models", datasetsDirectory: folder + "/datasets",
            dataDirectory: folder + "/data", threads: 2)
        change(&configuration)
        return ViTScopeService(configuration: configuration, logger: Logger(label: "test"))
    }

    /// An image of its own for each number.
    package static func picture(_ number: Int) -> [UInt8] {
        var pixels: [UInt8] = []
        for y in 0..<40 {
            for x in 0..<40 {
                pixels += [UInt8((x * 6 + number * 40) % 256), UInt8(y * 6), UInt8((x * y + number) % 256)]
            }
        }
        return PNG.encode(Image(height: 40, width: 40, pixels: pixels))
    }

    /// Registers a model of the models directory and waits until it has loaded.
    @discardableResult
    package func register(_ name: String, _ path: String? = nil) async throws -> ModelInfo {
        try await service.register(
            ModelRegistration(name: name, path: path ?? name + ".safetensors", numHeads: 4), waiting: 60)
    }

    /// Prepares and runs.
    package func analyze(_ kind: AnalysisKind, _ model: String?, _ parameters: KeyValuePairs<String, String>)
        async throws
        -> AnalysisResult
    {
        try await service.run(try await prepare(kind, model, parameters))
    }

    package func prepare(
        _ kind: AnalysisKind, _ model: String?, _ parameters: KeyValuePairs<String, String>
    ) async throws -> PreparedAnalysis {
        try await service.prepare(
            kind, model: model, parameters: parameters.map { AnalysisParameter($0.key, $0.value) })
    }
}

/// The error that `body` throws, or nil.
package func failure(_ body: () async throws -> Void) async -> ServiceError? {
    do { try await body() } catch { return error as? ServiceError }
    return nil
}

extension JSONValue {
    package var elements: [JSONValue] {
        if case .list(let elements) = self { return elements }
        return []
    }
}

extension AnalysisResult {
    package func numbers(_ name: String) -> [Double] {
        switch array(name)?.numbers {
        case .float64(let numbers)?: numbers
        case .float32(let tensor)?: tensor.array.map(Double.init)
        case nil: []
        }
    }
}

extension TestService {
    /// A small image of its own for each number.
    package static func small(_ number: Int) -> [UInt8] {
        var pixels: [UInt8] = []
        for y in 0..<12 {
            for x in 0..<12 {
                let value = x &* (number % 97) &+ y &* (number / 97 % 89) &+ number
                pixels += [UInt8(value & 255), UInt8((value / 3) & 255), UInt8((x * y + number) & 255)]
            }
        }
        return PNG.encode(Image(height: 12, width: 12, pixels: pixels))
    }
}

extension TestService {
    /// Adds the dataset “formula”: images that the scripts in Fixtures/analysis make alike.
    package func addFormulaImages(_ count: Int, height: Int, width: Int) throws {
        try Folder.create("\(folder)/datasets/formula/all")
        for number in 0..<count {
            var pixels: [UInt8] = []
            for y in 0..<height {
                for x in 0..<width {
                    for c in 0..<3 {
                        let value =
                            x * x * (3 + number) + y * (7 + 5 * number + 2 * c) + x * y * (1 + c) + 31 * c + 17 * number
                        pixels.append(UInt8(value % 256))
                    }
                }
            }
            try AtomicFile.write(
                PNG.encode(Image(height: height, width: width, pixels: pixels)),
                to: "\(folder)/datasets/formula/all/\(number).png")
        }
    }
}
