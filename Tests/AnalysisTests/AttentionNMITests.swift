import TestSupport
import Analysis
import Models
import Platform
import Tensors
import Testing

@Suite struct AttentionNMITests {
    let pool = makePool()

    private func nmi(_ tensor: Tensor, _ convention: Convention = .corrected, prefix: Int = 0, side: Int = 14) -> Double
    {
        AttentionNMI(layout: layout(side, side, prefix: prefix), convention: convention).values(tensor, pool: pool)[
            0, 0]
    }

    /// Figures of NumPy in double precision: 14×14 grid.
    @Test func goldenFigures() {
        #expect(abs(nmi(attention(196) { _, _ in 1 })) < 1e-12)
        #expect(isClose(nmi(attention(196) { $0 == $1 ? 1 : 0 }), 0.99999283, 5e-9))
        #expect(isClose(nmi(attention(196) { $0 == $1 ? 1 : 0 }, .reference), 0.99999276, 5e-9))
        #expect(isClose(nmi(neighbourhood(14)), 0.604599, 5e-7))
        #expect(abs(nmi(attention(196) { $1 == 0 ? 1 : 0 })) < 1e-11)
    }

    @Test func smallFixture() {
        let values = AttentionNMI(layout: layout(2, 2)).values(sineAttention(heads: 2, tokens: 5), pool: pool)
        #expect(isClose(values.values, [0.11640976, 0.10554499], 1e-7))
        #expect(isClose(values.imageMeans, [0.11097737], 1e-7))
    }

    @Test func agreesWithNumPy() throws {
        for item in try Fixture.load().attention {
            let maps = try Fixture.tensor(item.attention)
            for (convention, expected) in [(Convention.corrected, item.nmi), (.reference, item.nmiReference)] {
                let values = AttentionNMI(layout: item.layout, convention: convention).values(maps, pool: pool)
                #expect(isClose(values.values, expected.flatMap(\.self), 1e-10), "\(item.name)")
            }
        }
    }

    @Test func staysBetweenZeroAndOne() {
        var noise = Noise(3)
        for sharpness in [0, 0.001, 1, 10, 80] {
            let maps = noise.attention(2, 2, 26, sharpness: sharpness)
            let values = AttentionNMI(layout: layout(5, 5)).values(maps, pool: pool).values
            #expect(values.everyOne { $0 >= 0 && $0 <= 1 }, "sharpness \(sharpness): \(values)")
        }
    }

    @Test func onePatchHasNothingToTell() {
        let value = AttentionNMI(layout: layout(1, 1)).values(Tensor(shape: [1, 1, 2, 2], repeating: 0.5), pool: pool)
        #expect(value[0, 0].isNaN)
        #expect(Statistics(value.values).mean == nil)
    }

    @Test func whatIsNotFiniteStaysSo() {
        var maps = attention(4) { _, _ in 1 }
        maps[0, 0, 1, 1] = .nan
        let all = AttentionMetrics(Set(AttentionMetric.allCases), layout: layout(2, 2, prefix: 0))
        let values = all.values(maps, pool: pool)
        for metric in AttentionMetric.allCases { #expect(values[metric]?[0, 0].isNaN == true, "\(metric)") }
    }
}
