package import Platform

extension Communicator {
    /// Replaces the numbers by their sums over all ranks.
    package func sum(_ tensor: inout Tensor) {
        guard size > 1 else { return }
        tensor.withUnsafeMutableBufferPointer { sum($0) }
    }

    /// The rows (rows, width) of all ranks below each other, in the order of ranks; each has as many.
    package func gatherRows(_ tensor: Tensor) -> Tensor {
        guard size > 1 else { return tensor }
        return Tensor(shape: [tensor.shape[0] * size] + tensor.shape.dropFirst()) { all in
            // What an exchange that goes wrong leaves is nobody's memory.
            all.update(repeating: 0)
            tensor.withUnsafeBufferPointer { own in
                gather(UnsafeRawBufferPointer(own), into: UnsafeMutableRawBufferPointer(all))
            }
        }
    }

    /// Replaces the numbers by those of rank 0.
    package func broadcast(_ buffer: inout ParameterBuffer) {
        guard size > 1 else { return }
        let count = buffer.layout.count
        guard count > 0 else { return }
        buffer.withUnsafeMutable { (numbers: Target) in
            broadcast(UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(start: numbers, count: count)))
        }
    }
}

extension ParameterBuffer {
    /// A number that differs, as good as surely, where any bit does.
    package var fingerprint: Int {
        guard layout.count > 0 else { return 0 }
        let hash = withUnsafe { (numbers: Source) in
            // FNV-1a over words.
            (0..<layout.count).reduce(0xcbf2_9ce4_8422_2325 as UInt64) {
                ($0 ^ UInt64(numbers[$1].bitPattern)) &* 0x100_0000_01b3
            }
        }
        return Int(truncatingIfNeeded: hash)
    }
}
