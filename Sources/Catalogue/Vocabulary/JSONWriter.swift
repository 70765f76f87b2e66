import Tensors

/// Writes values as JSON text, large arrays of numbers without a detour through objects.
struct JSONWriter {
    private(set) var bytes: [UInt8] = []

    mutating func write(_ value: ResultValue) {
        switch value {
        case .null: append("null")
        case .bool(let value): append(value ? "true" : "false")
        case .int(let value): append(value.description)
        case .double(let value): write(value)
        case .string(let value): write(value)
        case .list(let values):
            list(values.indices) { $0.write(values[$1]) }
        case .object(let members): write(members)
        case .array(let array): write(array)
        }
    }

    mutating func write(_ members: [ResultValue.Member]) {
        bytes.append(UInt8(ascii: "{"))
        for (index, member) in members.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            write(member.name)
            bytes.append(UInt8(ascii: ":"))
            write(member.value)
        }
        bytes.append(UInt8(ascii: "}"))
    }

    private mutating func write(_ array: NamedArray) {
        switch array.numbers {
        case .float64(let numbers):
            nest(array.shape[...], from: 0) { $0.write(numbers[$1]) }
        case .float32(let tensor):
            bytes.reserveCapacity(bytes.count + tensor.count * 13)
            let numbers = tensor.span
            nest(array.shape[...], from: 0) { $0.write(numbers[$1]) }
        }
    }

    /// Brackets for each extent, the numbers innermost.
    private mutating func nest(_ shape: ArraySlice<Int>, from start: Int, number: (inout JSONWriter, Int) -> Void) {
        guard let extent = shape.first else { return number(&self, start) }
        let inner = shape.dropFirst()
        let step = inner.reduce(1, *)
        list(0..<extent) { $0.nest(inner, from: start + $1 * step, number: number) }
    }

    private mutating func list(_ indices: Range<Int>, element: (inout JSONWriter, Int) -> Void) {
        bytes.append(UInt8(ascii: "["))
        for index in indices {
            if index > indices.lowerBound { bytes.append(UInt8(ascii: ",")) }
            element(&self, index)
        }
        bytes.append(UInt8(ascii: "]"))
    }

    // The shortest digits that give the same number back.
    private mutating func write(_ number: Double) {
        append(number.isFinite ? number.description : "null")
    }

    private mutating func write(_ number: Float) {
        append(number.isFinite ? number.description : "null")
    }

    private mutating func write(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): append("\\\"")
            case UInt8(ascii: "\\"): append("\\\\")
            case UInt8(ascii: "\n"): append("\\n")
            case UInt8(ascii: "\r"): append("\\r")
            case UInt8(ascii: "\t"): append("\\t")
            case 0..<0x20: append("\\u00" + [byte].hexDigits)
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }
}

extension ResultValue {
    /// The value as JSON text.
    public var json: [UInt8] {
        var writer = JSONWriter()
        writer.write(self)
        return writer.bytes
    }

    /// Texts.
    package static func strings(_ texts: [String]) -> ResultValue { .list(texts.map(ResultValue.string)) }

    /// Whole numbers.
    package static func ints(_ numbers: [Int]) -> ResultValue { .list(numbers.map(ResultValue.int)) }

    /// Numbers.
    package static func doubles(_ numbers: [Double]) -> ResultValue { .list(numbers.map(ResultValue.double)) }

    /// A text, or null for nil.
    package static func optional(_ text: String?) -> ResultValue { text.map(ResultValue.string) ?? .null }

    /// A number, or null for nil.
    package static func optional(_ number: Int?) -> ResultValue { number.map(ResultValue.int) ?? .null }
}

extension [UInt8] {
    /// Two lower-case hexadecimal digits a byte.
    fileprivate var hexDigits: String { map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
}
