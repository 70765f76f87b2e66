package import Platform
public import Tensors

extension SafeTensors {
    /// The number format that floating-point arrays are written in. Integers and booleans always stay as they are.
    public enum Precision: String, Sendable, CaseIterable {
        case f32, f16, bf16

        var dtype: DType {
            switch self {
            case .f32: .f32
            case .f16: .f16
            case .bf16: .bf16
            }
        }
    }

    /// `tensors` as a safetensors file; the same content always gives the same bytes.
    ///
    /// Arrays come in the reference's order, by number format and then by name, so that every one is aligned.
    ///
    /// - Parameter precision: what to write floating-point arrays in, rounded to nearest even; nil keeps each as it is.
    /// - Throws: `CheckpointError.reservedName` for an array called `__metadata__`.
    public static func encode(
        _ tensors: StateDict, as precision: Precision? = nil, metadata: [String: String] = [:]
    ) throws(CheckpointError) -> [UInt8] {
        var file: [UInt8] = []
        for chunk in try chunks(tensors, as: precision, metadata: metadata) { file += chunk.array }
        return file
    }

    /// Writes `tensors` as the file at `path`, whole or not at all.
    ///
    /// - Throws: as `encode`, and `CheckpointError.file` where the disk refuses.
    public static func write(
        _ tensors: StateDict, as precision: Precision? = nil, metadata: [String: String] = [:], to path: String
    ) throws(CheckpointError) {
        let chunks = try chunks(tensors, as: precision, metadata: metadata)
        do { try AtomicFile.write(chunks, to: path, isPrivate: false) } catch { throw .file(error) }
    }

    /// The file in pieces; arrays that need no change are the very bytes of the checkpoint they came from.
    package static func chunks(
        _ tensors: StateDict, as precision: Precision?, metadata: [String: String]
    ) throws(CheckpointError) -> [Bytes] {
        func dtype(_ entry: StateDict.Entry) -> DType {
            entry.dtype.isFloatingPoint ? precision?.dtype ?? entry.dtype : entry.dtype
        }
        var arrays: [(name: String, entry: StateDict.Entry)] = []
        for name in tensors.names {
            guard name != metadataKey else { throw .reservedName(name) }
            if let entry = tensors[name] { arrays.append((name, entry)) }
        }
        arrays.sort { a, b in
            let (left, right) = (rank(dtype(a.entry)), rank(dtype(b.entry)))
            return left != right ? left < right : a.name.utf8.lexicographicallyPrecedes(b.name.utf8)
        }
        var data: [Bytes] = [], lines: [String] = [], end = 0
        if !metadata.isEmpty {
            let pairs = metadata.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            let texts = pairs.map { "\(quoted($0.key)):\(quoted($0.value))" }
            lines.append("\"\(metadataKey)\":{\(texts.joined(separator: ","))}")
        }
        for (name, entry) in arrays {
            let target = dtype(entry), bytes = entry.rowMajorBytes(as: target)
            let shape = entry.shape.map(String.init).joined(separator: ",")
            lines.append(
                """
                \(quoted(name)):{"dtype":"\(target.rawValue)","shape":[\(shape)],\
                "data_offsets":[\(end),\(end + bytes.count)]}
                """)
            data.append(bytes)
            end += bytes.count
        }
        var header = Array("{\(lines.joined(separator: ","))}".utf8)
        // Spaces up to a multiple of eight, as the reference writes, keep the numbers aligned in a mapped file.
        while header.count % 8 != 0 { header.append(UInt8(ascii: " ")) }
        let length = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> ($0 * 8)) }
        return [Bytes(length + header)] + data
    }

    /// The reference's order of number formats; wide ones come first.
    private static func rank(_ dtype: DType) -> Int {
        let order: [DType] = [.i64, .f64, .f32, .i32, .bf16, .f16, .i16, .i8, .u8, .bool]
        return order.firstIndex(of: dtype) ?? order.count
    }

    /// `text` as a JSON string.
    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\u{0}"..<"\u{20}":
                quoted += "\\u00" + [UInt8(truncatingIfNeeded: scalar.value)].hex
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
