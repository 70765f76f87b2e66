import Foundation
import Platform
import Tensors
import Testing

/// Attention of more queries than are scored at once: every cut gives what the definition gives, to the same bits whatever
/// is kept.
@Suite struct AttentionBlocksTests {
    private static let tokens = 301, heads = 2, headDim = 8
    private let pool = ThreadPool(threads: 2) { NumericLibraries.prepareThread() }
    private let qkv: Tensor
    private let bias: Tensor

    init() {
        let (tokens, width) = (Self.tokens, Self.heads * Self.headDim)
        var random = RandomStream(seed: 3, "attention")
        func numbers(_ shape: [Int]) -> Tensor {
            Tensor(shape: shape, (0..<shape.reduce(1, *)).map { _ in Float(random.uniform() * 4 - 2) })
        }
        qkv = numbers([1, tokens, 3 * width])
        bias = numbers([Self.heads, tokens, tokens])
    }

    private func attention(heads: [Int]?, queries: [Int]? = nil, output: Bool = true) -> AttentionForward {
        // The calling thread works, too.
        NumericLibraries.prepareThread()
        return AttentionForward(
            qkv: qkv, numHeads: Self.heads, bias: bias, wanted: .init(heads: heads, queries: queries, output: output),
            pool: pool)
    }

    @Test func rowsAreThoseOfTheDefinition() throws {
        let whole = attention(heads: [0, 1])
        let maps = try #require(whole.maps), output = try #require(whole.output)
        let (dim, width) = (Self.headDim, Self.heads * Self.headDim)
        // The borders of the two blocks of 301 queries, and some between.
        for query in [0, 57, 149, 150, 151, 299, 300] {
            for head in 0..<Self.heads {
                var row: [Double] = []
                for key in 0..<Self.tokens {
                    var score = 0.0
                    for place in head * dim..<(head + 1) * dim {
                        score += Double(qkv[0, query, place]) * Double(qkv[0, key, width + place])
                    }
                    row.append(score / Double(dim).squareRoot() + Double(bias[head, query, key]))
                }
                let largest = row.max() ?? 0
                row = row.map { exp($0 - largest) }
                let sum = row.reduce(0, +)
                for key in 0..<Self.tokens { #expect(abs(Double(maps[0, head, query, key]) - row[key] / sum) < 1e-6) }
                for place in head * dim..<(head + 1) * dim {
                    let value = (0..<Self.tokens).reduce(0.0) {
                        $0 + row[$1] / sum * Double(qkv[0, $1, 2 * width + place])
                    }
                    #expect(abs(Double(output[0, query, place]) - value) < 1e-5)
                }
            }
        }
    }

    @Test func bitsAreTheSameWhateverIsKept() throws {
        let whole = attention(heads: [0, 1])
        let maps = try #require(whole.maps), output = try #require(whole.output)
        for other in [attention(heads: nil), attention(heads: [1]), attention(heads: [0], queries: [300])] {
            #expect(try #require(other.output).array == output.array)
        }
        let queries = [300, 150, 149, 150]
        for output in [true, false] {
            let part = try #require(attention(heads: [1], queries: queries, output: output).maps)
            for (row, query) in queries.enumerated() {
                for key in 0..<Self.tokens { #expect(part[0, 0, row, key] == maps[0, 1, query, key]) }
            }
        }
    }
}
