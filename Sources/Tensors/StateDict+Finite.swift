import Platform

extension StateDict.Entry {
    /// Whether no number is a NaN or an infinity. One pass over the bytes; nothing is converted.
    public var isFinite: Bool {
        guard count > 0 else { return true }
        guard isContiguous else { return tensor().array.allSatisfy(\.isFinite) }
        // With its sign gone, a number whose exponent is all ones carries into the sign when one is added to the
        // exponent, and no other does.
        return bytes.withUnsafeBytes { source in
            switch dtype {
            case .f32: hasNoCarry(source, addend: 0x0080_0000 as UInt32)
            case .f64: hasNoCarry(source, addend: 0x0010_0000_0000_0000 as UInt64)
            case .f16: hasNoCarry(source, addend: 0x0400 as UInt16)
            case .bf16: hasNoCarry(source, addend: 0x0080 as UInt16)
            case .i64, .i32, .i16, .i8, .u8, .bool: true
            }
        }
    }

    private func hasNoCarry<T: FixedWidthInteger & UnsignedInteger>(
        _ source: UnsafeRawBufferPointer, addend: T
    ) -> Bool {
        guard let base = source.baseAddress else { return true }
        let size = MemoryLayout<T>.size, magnitude = T.max >> 1
        var carries: T = 0
        for index in 0..<count {
            let bits = T(littleEndian: base.loadUnaligned(fromByteOffset: index &* size, as: T.self))
            carries |= (bits & magnitude) &+ addend
        }
        return carries <= magnitude
    }
}
