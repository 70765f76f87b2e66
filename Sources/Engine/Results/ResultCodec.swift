package import Catalogue
package import Images
import JSON
package import Platform
import Tensors

/// A result as bytes, and back without the loss of a digit: the length of a JSON header, the header, and the numbers of
/// the arrays that it names, little-endian.
package enum ResultCodec {
    private static let marker = "$array"

    package static func encode(_ result: AnalysisResult) -> [UInt8] {
        let parts = parts(result)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(parts.reduce(0) { $0 + $1.count })
        for part in parts { bytes += part.array }
        return bytes
    }

    /// The bytes in pieces, the numbers of an array in one. Arrays begin at multiples of 64 bytes, so that a mapped file can
    /// be computed with as it is.
    package static func parts(_ result: AnalysisResult) -> [Bytes] {
        var numbers = Numbers()
        let fields = result.fields.map { JSONValue.Member($0.name, packed($0.value, &numbers)) }
        var header = JSONValue.object([
            .init("main", .string(result.mainField)), .init("models", .strings(result.scene.modelNames)),
            .init("fields", .object(fields)),
        ]).json
        while (8 + header.count) % alignment != 0 { header.append(UInt8(ascii: " ")) }
        return [Bytes(littleEndian(UInt64(header.count)) + header)] + numbers.parts
    }

    private static let alignment = 64

    /// What follows the header.
    private struct Numbers {
        var parts: [Bytes] = []
        private var count = 0

        /// Adds an array, and says where it begins.
        mutating func add(_ bytes: Bytes) -> Int {
            let gap = (alignment - count % alignment) % alignment
            if gap > 0 { parts.append(Bytes([UInt8](repeating: 0, count: gap))) }
            let place = count + gap
            parts.append(bytes)
            count = place + bytes.count
            return place
        }
    }

    /// Nil for bytes that are no such result. Arrays of mapped bytes stay where they are.
    package static func decode(_ bytes: Bytes, id: String, kind: AnalysisKind) -> AnalysisResult? {
        guard let length = bytes.littleEndian(at: 0, as: UInt64.self).flatMap({ Int(exactly: $0) }),
            let header = bytes.slice(at: 8, count: length), let value = try? JSONValue.parse(header),
            let main = value["main"]?.string, let members = value["fields"]?.object,
            let numbers = bytes.slice(at: 8 + length, count: bytes.count - 8 - length)
        else { return nil }
        var fields: [AnalysisResult.Field] = []
        for member in members {
            guard let value = unpacked(member.value, numbers) else { return nil }
            fields.append((member.name, value))
        }
        return AnalysisResult(
            id: id, kind: kind, fields: fields, mainField: main,
            figures: (value["fields"]?["figures"]?.list ?? []).compactMap(ResultFigure.init),
            scene: Scene(
                sources: [], modelNames: value["models"]?.list?.compactMap(\.string) ?? [], transform: nil),
            timing: .hit)
    }

    /// As `decode`, with what a drawing shows beside the numbers.
    package static func decode(
        _ bytes: Bytes, id: String, kind: AnalysisKind, sources: [ImageSource], transform: EvaluationTransform?
    ) -> AnalysisResult? {
        var result = decode(bytes, id: id, kind: kind)
        if let names = result?.scene.modelNames {
            result?.scene = Scene(sources: sources, modelNames: names, transform: transform)
        }
        return result
    }

    private static func packed(_ value: JSONValue, _ numbers: inout Numbers) -> JSONValue {
        switch value {
        case .array(let array):
            let place =
                switch array.numbers {
                case .float64(let values): numbers.add(Bytes(littleEndian: values))
                case .float32(let tensor): numbers.add(tensor.littleEndianBytes)
                }
            return .object([
                .init(marker, .int(place)), .init("shape", .ints(array.shape)), .init("axes", .strings(array.axes)),
                .init("dtype", .string(array.dtype)),
            ])
        case .object(let members):
            return .object(members.map { .init($0.name, packed($0.value, &numbers)) })
        case .list(let values): return .list(values.map { packed($0, &numbers) })
        case .null, .bool, .int, .double, .string: return value
        }
    }

    private static func unpacked(_ value: JSONValue, _ numbers: Bytes) -> JSONValue? {
        switch value {
        case .object(let members):
            if let place = value[marker]?.int { return array(value, at: place, numbers) }
            var unpackedMembers: [JSONValue.Member] = []
            for member in members {
                guard let inside = unpacked(member.value, numbers) else { return nil }
                unpackedMembers.append(.init(member.name, inside))
            }
            return .object(unpackedMembers)
        case .list(let values):
            let inside = values.compactMap { unpacked($0, numbers) }
            return inside.count == values.count ? .list(inside) : nil
        default: return value
        }
    }

    private static func array(_ value: JSONValue, at place: Int, _ numbers: Bytes) -> JSONValue? {
        guard let shape = value["shape"]?.list?.compactMap(\.int),
            let axes = value["axes"]?.list?.compactMap(\.string),
            shape.count == axes.count, shape.allSatisfy({ $0 >= 0 })
        else { return nil }
        let isDouble = value["dtype"]?.string == "<f8", size = isDouble ? 8 : 4
        let count = shape.reduce(1) { saturatingProduct($0, $1) }
        guard let bytes = numbers.slice(at: place, count: saturatingProduct(count, size)) else { return nil }
        if isDouble {
            return bytes.littleEndianDoubles(at: 0, count: count).map {
                .array(NamedArray(shape: shape, axes: axes, numbers: .float64($0)))
            }
        }
        return .array(
            NamedArray(shape: shape, axes: axes, numbers: .float32(Tensor(shape: shape, littleEndian: bytes))))
    }

    private static func littleEndian(_ number: some FixedWidthInteger & UnsignedInteger) -> [UInt8] {
        (0..<number.bitWidth / 8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }
}

extension ResultFigure {
    /// Nil for a value that describes none.
    fileprivate init?(_ value: JSONValue) {
        guard let form = value["form"]?.string.flatMap(Form.init), let values = value["values"]?.string else {
            return nil
        }
        self.init(
            form, values, title: value["title"]?.string ?? "", x: value["x"]?.string, series: value["series"]?.string,
            band: value["band"]?.string, reference: value["reference"]?.string,
            xLabel: value["x_label"]?.string ?? "", yLabel: value["y_label"]?.string ?? "",
            isOrdered: value["ordered"]?.bool ?? false, range: Self.ends(of: value["range"]),
            startsAtBottom: value["starts_at_bottom"]?.bool ?? false)
    }

    private static func ends(of value: JSONValue?) -> ClosedRange<Double>? {
        guard let ends = value?.list?.compactMap(\.double), ends.count == 2, ends[0] <= ends[1] else { return nil }
        return ends[0]...ends[1]
    }
}
