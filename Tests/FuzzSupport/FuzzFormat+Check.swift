import Checkpoints
import Engine
import Images
import JSON
import Platform
import Tensors
import Training
import WebAPI

extension FuzzFormat {
    /// Reads `bytes` with the reader of the format; whether it takes them. A trap ends the process.
    ///
    /// - Throws: `FuzzFault` where the reader breaks a promise: what it takes is within its limits, and written anew
    ///   and read again it is the same.
    @discardableResult public func check(_ bytes: [UInt8]) throws(FuzzFault) -> Bool {
        switch self {
        case .pickle: try CheckpointReading.check(Bytes(FuzzSeeds.torchFile(bytes)))
        case .torchZip, .torchLegacy, .safeTensors, .npz: try CheckpointReading.check(Bytes(bytes))
        case .npy: try Self.checkNpy(bytes)
        case .json: try Self.checkJSON(bytes)
        case .jpeg, .png, .webp, .tiff, .bmp, .gif: try Self.checkImage(bytes)
        case .query: try Self.checkQuery(bytes)
        case .range: try Self.checkRange(bytes)
        case .jobBody: try Self.checkJob(bytes)
        }
    }

    private static func checkNpy(_ bytes: [UInt8]) throws(FuzzFault) -> Bool {
        let entry: StateDict.Entry
        do throws(CheckpointError) { entry = try Npy.decode(Bytes(bytes)) } catch {
            try FuzzFault.require(!error.description.isEmpty, "the error \(error) has no words")
            return false
        }
        try FuzzFault.require(entry.count * entry.dtype.size <= bytes.count, "\(entry.count) numbers")
        var dict = StateDict()
        dict["array"] = entry
        try CheckpointReading.checkWritten(dict, at: [])
        let tensor = entry.tensor()
        guard let again = try? Npy.decode(Bytes(Npy.encode(tensor))) else { throw FuzzFault("is refused when written") }
        try FuzzFault.require(
            again.shape == entry.shape && again.tensor().littleEndianBytes.array == tensor.littleEndianBytes.array,
            "changes when it is written and read")
        return true
    }

    private static func checkJSON(_ bytes: [UInt8]) throws(FuzzFault) -> Bool {
        let value: JSONValue
        do throws(JSONError) { value = try JSONValue.parse(bytes) } catch {
            try FuzzFault.require(!error.description.isEmpty, "the error \(error) has no words")
            return false
        }
        guard let answer = try? JSONValue.parse(value.json), let pretty = try? JSONValue.parse(value.pretty),
            let canonical = try? JSONValue.parse(value.canonical)
        else { throw FuzzFault("is refused when written") }
        try FuzzFault.require(answer == value && answer.json == value.json, "changes when it is written and read")
        try FuzzFault.require(
            canonical.canonical == value.canonical && pretty.canonical == value.canonical,
            "its canonical form has another")
        return true
    }

    private static let limits = ImageLimits(maxPixels: 1 << 15, maxScanPixels: 1 << 19, maxUnpackedBytes: 1 << 18)

    private static func checkImage(_ bytes: [UInt8]) throws(FuzzFault) -> Bool {
        try checkLabels(bytes)
        let image: Image
        do throws(ImageError) {
            image = try Image.decoded(Bytes(bytes), orientation: .apply, limits: limits).image
        } catch {
            try FuzzFault.require(!error.description.isEmpty, "the error \(error) has no words")
            return false
        }
        try FuzzFault.require(
            image.height * image.width <= limits.maxPixels && image.pixels.count == image.height * image.width * 3,
            "\(image.width) × \(image.height) pixels in \(image.pixels.count) bytes")
        let again = try? Image.decode(PNG.encode(image), orientation: .apply, limits: limits)
        try FuzzFault.require(again == image, "changes when it is written and read")
        return true
    }

    /// Any image may be given as a mask.
    private static func checkLabels(_ bytes: [UInt8]) throws(FuzzFault) {
        let mask: LabelImage
        do throws(ImageError) { mask = try LabelImage.decode(Bytes(bytes), limits: limits) } catch {
            return try FuzzFault.require(!error.description.isEmpty, "the error \(error) has no words")
        }
        try FuzzFault.require(
            mask.height * mask.width <= limits.maxPixels && mask.labels.count == mask.height * mask.width,
            "\(mask.labels.count) labels of \(mask.width) × \(mask.height) pixels")
        let written = PNG.encode(grey: mask.labels, height: mask.height, width: mask.width)
        try FuzzFault.require(
            (try? LabelImage.decode(Bytes(written), limits: limits)) == mask, "its labels change when written and read")
    }

    private static func checkQuery(_ bytes: [UInt8]) throws(FuzzFault) -> Bool {
        guard let text = String(validating: bytes, as: UTF8.self), var query = try? Query(text, known: known) else {
            return false
        }
        _ = (query.integer("limit", atLeast: 1, atMost: 1000), query.flag("all"), query.choice("kind", of: ["a", "b"]))
        let written = query.items.map { "\(escaped($0.name))=\(escaped($0.value))" }.joined(separator: "&")
        guard let again = try? Query(written, known: known) else { throw FuzzFault("\(written) is refused") }
        let isSame = zip(again.items, query.items).reduce(again.items.count == query.items.count) { same, pair in
            same && Array(pair.0.name.utf8) == Array(pair.1.name.utf8)
                && Array(pair.0.value.utf8) == Array(pair.1.value.utf8)
        }
        try FuzzFault.require(isSame, "\(text) changes when it is written and read")
        return true
    }

    private static let known = [
        OperationParameter.query("limit", "how many"), .query("kind", "which", repeats: true),
        .query("model", "of whom"),
        .query("all", "true or false"),
    ]

    private static func escaped(_ text: String) -> String {
        text.utf8.map { "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private static func checkRange(_ bytes: [UInt8]) throws(FuzzFault) -> Bool {
        let field = String(decoding: bytes, as: UTF8.self)
        var isPart = false
        for size in [0, 1, 100, Int.max] {
            guard case .part(let range) = ByteRange([field], size: size) else { continue }
            isPart = true
            try FuzzFault.require(
                !range.isEmpty && range.lowerBound >= 0 && range.upperBound <= size, "\(range) of \(size) bytes")
            let written = "bytes=\(range.lowerBound)-\(range.upperBound - 1)"
            try FuzzFault.require(
                ByteRange([written], size: size) == .part(range), "\(field) changes when it is written and read")
        }
        return isPart
    }

    private static func checkJob(_ bytes: [UInt8]) throws(FuzzFault) -> Bool {
        guard let body = try? JSONValue.parse(bytes) else { return false }
        let configuration: TrainingConfiguration
        do throws(TrainingError) { configuration = try TrainingConfiguration(body) } catch {
            try FuzzFault.require(!"\(error)".isEmpty, "the error has no words")
            return false
        }
        let written = configuration.resolved.canonical
        guard let resolved = try? JSONValue.parse(written), let again = try? TrainingConfiguration(resolved) else {
            throw FuzzFault("its settings are refused when they are written down")
        }
        try FuzzFault.require(again.digest == configuration.digest, "its settings change when they are written down")
        return true
    }
}
