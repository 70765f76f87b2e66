import TestSupport
import Foundation
import Platform
import Tensors
import Testing

/// Hand-sized cases and plain loops in double precision against the kernels.
@Suite struct KernelTests {
    let pool = ThreadPool(threads: 2) { NumericLibraries.prepareThread() }

    init() { NumericLibraries.prepareThread() }

    static func random(_ shape: [Int], seed: UInt64, spread: Float = 1) -> Tensor {
        var random = SplitMix64(seed: seed)
        return Tensor(shape: shape, (0..<shape.reduce(1, *)).map { _ in (random.uniform() * 2 - 1) * spread })
    }

    /// GELU in its exact form, by erf, on both backends of a product.
    @Test(arguments: [PackedLinear.Backend.oneDNN, .openBLAS]) func geluIsExact(backend: PackedLinear.Backend) {
        let identity = Tensor(shape: [3, 3], [1, 0, 0, 0, 1, 0, 0, 0, 1])
        let layer = PackedLinear(weight: identity, bias: nil, backend: backend)
        let y = layer.forward(Tensor(shape: [1, 3], [1, -1, 0.5]), activation: .gelu, pool: pool).array
        for (found, expected) in zip(y, [0.8413447461, -0.1586552539, 0.3457312306]) {
            #expect(abs(Double(found) - expected) < 1e-6)
        }
    }

    @Test(arguments: [PackedLinear.Backend.oneDNN, .openBLAS], [1, 2, 5, 197, 1000])
    func productsAgreeWithPlainLoops(backend: PackedLinear.Backend, rows: Int) {
        let (inputs, outputs) = (70, 33)
        let x = Self.random([rows, inputs], seed: 1), w = Self.random([outputs, inputs], seed: 2)
        let b = Self.random([outputs], seed: 3), scale = Self.random([outputs], seed: 4)
        let layer = PackedLinear(weight: w, bias: b, scale: scale, backend: backend)
        var sum = Tensor(shape: [rows, outputs], repeating: 2)
        let y = layer.forward(x, pool: pool)
        layer.accumulate(x, into: &sum, pool: pool)
        var worst = 0.0
        for row in 0..<rows {
            for column in 0..<outputs {
                var expected = Double(b[column])
                for index in 0..<inputs { expected += Double(x[row, index]) * Double(w[column, index]) }
                expected *= Double(scale[column])
                worst = max(worst, abs(Double(y[row, column]) - expected), abs(Double(sum[row, column]) - 2 - expected))
            }
        }
        #expect(worst < 1e-5)
    }

    @Test func layerNormByHand() {
        let y = Tensor(shape: [1, 4], [1, 2, 3, 4]).layerNorm(
            weight: Tensor(shape: [4], repeating: 2), bias: Tensor(shape: [4], repeating: 1), eps: 0, pool: pool)
        let expected = [-1.3416408, -0.4472136, 0.4472136, 1.3416408].map { Float($0 * 2 + 1) }
        #expect(pairs(y.array, expected).everyOne { abs($0 - $1) < 1e-5 })
    }

    @Test func layerNormKeepsItsDigitsFarFromZero() {
        let x = Self.random([5, 96], seed: 7).map { $0 + 1000 }
        let y = x.layerNorm(
            weight: Tensor(shape: [96], repeating: 1), bias: Tensor.zeros([96]), eps: 1e-6, pool: pool)
        for row in 0..<5 {
            let numbers = (0..<96).map { Double(x[row, $0]) }
            let mean = numbers.reduce(0, +) / 96
            let variance = numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 96
            for column in 0..<96 {
                #expect(abs(Double(y[row, column]) - (numbers[column] - mean) / (variance + 1e-6).squareRoot()) < 1e-3)
            }
        }
    }

    @Test func swiGLUByHand() {
        let y = Tensor(shape: [1, 4], [1, -2, 3, 5]).swiGLU(pool: pool).array
        #expect(abs(y[0] - 0.7310586 * 3) < 1e-5)
        #expect(abs(y[1] - -2 * 0.1192029 * 5) < 1e-5)
        // Far out on both sides nothing overflows.
        #expect(Tensor(shape: [1, 4], [-200, 200, 1, 1]).swiGLU(pool: pool).array.map { $0.rounded() } == [0, 200])
    }

    @Test func patchesAreOrderedChannelRowColumn() {
        let image = Tensor(shape: [1, 2, 4, 4], (0..<32).map(Float.init))
        let patches = image.patches(patchSize: 2, pool: pool)
        #expect(patches.shape == [1, 4, 8])
        #expect(patches.part(0).part(1).array == [2, 3, 6, 7, 18, 19, 22, 23])
    }

    @Test func neighbourhoodsPadWithZeros() {
        let image = Tensor(shape: [1, 2, 2], [1, 2, 3, 4])
        #expect(image.neighbourhoods(channelsLast: false).array == [0, 0, 0, 0, 1, 2, 0, 3, 4])
        let wide = Tensor(shape: [2, 4, 4], (0..<32).map(Float.init))
        let last = Tensor(shape: [32], wide.array).permuted([1, 2, 0], of: [2, 4, 4])
        #expect(wide.neighbourhoods(channelsLast: false) == last.neighbourhoods(channelsLast: true))
    }
}

/// Attention against plain loops in double precision.
@Suite struct AttentionTests {
    let pool = ThreadPool(threads: 2) { NumericLibraries.prepareThread() }
    let batch = 2, tokens = 7, heads = 3, headDim = 4
    let qkv: Tensor
    let bias: Tensor

    init() {
        NumericLibraries.prepareThread()
        qkv = KernelTests.random([2, 7, 36], seed: 5, spread: 3)
        bias = KernelTests.random([3, 7, 7], seed: 6)
    }

    func reference(_ image: Int, _ head: Int, _ query: Int, biased: Bool) -> [Double] {
        let scores = (0..<tokens).map { key in
            (0..<headDim).reduce(0.0) {
                $0 + Double(qkv[image, query, head * headDim + $1]) * Double(qkv[image, key, 12 + head * headDim + $1])
            } / 2 + (biased ? Double(bias[head, query, key]) : 0)
        }
        let exps = scores.map { exp($0 - scores.max()!) }
        return exps.map { $0 / exps.reduce(0, +) }
    }

    @Test(arguments: [true, false]) func mapsAndOutput(biased: Bool) throws {
        let attention = AttentionForward(
            qkv: qkv, numHeads: heads, bias: biased ? bias : nil,
            wanted: .init(heads: [0, 1, 2], queries: nil, output: true), pool: pool)
        let maps = try #require(attention.maps), output = try #require(attention.output)
        for image in 0..<batch {
            for head in 0..<heads {
                for query in 0..<tokens {
                    let row = reference(image, head, query, biased: biased)
                    for key in 0..<tokens { #expect(abs(Double(maps[image, head, query, key]) - row[key]) < 1e-6) }
                    for channel in 0..<headDim {
                        let value = (0..<tokens).reduce(0.0) {
                            $0 + row[$1] * Double(qkv[image, $1, 24 + head * headDim + channel])
                        }
                        #expect(abs(Double(output[image, query, head * headDim + channel]) - value) < 1e-5)
                    }
                }
            }
        }
    }

    /// Whatever is left out, what is kept is the same to the last bit or two.
    @Test(arguments: [true, false], [true, false]) func selectionsAreParts(biased: Bool, output: Bool) throws {
        let whole = try #require(
            AttentionForward(
                qkv: qkv, numHeads: heads, bias: biased ? bias : nil,
                wanted: .init(heads: [0, 1, 2], queries: nil, output: false), pool: pool
            ).maps)
        let queries = [6, 0, 3, 3]
        let part = try #require(
            AttentionForward(
                qkv: qkv, numHeads: heads, bias: biased ? bias : nil,
                wanted: .init(heads: [2, 0], queries: queries, output: output), pool: pool
            ).maps)
        #expect(part.shape == [2, 2, 4, 7])
        for image in 0..<batch {
            for (slot, head) in [2, 0].enumerated() {
                for (row, query) in queries.enumerated() {
                    for key in 0..<tokens {
                        #expect(abs(part[image, slot, row, key] - whole[image, head, query, key]) < 1e-6)
                    }
                }
            }
        }
    }
}
