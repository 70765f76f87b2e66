import Platform

extension PickleMachine {
    /// The number, text or bytes that the instruction carries.
    mutating func literal() throws(CheckpointError) -> PickleGraph.Node {
        switch opcode {
        case .none: return .none
        case .newTrue: return .bool(true)
        case .newFalse: return .bool(false)
        case .binaryInteger: return .int(Int(try cursor.integer(Int32.self)))
        case .binaryInteger1: return .int(Int(try cursor.byte()))
        case .binaryInteger2: return .int(Int(try cursor.integer(UInt16.self)))
        case .binaryFloat: return .double(Double(bitPattern: try cursor.integer(UInt64.self).byteSwapped))
        case .long1: return integer(try cursor.take(Int(try cursor.byte())))
        case .long4: return integer(try cursor.take(Int(try cursor.integer(Int32.self))))
        case .binaryUnicode: return .text(try text(Int(try cursor.integer(UInt32.self))))
        case .shortBinaryUnicode: return .text(try text(Int(try cursor.byte())))
        case .binaryUnicode8: return .text(try text(try length8()))
        case .binaryBytes: return .bytes(try cursor.take(Int(try cursor.integer(UInt32.self))))
        case .shortBinaryBytes: return .bytes(try cursor.take(Int(try cursor.byte())))
        case .binaryBytes8, .byteArray8: return .bytes(try cursor.take(try length8()))
        case .binaryString: return .byteString(try cursor.take(Int(try cursor.integer(Int32.self))))
        case .shortBinaryString: return .byteString(try cursor.take(Int(try cursor.byte())))
        case .integer: return try integerLine()
        case .long: return try longLine()
        case .float: return try floatLine()
        case .string: return .byteString(Bytes(try quotedLine()))
        case .unicode: return .text(try unicodeLine())
        default: throw .unknownOpcode(opcode.rawValue, byte: start)
        }
    }

    private mutating func length8() throws(CheckpointError) -> Int {
        let length = try cursor.integer(UInt64.self)
        guard let count = Int(exactly: length) else {
            throw .truncated(part: "the pickle", needed: Int.max, present: cursor.remaining)
        }
        return count
    }

    private mutating func text(_ count: Int) throws(CheckpointError) -> String {
        let bytes = try cursor.take(count)
        try budget.spend(characters: count, at: start)
        guard bytes.isUTF8 else { throw .badLiteral("text", byte: start) }
        guard let text = bytes.utf8String else { throw .tooManyMarks(byte: start) }
        return text
    }

    /// Two's complement, little-endian, of any length.
    private func integer(_ bytes: Bytes) -> PickleGraph.Node {
        guard bytes.count <= 8 else { return .hugeInt(bytes) }
        guard bytes.count > 0 else { return .int(0) }
        var bits: UInt64 = bytes[bytes.count - 1] >= 0x80 ? .max : 0
        for byte in bytes.array.reversed() { bits = bits << 8 | UInt64(byte) }
        return .int(Int(truncatingIfNeeded: bits))
    }

    // MARK: Protocol 0, where everything is a line of text

    private mutating func line() throws(CheckpointError) -> [UInt8] {
        guard let line = cursor.line(limit: PickleBudget.maximumLine) else {
            guard cursor.remaining < PickleBudget.maximumLine else { throw .badLiteral("line", byte: start) }
            throw .truncated(part: "a line of the pickle", needed: cursor.remaining + 1, present: cursor.remaining)
        }
        try budget.spend(characters: line.count, at: start)
        return line.array
    }

    mutating func lineText() throws(CheckpointError) -> String {
        let line = Bytes(try line())
        guard line.isUTF8 else { throw .badLiteral("name", byte: start) }
        guard let text = line.utf8String else { throw .tooManyMarks(byte: start) }
        return text
    }

    mutating func decimalLine() throws(CheckpointError) -> Int {
        guard let number = Int(try lineText()) else { throw .badLiteral("number", byte: start) }
        return number
    }

    private mutating func integerLine() throws(CheckpointError) -> PickleGraph.Node {
        let text = try lineText()
        // Protocol 0 writes booleans as these two.
        if text == "00" { return .bool(false) }
        if text == "01" { return .bool(true) }
        guard let number = Int(text) else { throw .badLiteral("number", byte: start) }
        return .int(number)
    }

    private mutating func longLine() throws(CheckpointError) -> PickleGraph.Node {
        var text = try lineText()
        if text.hasSuffix("L") { text.removeLast() }
        if let number = Int(text) { return .int(number) }
        // The conversion takes the square of the digits, and no checkpoint has more than a seed's.
        guard text.utf8.count <= 100, let bytes = Self.twosComplement(text) else {
            throw .badLiteral("number", byte: start)
        }
        return .hugeInt(Bytes(bytes))
    }

    /// A decimal number as two's complement, little-endian; nil where it is none.
    private static func twosComplement(_ text: String) -> [UInt8]? {
        let isNegative = text.hasPrefix("-")
        let digits = Array(text.utf8.dropFirst(isNegative ? 1 : 0))
        guard !digits.isEmpty else { return nil }
        var bytes: [UInt8] = [0]
        for digit in digits {
            guard digit >= 0x30, digit <= 0x39 else { return nil }
            var carry = UInt16(digit - 0x30)
            for index in bytes.indices {
                carry += UInt16(bytes[index]) * 10
                bytes[index] = UInt8(truncatingIfNeeded: carry)
                carry >>= 8
            }
            if carry > 0 { bytes.append(UInt8(truncatingIfNeeded: carry)) }
        }
        if let last = bytes.last, last >= 0x80 { bytes.append(0) }
        guard isNegative else { return bytes }
        var carry: UInt16 = 1
        for index in bytes.indices {
            carry += UInt16(~bytes[index])
            bytes[index] = UInt8(truncatingIfNeeded: carry)
            carry >>= 8
        }
        return bytes
    }

    private mutating func floatLine() throws(CheckpointError) -> PickleGraph.Node {
        guard let number = Double(try lineText()) else { throw .badLiteral("number", byte: start) }
        return .double(number)
    }

    /// Python 2's `repr` of a `str`: quotes around text with backslash escapes.
    private mutating func quotedLine() throws(CheckpointError) -> [UInt8] {
        let line = try line()
        guard line.count >= 2, let quote = line.first, quote == line.last,
            quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"")
        else { throw .badLiteral("text", byte: start) }
        var text: [UInt8] = [], rest = line[1..<line.count - 1]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\") else {
                text.append(byte)
                continue
            }
            switch rest.popFirst() {
            case UInt8(ascii: "n"): text.append(0x0a)
            case UInt8(ascii: "r"): text.append(0x0d)
            case UInt8(ascii: "t"): text.append(0x09)
            case UInt8(ascii: "x"):
                guard let code = Self.hex(&rest, digits: 2) else { throw .badLiteral("text", byte: start) }
                text.append(UInt8(truncatingIfNeeded: code))
            case let other?: text.append(other)
            case nil: throw .badLiteral("text", byte: start)
            }
        }
        return text
    }

    /// Python's raw-unicode-escape: Latin-1 with `\u1234` and `\U00012345`.
    private mutating func unicodeLine() throws(CheckpointError) -> String {
        var rest = try line()[...], text = ""
        while let byte = rest.popFirst() {
            var code = UInt32(byte)
            if byte == UInt8(ascii: "\\"), let letter = rest.first,
                letter == UInt8(ascii: "u") || letter == UInt8(ascii: "U")
            {
                rest = rest.dropFirst()
                guard let escaped = Self.hex(&rest, digits: letter == UInt8(ascii: "u") ? 4 : 8) else {
                    throw .badLiteral("text", byte: start)
                }
                code = escaped
            }
            guard let scalar = Unicode.Scalar(code) else { throw .badLiteral("text", byte: start) }
            text.unicodeScalars.append(scalar)
        }
        guard StreamSafeText.holds(text) else { throw .tooManyMarks(byte: start) }
        return text
    }

    private static func hex(_ rest: inout ArraySlice<UInt8>, digits: Int) -> UInt32? {
        guard rest.count >= digits else { return nil }
        let text = String(decoding: rest.prefix(digits), as: UTF8.self)
        rest = rest.dropFirst(digits)
        guard text.utf8.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }) else { return nil }
        return UInt32(text, radix: 16)
    }
}
