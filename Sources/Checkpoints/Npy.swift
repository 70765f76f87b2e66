public import Platform
public import Tensors

/// NumPy's NPY format, version 1.0 to 3.0: one array behind a header that is a Python literal.
public enum Npy {
    /// NumPy's own limit on the header, bytes.
    static let maximumHeader = 10_000

    /// The array in `bytes`, a whole file.
    ///
    /// - Throws: `CheckpointError`; object arrays, records, text, complex and big-endian numbers are refused.
    public static func decode(_ bytes: Bytes) throws(CheckpointError) -> StateDict.Entry {
        try decode(bytes, name: "the array")
    }

    static func decode(_ bytes: Bytes, name: String) throws(CheckpointError) -> StateDict.Entry {
        var cursor = Cursor(bytes, part: "the NPY header")
        for expected in magic {
            guard try cursor.byte() == expected else { throw .badNpyHeader(expected: "the magic \\x93NUMPY") }
        }
        let version = try cursor.byte()
        guard version >= 1, version <= 3, try cursor.byte() == 0 else {
            throw .badNpyHeader(expected: "version 1.0, 2.0 or 3.0")
        }
        let length = version == 1 ? Int(try cursor.integer(UInt16.self)) : Int(try cursor.integer(UInt32.self))
        guard length <= maximumHeader else { throw .headerTooLarge(count: length, limit: maximumHeader) }
        let header = try NpyHeader(try cursor.take(length))
        let data = try cursor.take(cursor.remaining)
        return try header.type.entry(shape: header.shape, isFortran: header.isFortran, bytes: data, tensor: name)
    }

    static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
}

/// The literal of an NPY file: `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`.
private struct NpyHeader {
    let type: NumpyType
    let isFortran: Bool
    let shape: [Int]

    init(_ bytes: Bytes) throws(CheckpointError) {
        // NumPy writes ASCII, but for the names of fields, and records are no tensors.
        guard bytes.utf8String != nil else { throw .badNpyHeader(expected: "text that can be compared") }
        var literal = Literal(text: bytes.array)
        var type: NumpyType?, isFortran: Bool?, shape: [Int]?
        try literal.expect("{")
        while !literal.accepts("}") {
            let key = try literal.string()
            try literal.expect(":")
            switch key {
            case "descr" where type == nil:
                // A list describes records, which are no tensor.
                type = literal.isAt("[") ? NumpyType(try literal.skippedList()) : NumpyType(try literal.string())
            case "fortran_order" where isFortran == nil: isFortran = try literal.bool()
            case "shape" where shape == nil: shape = try literal.tuple()
            default: throw .badNpyHeader(expected: "descr, fortran_order and shape, each once")
            }
            if !literal.accepts(",") {
                try literal.expect("}")
                break
            }
        }
        try literal.end()
        guard let type, let isFortran, let shape else {
            throw .badNpyHeader(expected: "descr, fortran_order and shape, each once")
        }
        (self.type, self.isFortran, self.shape) = (type, isFortran, shape)
    }
}

/// Just the Python literals that NumPy writes.
private struct Literal {
    let text: [UInt8]
    private var index = 0

    init(text: [UInt8]) { self.text = text }

    private var current: UInt8? { index < text.count ? text[index] : nil }

    private mutating func skipSpace() { while current == 0x20 || current == 0x0a { index += 1 } }

    mutating func isAt(_ word: String) -> Bool {
        skipSpace()
        return text[index...].starts(with: word.utf8)
    }

    mutating func accepts(_ word: String) -> Bool {
        guard isAt(word) else { return false }
        index += word.utf8.count
        return true
    }

    mutating func expect(_ word: String) throws(CheckpointError) {
        guard accepts(word) else { throw .badNpyHeader(expected: "'\(word)'") }
    }

    mutating func end() throws(CheckpointError) {
        skipSpace()
        guard current == nil else { throw .badNpyHeader(expected: "nothing after '}'") }
    }

    mutating func string() throws(CheckpointError) -> String {
        skipSpace()
        guard let quote = current, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else {
            throw .badNpyHeader(expected: "a text in quotes")
        }
        index += 1
        let start = index
        while let byte = current, byte != quote, byte != UInt8(ascii: "\\") { index += 1 }
        guard current == quote else { throw .badNpyHeader(expected: "a text without escapes") }
        index += 1
        return String(decoding: text[start..<index - 1], as: UTF8.self)
    }

    mutating func bool() throws(CheckpointError) -> Bool {
        if accepts("True") { return true }
        try expect("False")
        return false
    }

    mutating func tuple() throws(CheckpointError) -> [Int] {
        try expect("(")
        var numbers: [Int] = []
        while !accepts(")") {
            skipSpace()
            let start = index
            while let byte = current, byte >= 0x30, byte <= 0x39 { index += 1 }
            guard let number = Int(String(decoding: text[start..<index], as: UTF8.self)) else {
                throw .badNpyHeader(expected: "whole numbers in the shape")
            }
            numbers.append(number)
            // Python 2 wrote long integers with an L.
            _ = accepts("L")
            if !accepts(",") {
                try expect(")")
                break
            }
        }
        return numbers
    }

    /// The text of a list up to its closing bracket, nested ones included.
    mutating func skippedList() throws(CheckpointError) -> String {
        let start = index
        var depth = 0
        while let byte = current {
            index += 1
            if byte == UInt8(ascii: "[") { depth += 1 }
            if byte == UInt8(ascii: "]") { depth -= 1 }
            if depth == 0 { return String(decoding: text[start..<index], as: UTF8.self) }
        }
        throw .badNpyHeader(expected: "']'")
    }
}
