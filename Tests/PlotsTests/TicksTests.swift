import Plots
import Testing

@Suite struct TicksTests {
    @Test(arguments: [
        (0.0...1.0, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (-4.8...0.2, ["\u{2212}4", "\u{2212}3", "\u{2212}2", "\u{2212}1", "0"]),
        (86.0...118.0, ["90", "100", "110"]),
    ])
    func ticksAreRoundNumbersInside(range: ClosedRange<Double>, labels: [String]) {
        #expect(Ticks(range, count: 6).labels == labels)
    }

    @Test(arguments: [
        (-0.05...1.05, [0.0, 1]), (-0.55...11.55, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]),
        (-1...24, [0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24]),
        (0...1000, [0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]),
    ])
    func countsHaveWholeTicks(range: ClosedRange<Double>, values: [Double]) {
        #expect(Ticks(wholeNumbersIn: range).values == values)
    }

    @Test func aRangeOfNoLengthHasOneTick() {
        #expect(Ticks(2.0...2.0).values == [2])
    }

    @Test(arguments: [
        -1e308...1e308, 1e300...1.0000000001e300, 1e17...1e17 + 32, 0...Double.leastNonzeroMagnitude,
        -Double.infinity...0,
    ])
    func noRangeIsEndless(_ range: ClosedRange<Double>) {
        #expect(Ticks(range).values.count < 20)
        #expect(Ticks(wholeNumbersIn: range).values.count < 20)
    }

    @Test func hugeAndTinyNumbersKeepTheirExponent() {
        #expect(Ticks.label(1.5e9, decimals: 0) == "1500000000.0")
        #expect(Ticks.label(2e-7, decimals: 3) == "2e\u{2212}07")
        #expect(Ticks.label(-0.0001, decimals: 2) == "0.00")
    }
}
