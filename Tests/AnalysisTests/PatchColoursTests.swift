import Analysis
import Models
import Tensors
import TestSupport
import Testing

@Suite struct PatchColoursTests {
    private static func layout(_ rows: Int, _ cols: Int) -> TokenLayout {
        TokenLayout(grid: GridSize(rows: rows, cols: cols), patchSize: 8, numPrefixTokens: 1, classToken: true)
    }

    private static func rule(_ threshold: Double?, refit: Bool = false, clip: Double = 0) -> PatchColours.Rule {
        PatchColours.Rule(threshold: threshold, isRefitted: refit, clip: clip)
    }

    /// A middle on the far side of the first axis, and a border that varies along it alone.
    private static let nine = DoubleMatrix(
        rows: 9, cols: 2, [1, 0, 1, 0, 1, 0, 1, 0, -8, 0, 1, 0, 1, 0, 1, 0, 1, 0])

    @Test func theBorderIsBackgroundWhateverItsSign() throws {
        let found = try #require(PatchColours(Self.nine, layout: Self.layout(3, 3), rule: Self.rule(0)))
        let mirrored = DoubleMatrix(rows: 9, cols: 2, Self.nine.values.map { -$0 })
        let other = try #require(PatchColours(mirrored, layout: Self.layout(3, 3), rule: Self.rule(0)))
        for each in [found, other] {
            #expect(each.foreground == [0, 0, 0, 0, 1, 0, 0, 0, 0] && each.isDefined)
            // Eight of -1 and one of 8 have the unbiased variance (8 + 64) / 8.
            #expect(abs(each.scores[4] - 8 / 3) < 1e-12 && abs(each.scores[0] + 1 / 3) < 1e-12)
            // One patch alone has no range: half of each colour. Everything else is black.
            #expect(Array(each.colours[12..<15]) == [0.5, 0.5, 0.5])
            #expect(each.colours.prefix(12).everyOne { $0 == 0 } && each.colours.suffix(12).everyOne { $0 == 0 })
            #expect(abs(each.explainedRatio[0] - 1) < 1e-12)
        }
    }

    /// On a grid that is all border the largest entry of the component decides, and both sums are nothing.
    @Test func aGridThatIsAllBorder() throws {
        let samples = DoubleMatrix(rows: 4, cols: 2, [3, 0, -3, 0, 1, 0, -1, 0])
        let found = try #require(PatchColours(samples, layout: Self.layout(2, 2), rule: Self.rule(nil)))
        #expect(found.foreground == [1, 1, 1, 1] && found.scores[0] > 0)
        // The first colour is the first component from its least to its greatest; there is no second or third.
        let reds = stride(from: 0, to: 12, by: 3).map { found.colours[$0] }
        for (red, expected) in zip(reds, [1, 0, 2.0 / 3, 1.0 / 3]) { #expect(abs(red - expected) < 1e-12) }
        #expect(found.colours[1] == 0.5 && found.colours[2] == 0.5)
        #expect(found.explainedRatio[3].isNaN)
    }

    @Test func coloursEndAtTheirQuantiles() {
        let values = (0...10).map(Double.init)
        // NumPy's quantiles of 0…10: 0.1 → 1, 0.9 → 9.
        #expect(PatchColours.scaled(values, clip: 0.1) == values.map { min(max(($0 - 1) / 8, 0), 1) })
        #expect(PatchColours.scaled([4, 4], clip: 0) == [0.5, 0.5])
        #expect(PatchColours.scaled([0, 1, 2, 4], clip: 0.25) == [0, (1 - 0.75) / 1.75, (2 - 0.75) / 1.75, 1])
    }

    @Test func whatDoesNotVaryHasNoColour() throws {
        let same = DoubleMatrix(rows: 4, cols: 2, [Double](repeating: 7, count: 8))
        let found = try #require(PatchColours(same, layout: Self.layout(2, 2), rule: Self.rule(0)))
        #expect(!found.isDefined && found.colours.everyOne(\.isNaN) && found.scores.everyOne(\.isNaN))
        let lost = DoubleMatrix(rows: 4, cols: 2, [1, 2, 3, 4, .nan, 6, 7, 8])
        #expect(PatchColours(lost, layout: Self.layout(2, 2), rule: Self.rule(0)) == nil)
    }

    @Test func nothingAboveTheThresholdIsAllBackground() throws {
        let found = try #require(
            PatchColours(Self.nine, layout: Self.layout(3, 3), rule: Self.rule(50, refit: true)))
        #expect(found.foreground.everyOne { $0 == 0 } && found.colours.everyOne { $0 == 0 })
    }
}
