import TestSupport
import Platform
import Tensors
import Testing

@Suite struct TensorTests {
    @Test func copiesAreIndependent() {
        let a = Tensor(shape: [2, 3], [1, 2, 3, 4, 5, 6])
        var b = a
        b[1, 2] = 9
        #expect(a[1, 2] == 6 && b[1, 2] == 9)
    }

    @Test func partsRowsAndStacks() {
        let a = Tensor(shape: [2, 3], [1, 2, 3, 4, 5, 6])
        #expect(a.part(1).array == [4, 5, 6])
        #expect(a.rows(0..<1).shape == [1, 3])
        #expect(a.transposed() == Tensor(shape: [3, 2], [1, 4, 2, 5, 3, 6]))
        #expect(Tensor.stacking([a, a]).shape == [2, 2, 3])
        #expect(Tensor.concatenating([a, a]).array == a.array + a.array)
        #expect(Tensor(shape: [6], a.array).permuted([1, 0], of: [2, 3]) == a.transposed())
    }

    @Test func emptyExtentsHoldNothing() {
        let empty = Tensor.zeros([0, 5])
        #expect(empty.count == 0 && empty.array.isEmpty && empty.isFinite)
        #expect(Tensor(shape: [], [3]).array == [3])
    }

    /// Neither blocks of the heap nor those with pages of their own, of which the smaller ones are never recycled.
    @Test(arguments: [5000, 30_000, 1_200_000]) func recycledMemoryIsNotShared(count: Int) {
        var kept: [Tensor] = []
        for value in 0..<20 {
            if value == 10 { Tensor.mapMemory() }
            kept.append(Tensor(shape: [count], repeating: Float(value)))
            _ = Tensor(shape: [count], repeating: -1)
        }
        #expect(kept.enumerated().everyOne { index, tensor in tensor.array.everyOne { $0 == Float(index) } })
        kept.removeFirst(15)
        Tensor.releaseRecycledMemory()
        #expect(kept.enumerated().everyOne { index, tensor in tensor.array.everyOne { $0 == Float(index + 15) } })
    }
}

@Suite struct StateDictTests {
    @Test func namesKeepTheirOrder() {
        var dict = StateDict()
        for name in ["b", "a", "c"] { dict[name] = .init(Tensor.zeros([1])) }
        dict["b"] = .init(Tensor(shape: [1], [2]))
        #expect(dict.names == ["b", "a", "c"])
        dict["a"] = nil
        #expect(dict.names == ["b", "c"] && dict["a"] == nil)
    }

    @Test func everyNumberFormatConverts() {
        func entry(_ dtype: DType, _ bytes: [UInt8], count: Int) -> [Float] {
            StateDict.Entry(dtype: dtype, shape: [count], bytes: Bytes(bytes)).tensor().array
        }
        // 1.0, −2.0, the smallest subnormal, infinity
        #expect(
            entry(.f16, [0x00, 0x3c, 0x00, 0xc0, 0x01, 0x00, 0x00, 0x7c], count: 4)
                == [1, -2, 0x1p-24, .infinity])
        #expect(entry(.f16, [0x00, 0x7e], count: 1)[0].isNaN)
        #expect(entry(.f16, [0x01, 0x80, 0xff, 0x7b], count: 2) == [-0x1p-24, 65504])
        #expect(entry(.bf16, [0x80, 0x3f, 0x20, 0xc1], count: 2) == [1, -10])
        #expect(entry(.f64, [0, 0, 0, 0, 0, 0, 0xf8, 0x3f], count: 1) == [1.5])
        #expect(entry(.i64, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], count: 1) == [-1])
        #expect(entry(.i16, [0xfe, 0xff], count: 1) == [-2])
        #expect(entry(.i8, [0x80], count: 1) == [-128])
        #expect(entry(.u8, [0xff], count: 1) == [255])
        #expect(entry(.bool, [0, 1, 2], count: 3) == [0, 1, 1])
    }

    @Test func stridesAreHonoured() {
        let numbers = Tensor(shape: [12], (0..<12).map(Float.init)).littleEndianBytes
        let view = StateDict.Entry(dtype: .f32, shape: [2, 3], strides: [1, 4], bytes: numbers)
        #expect(view.tensor().array == [0, 4, 8, 1, 5, 9])
        #expect(!view.isContiguous)
        let permuted = StateDict.Entry(dtype: .f32, shape: [2, 2, 3], bytes: numbers).permuted([2, 0, 1])
        #expect(permuted.shape == [3, 2, 2])
        #expect(permuted.tensor().array == [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11])
        #expect(permuted.reshaped([12]).tensor().array == permuted.tensor().array)
    }
}
