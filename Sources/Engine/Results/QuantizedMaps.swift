import Checkpoints
import JSON
import Tensors

/// Maps as bytes with a scale for each: `map ≈ byte · scale`, off by half a step, 1/510 of the map's largest value.
struct QuantizedMaps {
    /// As the maps.
    private let shape: [Int]
    private let bytes: [UInt8]
    /// Of the maps without their keys; a map that is not finite, or is negative somewhere, has the scale NaN.
    private let scales: Tensor

    /// Nil for what is no array of maps.
    init?(_ array: NamedArray) {
        let keys = array.axes.count(where: { $0.hasPrefix("key") })
        guard keys > 0, case .float32(let tensor) = array.numbers else { return nil }
        let outer = Array(array.shape.dropLast(keys)), numbers = tensor.array
        let count = Tensor.count(of: Array(array.shape.suffix(keys)))
        var bytes: [UInt8] = [], scales: [Float] = []
        bytes.reserveCapacity(numbers.count)
        for start in stride(from: 0, to: numbers.count, by: max(count, 1)) {
            let map = numbers[start..<start + count]
            var largest: Float = 0
            var isTold = true
            for value in map {
                isTold = isTold && value.isFinite && value >= 0
                largest = max(largest, value)
            }
            scales.append(isTold ? largest / 255 : .nan)
            let factor = isTold && largest > 0 ? 255 / largest : 0
            for value in map { bytes.append(UInt8(exactly: isTold ? min(255, (value * factor).rounded()) : 0) ?? 0) }
        }
        shape = array.shape
        self.bytes = bytes
        self.scales = Tensor(shape: outer, scales)
    }

    /// The bytes, and `NAME_scale`.
    func files(_ name: String) -> [(name: String, npy: [UInt8])] {
        [(name: name, npy: Npy.encode(shape: shape, bytes)), (name: name + "_scale", npy: Npy.encode(scales))]
    }
}
