public import Platform

extension JSONValue {
    /// The largest document read, bytes.
    public static let maximumSize = 16 << 20
    /// The longest key of an object, bytes.
    public static let maximumKey = 1024

    /// The document in `bytes`, read strictly, as it may be hostile: a key twice, nesting beyond 64 levels, more than a
    /// million values or 16 MiB, keys over 1,024 bytes and texts that are dear to compare are errors.
    public static func parse(_ bytes: Bytes) throws(JSONError) -> JSONValue {
        guard bytes.count <= maximumSize else { throw .tooLarge(count: bytes.count, limit: maximumSize) }
        guard bytes.isUTF8 else { throw .notUTF8 }
        var parser = JSONParser(text: bytes.array)
        return try parser.document()
    }

    /// As `parse(_: Bytes)`.
    public static func parse(_ bytes: [UInt8]) throws(JSONError) -> JSONValue { try parse(Bytes(bytes)) }

    /// A JSON text's value; nil for a text that is none.
    public init?(json text: String) {
        guard let value = try? JSONValue.parse(Array(text.utf8)) else { return nil }
        self = value
    }
}

/// Without recursion, so that no document can exhaust the stack.
private struct JSONParser {
    private static let maximumDepth = 64
    private static let maximumValues = 1_000_000

    let text: [UInt8]
    private var index = 0
    private var values = 0
    private var frames: [Frame] = []

    /// A list or object still open.
    private struct Frame {
        let isObject: Bool
        private var members: [JSONValue.Member] = []
        private var elements: [JSONValue] = []
        /// The key whose value comes next.
        private var key = ""
        /// The keys of a large object; those of a small one are looked through.
        private var seen: Set<String> = []

        init(isObject: Bool) { self.isObject = isObject }

        /// Whether the key was not there yet.
        mutating func add(_ key: String) -> Bool {
            self.key = key
            guard members.count >= 8 else { return !members.contains { $0.name == key } }
            if seen.isEmpty { seen = Set(members.map(\.name)) }
            return seen.insert(key).inserted
        }

        mutating func add(_ value: JSONValue) {
            if isObject { members.append(.init(key, value)) } else { elements.append(value) }
        }

        var closed: JSONValue { isObject ? .object(members) : .list(elements) }
    }

    init(text: [UInt8]) { self.text = text }

    mutating func document() throws(JSONError) -> JSONValue {
        while true {
            // At the start of a value.
            skipSpace()
            var complete: JSONValue?
            switch current {
            case UInt8(ascii: "{"):
                try open(isObject: true)
                if try closesAtOnce(UInt8(ascii: "}")) { complete = frames.removeLast().closed } else { try key() }
            case UInt8(ascii: "["):
                try open(isObject: false)
                if try closesAtOnce(UInt8(ascii: "]")) { complete = frames.removeLast().closed }
            default: complete = try scalar()
            }
            // After a value: a comma leads to the next, a bracket closes the frame, which is a value itself.
            while let value = complete {
                complete = nil
                skipSpace()
                guard !frames.isEmpty else {
                    guard index == text.count else { throw fault("the end of the document") }
                    return value
                }
                frames[frames.count - 1].add(value)
                let isObject = frames[frames.count - 1].isObject
                switch current {
                case UInt8(ascii: ","):
                    index += 1
                    if isObject { try key() }
                case isObject ? UInt8(ascii: "}") : UInt8(ascii: "]"):
                    index += 1
                    complete = frames.removeLast().closed
                default: throw fault(isObject ? "',' or '}'" : "',' or ']'")
                }
            }
        }
    }

    private var current: UInt8? { index < text.count ? text[index] : nil }

    private func fault(_ expected: String) -> JSONError { .malformed(expected: expected, byte: index) }

    private mutating func skipSpace() {
        while let byte = current, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { index += 1 }
    }

    private mutating func count() throws(JSONError) {
        values += 1
        guard values <= Self.maximumValues else {
            throw .tooManyValues(limit: Self.maximumValues, byte: index)
        }
    }

    private mutating func open(isObject: Bool) throws(JSONError) {
        guard frames.count < Self.maximumDepth else { throw .tooDeep(limit: Self.maximumDepth, byte: index) }
        try count()
        index += 1
        frames.append(Frame(isObject: isObject))
    }

    private mutating func closesAtOnce(_ bracket: UInt8) throws(JSONError) -> Bool {
        skipSpace()
        guard current == bracket else { return false }
        index += 1
        return true
    }

    /// Reads `"key":` into the innermost object.
    private mutating func key() throws(JSONError) {
        skipSpace()
        let start = index
        guard current == UInt8(ascii: "\"") else { throw fault("a key in quotes") }
        let key = try string()
        guard key.utf8.count <= JSONValue.maximumKey else {
            throw .keyTooLong(limit: JSONValue.maximumKey, byte: start)
        }
        guard frames[frames.count - 1].add(key) else { throw .duplicateKey(key, byte: start) }
        skipSpace()
        guard current == UInt8(ascii: ":") else { throw fault("':'") }
        index += 1
    }

    private mutating func scalar() throws(JSONError) -> JSONValue {
        try count()
        switch current {
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func word(_ word: String, _ value: JSONValue) throws(JSONError) -> JSONValue {
        for byte in word.utf8 {
            guard current == byte else { throw fault("'\(word)'") }
            index += 1
        }
        return value
    }

    private mutating func digits() throws(JSONError) {
        let start = index
        while let byte = current, byte >= 0x30, byte <= 0x39 { index += 1 }
        guard index > start else { throw fault("a value") }
    }

    private mutating func number() throws(JSONError) -> JSONValue {
        let start = index
        if current == UInt8(ascii: "-") { index += 1 }
        if current == UInt8(ascii: "0") { index += 1 } else { try digits() }
        var isInteger = true
        if current == UInt8(ascii: ".") {
            isInteger = false
            index += 1
            try digits()
        }
        if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
            isInteger = false
            index += 1
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { index += 1 }
            try digits()
        }
        let digits = String(decoding: text[start..<index], as: UTF8.self)
        // The one number whose sign an integer would lose; readers of whole numbers refuse it, as safetensors does.
        if isInteger, digits != "-0", let integer = Int(digits) { return .int(integer) }
        guard let double = Double(digits), double.isFinite else {
            throw .malformed(expected: "a number in range", byte: start)
        }
        return .double(double)
    }

    private mutating func string() throws(JSONError) -> String {
        let start = index
        index += 1
        var bytes: ArraySlice<UInt8> = []
        while true {
            // Most of a text stands for itself.
            let plain = index
            while let byte = current, byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
                index += 1
            }
            guard let byte = current else { throw fault("'\"'") }
            let run = text[plain..<index]
            index += 1
            switch byte {
            case UInt8(ascii: "\""):
                let text = String(decoding: bytes.isEmpty ? run : bytes + run, as: UTF8.self)
                guard StreamSafeText.holds(text) else { throw .tooManyMarks(byte: start) }
                return text
            case UInt8(ascii: "\\"):
                bytes += run
                try escape(into: &bytes)
            default: throw .malformed(expected: "an escaped control character", byte: index - 1)
            }
        }
    }

    private mutating func escape(into bytes: inout ArraySlice<UInt8>) throws(JSONError) {
        guard let letter = current else { throw fault("an escape") }
        index += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): bytes.append(letter)
        case UInt8(ascii: "b"): bytes.append(0x08)
        case UInt8(ascii: "f"): bytes.append(0x0c)
        case UInt8(ascii: "n"): bytes.append(0x0a)
        case UInt8(ascii: "r"): bytes.append(0x0d)
        case UInt8(ascii: "t"): bytes.append(0x09)
        case UInt8(ascii: "u"):
            var code = try hex4()
            if code & 0xfc00 == 0xd800 {
                guard current == UInt8(ascii: "\\") else { throw fault("the second half of a surrogate pair") }
                index += 1
                guard current == UInt8(ascii: "u") else { throw fault("the second half of a surrogate pair") }
                index += 1
                let low = try hex4()
                guard low & 0xfc00 == 0xdc00 else { throw fault("the second half of a surrogate pair") }
                code = 0x10000 + (code & 0x3ff) << 10 + low & 0x3ff
            }
            guard let scalar = Unicode.Scalar(code) else { throw fault("a Unicode character") }
            bytes.append(contentsOf: Array(String(Character(scalar)).utf8))
        default: throw fault("an escape")
        }
    }

    private mutating func hex4() throws(JSONError) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = current, let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else {
                throw fault("four hexadecimal digits")
            }
            code = code << 4 | UInt32(digit)
            index += 1
        }
        return code
    }
}
