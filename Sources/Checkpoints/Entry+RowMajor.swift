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
        var indices = [Int](repeating: 0, count: shape.count)
        var offset = 0
        while true {
            for byte in 0..<size { gathered.append(bytes[offset * size + byte]) }
            // The next position, like an odometer.
            var axis = shape.count - 1
            while axis >= 0 {
                indices[axis] += 1
                offset += strides[axis]
                if indices[axis] < shape[axis] { break }
                offset -= strides[axis] * shape[axis]
                indices[axis] = 0
                axis -= 1
            }
            if axis < 0 { return Bytes(gathered) }
        }
    }
}
