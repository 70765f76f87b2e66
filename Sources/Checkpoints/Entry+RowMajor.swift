import Platform
import Tensors

extension StateDict.Entry {
    /// The numbers as `target`, row-major and little-endian. Without a change of format a contiguous array is not
    /// copied. Only floating-point arrays change their format.
    func rowMajorBytes(as target: DType) -> Bytes {
        if target == dtype {
            if isContiguous, let slice = bytes.slice(at: 0, count: count * dtype.size) { return slice }
            return gathered()
        }
        let tensor = tensor()
        switch target {
        case .f16: return packed(tensor, HalfPrecision.f16)
        case .bf16: return packed(tensor, HalfPrecision.bf16)
        default: return tensor.littleEndianBytes
        }
    }

    private func packed(_ tensor: Tensor, _ convert: (Float) -> UInt16) -> Bytes {
        let span = tensor.span
        var packed = [UInt8](repeating: 0, count: tensor.count * 2)
        for index in 0..<tensor.count {
            let bits = convert(span[index])
            packed[index * 2] = UInt8(truncatingIfNeeded: bits)
            packed[index * 2 + 1] = UInt8(truncatingIfNeeded: bits >> 8)
        }
        return Bytes(packed)
    }

    /// The bytes of a strided view, element by element.
    private func gathered() -> Bytes {
        guard count > 0 else { return Bytes([]) }
        let size = dtype.size
        var gathered: [UInt8] = []
        gathered.reserveCapacity(count * size)
        let inner = shape.last ?? 1, step = strides.last ?? 1
        forEachRow { offset in
            for index in 0..<inner {
                let start = (offset + index * step) * size
                for byte in start..<start + size { gathered.append(bytes[byte]) }
            }
        }
        return Bytes(gathered)
    }
}
