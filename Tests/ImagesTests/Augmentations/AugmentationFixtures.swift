import FoundationEssentials
import Images
import Platform

/// The files of Tests/Fixtures/augmentations: images, and the digests of what Pillow made of them.
struct AugmentationFixtures: Decodable {
    struct Case: Decodable, Sendable, CustomStringConvertible {
        let source: String
        let operation: String
        let arguments: [Double]
        let sha256: String

        var description: String { "\(operation)\(arguments) of \(source)" }
    }

    let sources: [String: [Int]]
    let cases: [Case]

    static let all: AugmentationFixtures = {
        do {
            return try JSONDecoder().decode(AugmentationFixtures.self, from: Data(bytes("manifest.json").array))
        } catch {
            preconditionFailure("Tests/Fixtures/augmentations/manifest.json: \(error)")
        }
    }()

    private static func bytes(_ name: String) throws -> Bytes {
        let here = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        return try MappedFile.open("/\(here)/Fixtures/augmentations/\(name)")
    }

    /// One of the images; `colours` has every third level of each colour.
    static func image(_ name: String) throws -> Image {
        if name == "colours" {
            let levels = stride(from: 0, to: 256, by: 3).map { UInt8($0) }
            var pixels: [UInt8] = []
            for red in levels { for green in levels { for blue in levels { pixels += [red, green, blue] } } }
            return Image(height: levels.count, width: levels.count * levels.count, pixels: pixels)
        }
        let size = all.sources[name] ?? [0, 0]
        return Image(height: size[0], width: size[1], pixels: try bytes(name + ".rgb").array)
    }
}
