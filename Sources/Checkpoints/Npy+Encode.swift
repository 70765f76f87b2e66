import Platform
public import Tensors

extension Npy {
    /// `tensor` as an NPY file: 32-bit floats, little-endian, C order.
    public static func encode(_ tensor: Tensor) -> [UInt8] {
        var file = header("<f4", shape: tensor.shape)
        file.reserveCapacity(file.count + tensor.byteCount)
        file.append(tensor.littleEndianBytes)
        return file
    }

    /// `numbers`, row-major, as an NPY file of 64-bit floats, little-endian, C order. Their count must be the product
    /// of `shape`.
    public static func encode(shape: [Int], _ numbers: [Double]) -> [UInt8] {
        precondition(
            numbers.count == Tensor.count(of: shape), "\(numbers.count) numbers do not fill the shape \(shape)")
        var file = header("<f8", shape: shape)
        file.append(Bytes(littleEndian: numbers))
        return file
    }

    /// `numbers`, row-major, as an NPY file of 64-bit integers, little-endian, C order.
    public static func encode(shape: [Int], _ numbers: [Int]) -> [UInt8] {
        encode("<i8", shape: shape, numbers.map { UInt64(bitPattern: Int64($0)) })
    }

    /// `bytes`, row-major, as an NPY file of 8-bit whole numbers, C order. Their count must be the product of `shape`.
    public static func encode(shape: [Int], _ bytes: [UInt8]) -> [UInt8] {
        precondition(bytes.count == Tensor.count(of: shape), "\(bytes.count) bytes do not fill the shape \(shape)")
        return header("|u1", shape: shape) + bytes
    }

    /// `texts`, row-major, as an NPY file of Unicode texts, padded to the longest: NumPy's `<U`.
    public static func encode(shape: [Int], _ texts: [String]) -> [UInt8] {
        precondition(texts.count == Tensor.count(of: shape), "\(texts.count) texts do not fill the shape \(shape)")
        let width = max(texts.map(\.unicodeScalars.count).max() ?? 0, 1)
        var file = header("<U\(width)", shape: shape)
        for text in texts {
            for scalar in text.unicodeScalars {
                for byte in 0..<4 { file.append(UInt8(truncatingIfNeeded: scalar.value >> (UInt32(byte) * 8))) }
            }
            file += [UInt8](repeating: 0, count: 4 * (width - text.unicodeScalars.count))
        }
        return file
    }

    private static func encode(_ descr: String, shape: [Int], _ words: [UInt64]) -> [UInt8] {
        precondition(words.count == Tensor.count(of: shape), "\(words.count) numbers do not fill the shape \(shape)")
        return header(descr, shape: shape) + bytes(words)
    }

    private static func bytes(_ words: [UInt64]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(words.count * 8)
        for word in words { for byte in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: word >> (UInt64(byte) * 8))) } }
        return bytes
    }

    private static func header(_ descr: String, shape: [Int]) -> [UInt8] {
        let extents = shape.count == 1 ? "\(shape[0])," : shape.map(String.init).joined(separator: ", ")
        var text = "{'descr': '\(descr)', 'fortran_order': False, 'shape': (\(extents)), }"
        // NumPy aligns the numbers to 64 bytes with spaces and ends the header with a line feed.
        let used = magic.count + 4 + text.utf8.count + 1
        text += String(repeating: " ", count: (64 - used % 64) % 64) + "\n"
        let length = text.utf8.count
        return magic + [1, 0, UInt8(length & 255), UInt8(truncatingIfNeeded: length >> 8)] + Array(text.utf8)
    }
}
