import Platform
import Tensors

extension PickleRebuilder {
    /// What a call of a known class or function makes.
    mutating func rebuild(_ call: Call) throws(CheckpointError) -> Inert {
        guard let known = call.known, let arguments = graph.tuple(call.object.arguments) else { throw call.fault }
        switch known {
        case .orderedDictionary, .dictionary: return .value(.dictionary(try filled(call, from: arguments.first)))
        case .defaultDictionary:
            return .value(.dictionary(try filled(call, from: arguments.count > 1 ? arguments[1] : nil)))
        case .sequence: return .value(.list(try elements(call, from: arguments.first)))
        case .reconstructor:
            guard arguments.count >= 1, case .global(let name) = made(arguments[0]) else { throw call.fault }
            return .value(try opaque(call, name: name))
        case .getAttribute: return .value(try opaque(call))
        case .numpyReconstruct: return .value(try numpyArray(call, arguments))
        case .numpyType: return try numpyType(call, arguments)
        case .tensorV1, .tensorV2, .tensorV3, .parameter, .fromTypeV2:
            guard call.isPlain else { throw call.fault }
            return .value(.tensor(try tensor(known, arguments, call)))
        case .unreadableTensor: throw .unsupportedTensor(kind: call.object.callee, byte: call.byte)
        case .bytes, .encode:
            guard call.isPlain else { throw call.fault }
            return .value(.bytes(try bytes(arguments, call)))
        case .device:
            guard call.isPlain else { throw call.fault }
            let parts = arguments.map { value($0) }
            guard let kind = parts.first?.string else { throw call.fault }
            return .value(.string(parts.count > 1 ? "\(kind):\(parts[1].int ?? 0)" : kind))
        case .numpyScalar:
            guard call.isPlain else { throw call.fault }
            return .value(try numpyScalar(arguments, call))
        case .numpyFromBuffer:
            guard call.isPlain, arguments.count == 4, case .numpyType(let type) = made(arguments[1]) else {
                throw call.fault
            }
            let isFortran = value(arguments[3]).string == "F"
            return .value(try array(type, shape: arguments[2], isFortran: isFortran, data: arguments[0], call))
        case .classArgument, .storage, .untypedStorage, .unreadableStorage, .dtype: return .value(try opaque(call))
        }
    }

    // MARK: Python's containers

    /// The first argument as a dictionary or a list of pairs, then the items that were set.
    private mutating func filled(_ call: Call, from argument: Ref?) throws(CheckpointError) -> ValueDictionary {
        guard call.object.elements.isEmpty else { throw call.fault }
        var filled = ValueDictionary()
        if let argument {
            switch value(argument) {
            case .dictionary(let dictionary):
                try spend(work: dictionary.count, at: call.byte)
                filled = dictionary
            case .list(let pairs):
                try spend(work: pairs.count, at: call.byte)
                for pair in pairs {
                    guard let pair = pair.array, pair.count == 2 else { throw call.fault }
                    filled.set(pair[0], to: pair[1])
                }
            default: throw call.fault
            }
        }
        for item in call.object.items { filled.set(value(item.key), to: value(item.value)) }
        return filled
    }

    /// The first argument as a list, then the elements that were appended.
    private mutating func elements(_ call: Call, from argument: Ref?) throws(CheckpointError) -> [Value] {
        guard call.object.items.isEmpty else { throw call.fault }
        var elements: [Value] = []
        if let argument {
            guard let given = value(argument).array else { throw call.fault }
            try spend(work: given.count, at: call.byte)
            elements = given
        }
        return elements + call.object.elements.map { value($0) }
    }

    /// Bytes as protocols below 3 spell them: `bytes()`, or text to be encoded as Latin-1.
    private mutating func bytes(_ arguments: [Ref], _ call: Call) throws(CheckpointError) -> Bytes {
        guard let first = arguments.first else { return Bytes([]) }
        switch value(first) {
        case .bytes(let bytes) where arguments.count == 1: return bytes
        case .string(let text):
            if arguments.count > 1 {
                guard let encoding = value(arguments[1]).string, ["latin1", "latin-1"].contains(encoding) else {
                    throw call.fault
                }
            }
            try spend(characters: text.utf8.count, at: call.byte)
            var bytes: [UInt8] = []
            bytes.reserveCapacity(text.utf8.count)
            for scalar in text.unicodeScalars {
                guard let byte = UInt8(exactly: scalar.value) else { throw call.fault }
                bytes.append(byte)
            }
            return Bytes(bytes)
        default: throw call.fault
        }
    }

    // MARK: NumPy

    /// `numpy.dtype('f4', False, True)`, whose byte order comes with its state.
    private mutating func numpyType(_ call: Call, _ arguments: [Ref]) throws(CheckpointError) -> Inert {
        guard let name = arguments.first.flatMap({ value($0).string }) else { throw call.fault }
        var order: String?
        if let state = call.object.state {
            guard let fields = value(state).array, fields.count > 1, let mark = fields[1].string else {
                throw call.fault
            }
            order = mark
        }
        return .numpyType(NumpyType(name, order: order))
    }

    /// An array whose state is `(version, shape, dtype, is Fortran, data)`; one of objects or text stays opaque.
    private mutating func numpyArray(_ call: Call, _ arguments: [Ref]) throws(CheckpointError) -> Value {
        guard let state = call.object.state else { return try opaque(call, name: "numpy.ndarray") }
        guard let fields = graph.tuple(state), fields.count == 5, case .numpyType(let type) = made(fields[2]),
            let isFortran = value(fields[3]).bool
        else { throw call.fault }
        return try array(type, shape: fields[1], isFortran: isFortran, data: fields[4], call)
    }

    private mutating func array(
        _ type: NumpyType, shape: Ref, isFortran: Bool, data: Ref, _ call: Call
    ) throws(CheckpointError) -> Value {
        guard type.dtype != nil else { return .opaque(Value.Opaque(name: "numpy.ndarray of \(type.name)")) }
        guard let shape = integers(shape), let bytes = raw(data) else { throw call.fault }
        try claim(bytes: bytes.count, at: call.byte)
        return .tensor(try type.entry(shape: shape, isFortran: isFortran, bytes: bytes, tensor: "the NumPy array"))
    }

    /// A number, or opaque where it is none.
    private mutating func numpyScalar(_ arguments: [Ref], _ call: Call) throws(CheckpointError) -> Value {
        guard arguments.count == 2, case .numpyType(let type) = made(arguments[0]) else { throw call.fault }
        guard let dtype = type.dtype else {
            return .opaque(Value.Opaque(name: "numpy.\(type.name)", arguments: [value(arguments[1])]))
        }
        guard let bytes = raw(arguments[1]) else { throw call.fault }
        let entry = try type.entry(shape: [], isFortran: false, bytes: bytes, tensor: "the NumPy number")
        switch dtype {
        case .bool: return .bool(bytes[0] != 0)
        case .f64: return .double(Double(bitPattern: bytes.littleEndian(at: 0) ?? 0))
        case .i64: return .int(Int(bytes.littleEndian(at: 0, as: Int64.self) ?? 0))
        case .i32: return .int(Int(bytes.littleEndian(at: 0, as: Int32.self) ?? 0))
        case .i16, .i8, .u8: return .int(Int(inRange: Double(entry.tensor()[flat: 0])))
        case .f32, .f16, .bf16: return .double(Double(entry.tensor()[flat: 0]))
        }
    }

    /// Bytes; Python 2 had text for them.
    private func raw(_ ref: Ref) -> Bytes? {
        if case .byteString(let bytes) = graph.nodes[ref] { return bytes }
        if case .bytes(let bytes) = value(ref) { return bytes }
        return nil
    }

    /// The integers of a tuple or `torch.Size`; nil where it has others, or more than any shape has.
    func integers(_ ref: Ref) -> [Int]? {
        guard let elements = value(ref).array, elements.count <= Extents.maximumRank else { return nil }
        var integers: [Int] = []
        for element in elements {
            guard case .int(let integer) = element else { return nil }
            integers.append(integer)
        }
        return integers
    }
}
