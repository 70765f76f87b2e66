import Analysis
import Foundation
import Models
import Platform
import Tensors
import Testing

@Suite struct AttentionEntropyTests {
    let pool = makePool()

    private func entropy(_ tensor: Tensor, _ layout: TokenLayout) -> Double {
        AttentionEntropy(layout: layout).values(tensor, pool: pool)[0, 0]
    }

    @Test func handSized() {
        let grid = layout(2, 2, prefix: 0)
        #expect(isClose(entropy(attention(4) { _, _ in 1 }, grid), log(4), 1e-12))
        #expect(AttentionEntropy.uniform(grid) == log(4))
        #expect(entropy(attention(4) { $0 == $1 ? 1 : 0 }, grid) == 0)
        #expect(isClose(entropy(attention(4) { $1 < $0 || $1 == 0 ? 1 : 0 }, grid), (log(2) + log(3)) / 4, 1e-7))
        #expect(entropy(attention(1) { _, _ in 1 }, layout(1, 1, prefix: 0)) == 0)
    }

    @Test func agreesWithNumPy() throws {
        for item in try Fixture.load().attention {
            let values = AttentionEntropy(layout: item.layout).values(try Fixture.tensor(item.attention), pool: pool)
            #expect(isClose(values.values, item.entropy.flatMap(\.self), 1e-11), "\(item.name)")
        }
    }

    /// The vectorized logarithm against the C library's, from the smallest weight to 1.
    @Test func logarithmIsExact() {
        for exponent in stride(from: -44.0, through: 0, by: 0.37) {
            let small = Float(pow(10, exponent))
            let maps = Tensor(shape: [1, 1, 2, 2], [1, small, small, 1])
            let (a, b) = (1 / (1 + Double(small)), Double(small) / (1 + Double(small)))
            let expected = -a * log(a) - (b > 0 ? b * log(b) : 0)
            let value = entropy(maps, layout(1, 2, prefix: 0))
            #expect(isClose(value, expected, 4e-16 + 1e-12 * expected), "10^\(exponent)")
        }
    }
}
