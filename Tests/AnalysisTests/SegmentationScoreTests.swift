import Analysis
import Models
import Tensors
import Testing

@Suite struct SegmentationScoreTests {
    /// Two patches of two by two pixels side by side.
    private let layout = TokenLayout(
        grid: GridSize(rows: 1, cols: 2), patchSize: 2, numPrefixTokens: 0, classToken: false)

    @Test func theMajorityOfLabelledPixelsIsAPatchsLabel() {
        let majority = PatchLabels.majority([3, 255, 255, 255, 7, 255, 255, 255], width: 4, layout: layout)
        #expect(majority == [3, 255])
        // Of equals the lower one; a fifth column fills no patch.
        let equal = PatchLabels.majority([9, 4, 1, 1, 8, 4, 9, 1, 2, 8], width: 5, layout: layout)
        #expect(equal == [4, 1])
    }

    /// Six labelled pixels: label 0 has 2 of 3 right and takes one of label 1, which has 2 of 3 right and takes one.
    @Test func unionsByHand() {
        var score = SegmentationScore(labels: [0, 1, 5])
        score.add([0, 1], truth: [0, 0, 0, 1, 1, 255, 1, 255], width: 4, layout: layout)
        #expect(score.intersectionOverUnion == [0.5, 0.5, nil] && score.mean == 0.5)
        #expect(score.pixelAccuracy == 4.0 / 6)
        // A second image counts with the first: label 5 is there now, and all of it was called 0.
        score.add([0, 255], truth: [5, 5, 0, 0, 5, 5, 0, 0], width: 4, layout: layout)
        #expect(score.intersectionOverUnion == [2.0 / 8, 0.5, 0])
        #expect(SegmentationScore(labels: [1]).mean == nil && SegmentationScore(labels: [1]).pixelAccuracy == nil)
    }

    @Test func votesAreThoseOfTheNearest() {
        let known = Tensor(shape: [4, 2], [1, 0, 10, 1, 0, 1, -1, 0])
        let votes = NearestVotes(known, labels: [2, 0, 1, 1], classes: 3)
        let pool = makePool()
        let asked = Tensor(shape: [3, 2], [5, 0, 0.1, 3, -2, 0.1])
        #expect(votes.decisions(on: asked, k: 1, temperature: 0.07, pool: pool) == [2, 1, 1])
        // The nearer of two has more to say; of all four the class that two have wins.
        #expect(votes.decisions(on: asked, k: 2, temperature: 1000, pool: pool)[0] == 2)
        #expect(votes.decisions(on: asked, k: 100, temperature: 1000, pool: pool) == [1, 1, 1])
        let broken = Tensor(shape: [2, 2], [.nan, 0, 1, 0])
        #expect(votes.decisions(on: broken, k: 1, temperature: 1, pool: pool) == [nil, 2])
        let none = NearestVotes(broken, labels: [0, 1], classes: 2)
        #expect(none.decisions(on: asked, k: 1, temperature: 1, pool: pool) == [nil, nil, nil])
    }
}
