import Tensors

/// Writes values as JSON text, large arrays of numbers without a detour through objects. What JSON cannot say, such as
/// NaN, becomes null.
struct JSONWriter {
    /// How a value is written; the same value and form always give the same bytes.
    enum Form {
        /// As answers are: one line, a floating-point number always with its point.
        case answer
        /// As digests take it: one line, whole floating-point numbers as integers.
        case canonical
        /// As `canonical`, but with a line a member of the outer objects, for people.
        case pretty
    }

    private(set) var bytes: [UInt8] = []
    private let form: Form

    init(_ form: Form) { self.form = form }

    mutating func write(_ value: JSONValue) { write(value, indent: form == .pretty ? 0 : nil) }

    /// - Parameter indent: how deep the line is indented; nil for a value within a line.
    private mutating func write(_ value: JSONValue, indent: Int?) {
        switch value {
        case .null: append("null")
        case .bool(let value): append(value ? "true" : "false")
        case .int(let value): append(value.description)
        case .double(let value): write(value)
        case .string(let value): write(value)
        case .list(let values):
            list(values.indices, separator: indent == nil ? "," : ", ") { $0.write(values[$1], indent: nil) }
        case .object(let members): write(members, indent: indent)
        case .array(let array): write(array)
        }
    }

    private mutating func write(_ members: [JSONValue.Member], indent: Int?) {
        let inner = indent.map { $0 + 1 }
        bytes.append(UInt8(ascii: "{"))
        for (index, member) in members.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            newLine(inner)
            write(member.name)
            append(indent == nil ? ":" : ": ")
            write(member.value, indent: inner)
        }
        if !members.isEmpty { newLine(indent) }
        bytes.append(UInt8(ascii: "}"))
    }

    private mutating func newLine(_ indent: Int?) {
        guard let indent else { return }
        bytes.append(UInt8(ascii: "\n"))
        for _ in 0..<indent { append("  ") }
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
        list(0..<extent, separator: ",") { $0.nest(inner, from: start + $1 * step, number: number) }
    }

    private mutating func list(
        _ indices: Range<Int>, separator: String, element: (inout JSONWriter, Int) -> Void
    ) {
        bytes.append(UInt8(ascii: "["))
        for index in indices {
            if index > indices.lowerBound { append(separator) }
            element(&self, index)
        }
        bytes.append(UInt8(ascii: "]"))
    }

    // The shortest digits that give the same number back.
    private mutating func write(_ number: Double) {
        if form != .answer, let whole = Int(exactly: number), whole.magnitude < 1 << 53 {
            append(whole.description)
        } else {
            append(number.isFinite ? number.description : "null")
        }
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
            // Digests were taken of texts in which these two are written as numbers.
            case UInt8(ascii: "\r") where form == .answer: append("\\r")
            case UInt8(ascii: "\t") where form == .answer: append("\\t")
            case 0..<0x20: append("\\u00" + (byte < 16 ? "0" : "") + String(byte, radix: 16))
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }
}

extension JSONValue {
    /// The value as an answer's JSON text, in one line.
    public var json: [UInt8] { written(.answer) }

    /// As `json`.
    public var text: String { String(decoding: json, as: UTF8.self) }

    /// The value in one line, always the same for the same value: whole numbers have no point, however they were given.
    public var canonical: [UInt8] { written(.canonical) }

    /// The value with a line a member, for people, and a line's end.
    public var pretty: [UInt8] { written(.pretty) + [UInt8(ascii: "\n")] }

    private func written(_ form: JSONWriter.Form) -> [UInt8] {
        var writer = JSONWriter(form)
        writer.write(self)
        return writer.bytes
    }
}
