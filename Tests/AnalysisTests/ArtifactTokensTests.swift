import Analysis
import Models
import Tensors
import Testing

@Suite struct ArtifactTokensTests {
    private static let rule = ArtifactTokens.Rule(factor: 3, cutoff: nil, massiveFloor: 100, massiveRatio: 1000)

    private static func artifacts(
        _ rows: Int, _ cols: Int, prefix: Int = 1, rule: ArtifactTokens.Rule = rule
    ) -> ArtifactTokens {
        ArtifactTokens(
            layout: TokenLayout(
                grid: GridSize(rows: rows, cols: cols), patchSize: 8, numPrefixTokens: prefix,
                classToken: prefix > 0), rule: rule)
    }

    /// A class token of 5, and patches of 1, 2, 2 and 10.
    private static let tokens = Tensor(shape: [1, 5, 2], [3, 4, 1, 0, 0, 2, 2, 0, -6, 8])

    @Test func fourPatchesByHand() throws {
        let look = try #require(Self.artifacts(2, 2).looks(Self.tokens)[0])
        #expect(look.norms == [5, 1, 2, 2, 10] && look.median == 2)
        // 6 is the cut: the last patch alone lies beyond.
        #expect(look.isOutlier == [false, false, false, false, true])
        #expect(look.squares == [36, 64] && look.outlying == [6, 8] && look.ordinary == [3, 2])
        #expect(look.massive == [0, 0])
        let absolute = ArtifactTokens.Rule(factor: 3, cutoff: 1.5, massiveFloor: 100, massiveRatio: 1000)
        let other = try #require(Self.artifacts(2, 2, rule: absolute).looks(Self.tokens)[0])
        #expect(other.isOutlier == [true, false, true, true, true])
    }

    @Test func whatIsMassiveIsLargeAndFarBeyondTheOthers() throws {
        // The median magnitude of 1, 1, 1, 1, 1, 1, 1, 2000 is 1.
        let tokens = Tensor(shape: [1, 4, 2], [1, 1, 1, 1, 1, -2000, 1, 1])
        let look = try #require(Self.artifacts(1, 4, prefix: 0).looks(tokens)[0])
        #expect(look.massive == [0, 1] && look.isOutlier == [false, false, true, false])
        // Large, but so are all; and far beyond, but not large.
        let large = try #require(Self.artifacts(1, 4, prefix: 0).looks(tokens.map { $0 > 0 ? 1000 : -2000 })[0])
        let small = try #require(Self.artifacts(1, 4, prefix: 0).looks(tokens.map { $0 / 100 })[0])
        #expect(large.massive == [0, 0] && small.massive == [0, 0])
    }

    @Test func attentionOfPatchesByHand() throws {
        let artifacts = Self.artifacts(2, 2), looks = artifacts.looks(Self.tokens)
        // Two heads, two queries: the class token, three patches, the outlier.
        let maps = Tensor(
            shape: [1, 2, 2, 5],
            [0.1, 0.1, 0.1, 0.1, 0.6, 0.2, 0, 0, 0, 0.8, 0.3, 0.1, 0.1, 0.1, 0.4, 0, 0.25, 0.25, 0.25, 0.25])
        let shares = try #require(artifacts.shares(maps, looks)[0])
        #expect(abs((shares.outliers ?? 0) - (0.6 + 0.8 + 0.4 + 0.25) / 4) < 1e-7)
        #expect(shares.even == 0.2 && abs(shares.cls - 0.15) < 1e-7 && shares.registers.isNaN)
    }

    @Test func sumsOverImages() throws {
        let artifacts = Self.artifacts(2, 2)
        var sums = ArtifactSums(layout: artifacts.layout, width: 2)
        // The second image has no outlier: patches of 1.
        let even = Tensor(shape: [1, 5, 2], [0, 2, 1, 0, 1, 0, 0, 1, 0, 1])
        for look in artifacts.looks(Self.tokens) + artifacts.looks(even) { sums.add(look) }
        #expect(sums.share.mean == 0.125 && sums.outliers == 1 && sums.median.mean == 1.5 && sums.largest.mean == 5.5)
        #expect(sums.counts == [0, 0, 0, 0, 1] && sums.norms.mean == [3.5, 1, 1.5, 1.5, 5.5])
        let channels = sums.channels(2)
        #expect(channels.map(\.index) == [1, 0] && channels.map(\.share) == [0.64, 0.36])
        // 8 against (2 + 2) / 7, and 6 against (3 + 2) / 7.
        #expect(abs(channels[0].ratio - 14) < 1e-12 && abs(channels[1].ratio - 8.4) < 1e-12)
        sums.add(nil)
        #expect(sums.outliers.isNaN && sums.channels(2).isEmpty && sums.share.mean == nil && sums.counts[0].isNaN)
    }

    @Test func whatIsNotFiniteHasNoLook() {
        let tokens = Tensor(shape: [2, 2, 1], [1, .nan, 1, 2])
        let looks = Self.artifacts(1, 1).looks(tokens)
        #expect(looks[0] == nil && looks[1]?.norms == [1, 2])
        let maps = Tensor(shape: [2, 1, 1, 2], [0.5, 0.5, .nan, 1])
        #expect(Self.artifacts(1, 1).shares(maps, looks) == [nil, nil])
    }

    @Test func aMedianLiesBetweenTheTwoInTheMiddle() {
        #expect(ArtifactTokens.median([4, 1, 3]) == 3 && ArtifactTokens.median([4, 1, 3, 2]) == 2.5)
    }
}
