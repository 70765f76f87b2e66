/// Rounding 32-bit floats to the two 16-bit formats, by bits, to nearest and ties to even as IEEE 754 has it.
enum HalfPrecision {
    /// IEEE half precision: beyond 65519 it is infinite, below 2^-25 it is zero.
    static func f16(_ value: Float) -> UInt16 {
        let bits = value.bitPattern
        let sign = UInt16(truncatingIfNeeded: bits >> 16) & 0x8000
        let magnitude = bits & 0x7fff_ffff
        if magnitude > 0x7f80_0000 { return sign | 0x7e00 }
        // 65520 and more round to infinity.
        if magnitude >= 0x477f_f000 { return sign | 0x7c00 }
        if magnitude < 0x3880_0000 {
            // Below 2^-14 the result counts steps of 2^-24. Adding a half makes the sum's last place exactly that step,
            // so the processor does the rounding.
            let steps = (Float(bitPattern: magnitude) + 0.5).bitPattern - (0.5 as Float).bitPattern
            return sign | UInt16(truncatingIfNeeded: steps)
        }
        let rebased = magnitude - 0x3800_0000
        let rounded = rebased + 0xfff + (rebased >> 13 & 1)
        return sign | UInt16(truncatingIfNeeded: rounded >> 13)
    }

    /// bfloat16: the upper half of a 32-bit float.
    static func bf16(_ value: Float) -> UInt16 {
        let bits = value.bitPattern
        if value.isNaN { return UInt16(truncatingIfNeeded: bits >> 16) | 0x40 }
        // The largest finite pattern plus the rounding stays below 2^32.
        return UInt16(truncatingIfNeeded: (bits + 0x7fff + (bits >> 16 & 1)) >> 16)
    }
}
