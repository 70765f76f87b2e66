import Foundation
import Platform
import Tensors
import TestSupport
import Testing

/// Products of bf16 numbers against plain loops in double precision over the rounded numbers.
@Suite(.enabled(if: Precision.bf16.lacking == nil, "this processor multiplies no bf16"))
struct BF16Tests {
    let pool = ThreadPool(threads: 2) { NumericLibraries.prepareThread() }

    init() { NumericLibraries.prepareThread() }

    /// The upper half of `x`, rounded to nearest even.
    private static func rounded(_ x: Float) -> Double {
        let bits = x.bitPattern, up = (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF_0000
        return Double(Float(bitPattern: up))
    }

    @Test(arguments: [1, 2, 5, 197, 600]) func productsAreOfRoundedNumbers(rows: Int) {
        let (inputs, outputs) = (71, 233)
        let x = KernelTests.random([rows, inputs], seed: 1), w = KernelTests.random([outputs, inputs], seed: 2)
        let b = KernelTests.random([outputs], seed: 3)
        let layer = PackedLinear(weight: w, bias: b, precision: .bf16)
        let y = layer.forward(x, pool: pool)
        var sum = Tensor(shape: [rows, outputs], repeating: 2)
        layer.accumulate(x, into: &sum, pool: pool)
        var worst = 0.0
        for row in 0..<rows {
            for column in 0..<outputs {
                var expected = Double(b[column])
                for index in 0..<inputs { expected += Self.rounded(x[row, index]) * Self.rounded(w[column, index]) }
                worst = max(worst, abs(Double(y[row, column]) - expected), abs(Double(sum[row, column]) - 2 - expected))
            }
        }
        #expect(worst < 1e-4)
        #expect(layer.byteCount < PackedLinear(weight: w, bias: b).byteCount)
    }

    @Test func theTwoLayersOfAnMLP() {
        let (rows, width, hidden) = (40, 33, 250)
        let x = KernelTests.random([2, rows / 2, width], seed: 1)
        let w1 = KernelTests.random([hidden, width], seed: 2), w2 = KernelTests.random([width, hidden], seed: 3)
        let first = PackedLinear(weight: w1, bias: nil, precision: .bf16)
        let second = PackedLinear(weight: w2, bias: nil, precision: .bf16)
        var sum = Tensor.zeros([2, rows / 2, width])
        first.accumulate(.exact(x), through: second, into: &sum, pool: pool)
        let middle = first.forward(x, pool: pool)
        var worst = 0.0
        for row in 0..<rows {
            for column in 0..<width {
                var expected = 0.0
                for index in 0..<hidden {
                    let h = Double(middle[flat: row * hidden + index])
                    let gelu = Self.rounded(Float(h * 0.5 * erfc(-h / 2.0.squareRoot())))
                    expected += gelu * Self.rounded(w2[column, index])
                }
                worst = max(worst, abs(Double(sum[flat: row * width + column]) - expected))
            }
        }
        // A number between two of bf16 may be rounded the other way.
        #expect(worst < 2e-2)
    }

    /// Extents that fill no vector, and more tokens than a row of vectors.
    @Test(arguments: [(7, 5), (16, 16), (50, 24), (197, 64), (333, 32)], [true, false])
    func attention(extents: (tokens: Int, headDim: Int), biased: Bool) throws {
        let (tokens, dim) = extents, heads = 2, width = heads * dim
        let qkv = KernelTests.random([2, tokens, 3 * width], seed: 5)
        let bias = biased ? KernelTests.random([heads, tokens, tokens], seed: 6) : nil
        func attend(_ precision: Precision, _ wanted: AttentionForward.Wanted) -> AttentionForward {
            AttentionForward(
                qkv: qkv, numHeads: heads, bias: bias, wanted: wanted, precision: precision, pool: pool)
        }
        let all = AttentionForward.Wanted(heads: [0, 1], queries: nil, output: true)
        let exact = attend(.f32, all), found = attend(.bf16, all)
        let exactMaps = try #require(exact.maps?.array), maps = try #require(found.maps?.array)
        let exactOutput = try #require(exact.output?.array), output = try #require(found.output?.array)
        #expect(zip(exactMaps, maps).everyOne { abs($0 - $1) < 0.02 * max($0, 0.02) + 1e-3 })
        #expect(zip(exactOutput, output).everyOne { abs($0 - $1) < 2e-2 })
        for start in stride(from: 0, to: maps.count, by: tokens) {
            #expect(abs(maps[start..<start + tokens].reduce(0, +) - 1) < 1e-5)
        }
        // What is left out changes nothing of the rest, bit for bit; a query may be asked for twice.
        #expect(attend(.bf16, .init(heads: nil, queries: nil, output: true)).output?.array == output)
        let queries = [tokens - 1, 0, 3, 3]
        for hasOutput in [true, false] {
            let part = attend(.bf16, .init(heads: [1], queries: queries, output: hasOutput))
            let rows = try #require(part.maps?.array)
            for (row, query) in queries.enumerated() {
                let start = (heads + 1) * tokens * tokens + query * tokens
                #expect(
                    Array(rows[(queries.count + row) * tokens..<(queries.count + row + 1) * tokens])
                        == Array(maps[start..<start + tokens]))
            }
            #expect(part.output?.array == (hasOutput ? output : nil))
        }
    }

    @Test func whatIsNoNumberStaysNone() throws {
        var qkv = KernelTests.random([1, 20, 3 * 8], seed: 5)
        qkv[0, 4, 0] = .nan
        let found = AttentionForward(
            qkv: qkv, numHeads: 1, bias: nil, wanted: .init(heads: [0], queries: nil, output: true),
            precision: .bf16, pool: pool)
        let maps = try #require(found.maps), output = try #require(found.output)
        for query in 0..<20 {
            #expect(maps[0, 0, query, 7].isNaN == (query == 4) && output[0, query, 2].isNaN == (query == 4))
        }
        let layer = PackedLinear(weight: KernelTests.random([4, 8], seed: 1), bias: nil, precision: .bf16)
        let y = layer.forward(Tensor(shape: [1, 8], [1, 2, .nan, 0, 0, 0, 0, 0]), pool: pool)
        #expect(y.array.everyOne { $0.isNaN })
    }
}
