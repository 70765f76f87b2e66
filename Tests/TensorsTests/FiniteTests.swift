import Platform
import Tensors
import Testing

@Suite struct FiniteTests {
    static func bytes<T: FixedWidthInteger>(_ patterns: [T]) -> Bytes {
        Bytes(patterns.flatMap { value in (0..<T.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) } })
    }

    static let halves: [(UInt16, Bool)] = [
        (0, true), (0x8000, true), (0x7bff, true), (0xfbff, true), (0x0001, true), (0x7c00, false), (0xfc00, false),
        (0x7e00, false), (0xffff, false), (0x7c01, false),
    ]

    @Test(arguments: halves)
    func halfPrecision(bits: UInt16, isFinite: Bool) {
        let entry = StateDict.Entry(dtype: .f16, shape: [3], bytes: Self.bytes([0x3c00, bits, 0x3c00]))
        #expect(entry.isFinite == isFinite)
    }

    @Test(arguments: [Float.nan, -.nan, .signalingNaN, .infinity, -.infinity])
    func everyKindIsFoundAnywhere(number: Float) {
        for count in [1, 2, 7, 64, 1001] {
            for place in [0, count / 2, count - 1] {
                var numbers = [Float](repeating: -.greatestFiniteMagnitude, count: count)
                #expect(StateDict.Entry(Tensor(shape: [count], numbers)).isFinite)
                numbers[place] = number
                #expect(!StateDict.Entry(Tensor(shape: [count], numbers)).isFinite)
                let brain = numbers.map { UInt16($0.bitPattern >> 16) }
                // The quiet bit is in the upper half; a signalling NaN may lose all of its payload.
                #expect(!StateDict.Entry(dtype: .bf16, shape: [count], bytes: Self.bytes(brain)).isFinite)
                let double = numbers.map { Double($0).bitPattern }
                #expect(!StateDict.Entry(dtype: .f64, shape: [count], bytes: Self.bytes(double)).isFinite)
            }
        }
    }

    @Test func viewsSeeTheirOwnNumbers() {
        let bytes = Self.bytes([Float(1), .nan, 2, 3].map(\.bitPattern))
        #expect(StateDict.Entry(dtype: .f32, shape: [2], strides: [2], bytes: bytes).isFinite)
        #expect(!StateDict.Entry(dtype: .f32, shape: [2, 2], strides: [1, 2], bytes: bytes).isFinite)
        #expect(StateDict.Entry(dtype: .f32, shape: [0], bytes: bytes).isFinite)
        #expect(StateDict.Entry(dtype: .i32, shape: [4], bytes: bytes).isFinite)
        // A file may begin anywhere.
        let odd = Bytes([0] + bytes.array)
        if let shifted = odd.slice(at: 1, count: 16) {
            #expect(!StateDict.Entry(dtype: .f32, shape: [4], bytes: shifted).isFinite)
        }
    }
}
