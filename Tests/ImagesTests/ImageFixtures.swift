import FoundationEssentials
import Images
import Platform

/// The files of Tests/Fixtures/images and what Pillow, timm, torchvision and transformers made of them.
struct ImageFixtures: Decodable {
    struct Picture: Decodable, Sendable, CustomStringConvertible {
        let file: String
        let height: Int
        let width: Int
        let orientation: Int?
        let filter: String?

        var description: String { file }
    }

    struct Transformed: Decodable, Sendable, CustomStringConvertible {
        let file: String
        let view: String
        let tensor: String?
        let height: Int
        let width: Int
        let cropPct: Double
        let interpolation: String
        let cropMode: String
        /// Nil for ImageNet's.
        let mean: [Double]?

        var description: String { "\(view) of \(file)" }

        enum CodingKeys: String, CodingKey {
            case file, view, tensor, height, width, interpolation, mean
            case cropPct = "crop_pct"
            case cropMode = "crop_mode"
        }
    }

    struct HuggingFace: Decodable, Sendable, CustomStringConvertible {
        let file: String
        let tensor: String
        let processor: String
        let size: [String: Int]
        let cropSize: [String: Int]?
        let doCenterCrop: Bool
        let resample: Int
        let imageMean: [Double]
        let imageStd: [Double]

        var description: String { tensor }

        enum CodingKeys: String, CodingKey {
            case file, tensor, processor, size, resample
            case cropSize = "crop_size"
            case doCenterCrop = "do_center_crop"
            case imageMean = "image_mean"
            case imageStd = "image_std"
        }
    }

    struct Tree: Decodable, Sendable {
        struct Sample: Decodable, Sendable {
            let path: String
            let label: Int
        }

        let files: [String]
        let classes: [String]
        let samples: [Sample]
    }

    /// A JPEG with a slight fault, as edits of a whole one, and what Pillow makes of it.
    struct Mutant: Decodable, Sendable, CustomStringConvertible {
        struct Edit: Decodable, Sendable {
            let range: Range<Int>
            let bytes: [UInt8]

            init(from decoder: any Decoder) throws {
                var values = try decoder.unkeyedContainer()
                let start = try values.decode(Int.self), end = try values.decode(Int.self)
                let digits = Array(try values.decode(String.self))
                range = start..<end
                bytes = stride(from: 0, to: digits.count, by: 2).compactMap {
                    UInt8(String(digits[$0...$0 + 1]), radix: 16)
                }
            }
        }

        let base: String
        let name: String
        let edits: [Edit]
        /// SHA-256 of Pillow's pixels; nil where it refuses the file in the words `refused`.
        let pixels: String?
        let refused: String?
        /// What is to be told; nil where that is a matter of the decoder's buffers.
        let warnings: [String]?
        /// Whether Pillow fills lost pixels with grey.
        let missing: Bool

        var description: String { "\(base): \(name)" }

        func bytes() throws -> [UInt8] {
            var bytes = try ImageFixtures.bytes(base).array
            for edit in edits { bytes.replaceSubrange(edit.range, with: edit.bytes) }
            return bytes
        }
    }

    static let mutants: [Mutant] = {
        do {
            return try JSONDecoder().decode([Mutant].self, from: Data(bytes("damaged/mutants.json").array))
        } catch {
            preconditionFailure("Tests/Fixtures/images/damaged/mutants.json: \(error)")
        }
    }()

    let decode: [Picture]
    let orient: [Picture]
    let orientSource: Picture
    let resize: [Picture]
    let resizeSource: Picture
    let transform: [Transformed]
    let huggingFace: [HuggingFace]
    let folder: Tree

    enum CodingKeys: String, CodingKey {
        case decode, orient, resize, transform, folder
        case orientSource = "orient_source"
        case resizeSource = "resize_source"
        case huggingFace = "hugging_face"
    }

    static let all: ImageFixtures = {
        do {
            return try JSONDecoder().decode(ImageFixtures.self, from: Data(bytes("manifest.json").array))
        } catch {
            preconditionFailure("Tests/Fixtures/images/manifest.json: \(error)")
        }
    }()

    static func bytes(_ name: String) throws -> Bytes {
        let here = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
        return try MappedFile.open("/\(here)/Fixtures/images/\(name)")
    }

    /// Raw pixels as a picture.
    static func raw(_ name: String, height: Int, width: Int) throws -> Image {
        Image(height: height, width: width, pixels: try bytes(name).array)
    }

    /// Raw little-endian floats.
    static func floats(_ name: String) throws -> [Float] {
        let bytes = try bytes(name)
        return stride(from: 0, to: bytes.count, by: 4).map {
            Float(bitPattern: bytes.littleEndian(at: $0, as: UInt32.self) ?? 0)
        }
    }
}

extension Image {
    /// The largest difference between two images of one size, grey levels.
    func largestDifference(from other: Image) -> Int {
        guard height == other.height, width == other.width else { return .max }
        return zip(pixels, other.pixels).reduce(0) { max($0, abs(Int($1.0) - Int($1.1))) }
    }
}
