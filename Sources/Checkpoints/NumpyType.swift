import Platform
import Tensors

/// A NumPy number format in its short spelling: order, kind, size; `<f4` for a 32-bit float.
struct NumpyType {
    /// The spelling, as the file has it.
    let name: String
    let kind: UInt8
    /// Bytes a number takes; 0 where the spelling is not a plain number.
    let size: Int
    let isBigEndian: Bool

    /// - Parameters:
    ///   - name: such as `<f4`, `|b1`, or without the order.
    ///   - order: the order where it is kept apart, as in pickles.
    init(_ name: String, order: String? = nil) {
        self.name = name
        var text = Array(name.utf8)[...]
        var mark = order?.utf8.first
        if let first = text.first, "<>|=".utf8.contains(first) {
            if mark == nil { mark = first }
            text = text.dropFirst()
        }
        kind = text.first ?? 0
        let digits = text.dropFirst()
        size = digits.count <= 3 ? Int(String(decoding: digits, as: UTF8.self)) ?? 0 : 0
        isBigEndian = mark == UInt8(ascii: ">") && size > 1
    }

    /// The format as ours, or nil where it has none: unsigned beyond a byte, complex, text, objects, records.
    ///
    /// `V2` is bfloat16: NumPy has no name of its own for it, so JAX's arrays come as two nameless bytes.
    var dtype: DType? {
        switch (kind, size) {
        case (UInt8(ascii: "f"), 8): .f64
        case (UInt8(ascii: "f"), 4): .f32
        case (UInt8(ascii: "f"), 2): .f16
        case (UInt8(ascii: "V"), 2): .bf16
        case (UInt8(ascii: "i"), 8): .i64
        case (UInt8(ascii: "i"), 4): .i32
        case (UInt8(ascii: "i"), 2): .i16
        case (UInt8(ascii: "i"), 1): .i8
        case (UInt8(ascii: "u"), 1): .u8
        case (UInt8(ascii: "b"), 1): .bool
        default: nil
        }
    }

    /// An array of this format in `bytes`, which it must fill exactly; Fortran order becomes strides.
    ///
    /// - Parameter tensor: its name, for messages.
    func entry(shape: [Int], isFortran: Bool, bytes: Bytes, tensor: String) throws(CheckpointError) -> StateDict.Entry {
        guard !isBigEndian else { throw .bigEndian(part: tensor) }
        guard let dtype else { throw .unsupportedDType(tensor: tensor, dtype: name) }
        guard let expected = Extents.byteCount(shape, size: dtype.size) else {
            throw .badShape(tensor: tensor, shape: shape)
        }
        guard expected == bytes.count else {
            throw .sizeMismatch(tensor: tensor, shape: shape, dtype: name, expected: expected, present: bytes.count)
        }
        guard isFortran, shape.count > 1 else { return StateDict.Entry(dtype: dtype, shape: shape, bytes: bytes) }
        let strides = Array(Extents.strides(shape.reversed()).reversed())
        return StateDict.Entry(dtype: dtype, shape: shape, strides: strides, bytes: bytes)
    }
}
