import Platform

extension StateDict.Entry {
    /// Writes the numbers, row-major, as 32-bit floats to `target`, which has room for exactly `count`.
    ///
    /// Doubles are rounded to nearest; integers beyond 2^24 lose digits.
    public func copyFloats(to target: UnsafeMutableBufferPointer<Float>) {
        precondition(target.count == count, "room for \(target.count) numbers, \(count) to write")
        guard count > 0 else { return }
        bytes.withUnsafeBytes { source in
            switch dtype {
            case .f32: copy(source, to: target, as: UInt32.self) { Float(bitPattern: $0) }
            case .f64: copy(source, to: target, as: UInt64.self) { Float(Double(bitPattern: $0)) }
            case .f16: copy(source, to: target, as: UInt16.self, convert: Self.half)
            case .bf16: copy(source, to: target, as: UInt16.self) { Float(bitPattern: UInt32($0) << 16) }
            case .i64: copy(source, to: target, as: Int64.self) { Float($0) }
            case .i32: copy(source, to: target, as: Int32.self) { Float($0) }
            case .i16: copy(source, to: target, as: Int16.self) { Float($0) }
            case .i8: copy(source, to: target, as: Int8.self) { Float($0) }
            case .u8: copy(source, to: target, as: UInt8.self) { Float($0) }
            case .bool: copy(source, to: target, as: UInt8.self) { $0 == 0 ? 0 : 1 }
            }
        }
    }

    private func copy<T: FixedWidthInteger>(
        _ source: UnsafeRawBufferPointer, to target: UnsafeMutableBufferPointer<Float>, as: T.Type,
        convert: (T) -> Float
    ) {
        let size = MemoryLayout<T>.size
        guard let base = source.baseAddress, let out = target.baseAddress else { return }
        if isContiguous {
            if T.self == UInt32.self {
                UnsafeMutableRawPointer(out).copyMemory(from: base, byteCount: count * 4)
            } else {
                for index in 0..<count {
                    out[index] = convert(T(littleEndian: base.loadUnaligned(fromByteOffset: index * size, as: T.self)))
                }
            }
            return
        }
        let inner = shape.last ?? 1, step = strides.last ?? 1
        var written = 0
        forEachRow { offset in
            for index in 0..<inner {
                out[written] = convert(
                    T(littleEndian: base.loadUnaligned(fromByteOffset: (offset + index * step) * size, as: T.self)))
                written += 1
            }
        }
    }

    /// IEEE half precision, by bits, so that it works where the processor or the compiler has no such type.
    private static func half(_ bits: UInt16) -> Float {
        let sign = UInt32(bits & 0x8000) << 16
        let exponent = UInt32(bits >> 10) & 0x1f, fraction = UInt32(bits) & 0x3ff
        switch exponent {
        case 0: return (Float(bitPattern: sign) == 0 && sign != 0 ? -1 : 1) * Float(fraction) * 0x1p-24
        case 31: return Float(bitPattern: sign | 0x7f80_0000 | fraction << 13)
        default: return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
        }
    }
}
