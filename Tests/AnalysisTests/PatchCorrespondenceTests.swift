import Analysis
import Tensors
import TestSupport
import Testing

@Suite struct PatchCorrespondenceTests {
    let pool = makePool()

    private func found(_ first: [Double], _ second: [Double], minimum: Double = -1) -> PatchCorrespondence {
        PatchCorrespondence(
            DoubleMatrix(rows: first.count / 2, cols: 2, first), DoubleMatrix(rows: second.count / 2, cols: 2, second),
            minimum: minimum, pool: pool)
    }

    /// East, north and 3-4-5 against a long north, a north-west, and west.
    @Test func threeAndThreeByHand() {
        let pairs = found([1, 0, 0, 1, 3, 4], [0, 9, -1, 1, -2, 0])
        #expect(pairs.backward.patches == [1, 1, 1] && pairs.forward.patches == [0, 0, 0])
        for (cosine, expected) in zip(pairs.backward.cosines, [1, 0.5.squareRoot(), 0]) {
            #expect(abs(cosine - expected) < 1e-15)
        }
        for (cosine, expected) in zip(pairs.forward.cosines, [0, 1, 0.8]) { #expect(abs(cosine - expected) < 1e-15) }
        #expect(pairs.isMutual == [true, false, false])
        #expect(pairs.mutualShare == 1.0 / 3)
    }

    @Test func theLowestOfEqualsIsNearest() {
        let pairs = found([1, 0, 2, 0], [3, 0, 4, 0])
        #expect(pairs.forward.patches == [0, 0] && pairs.backward.patches == [0, 0])
        #expect(pairs.isMutual == [true, false])
    }

    @Test func aPairThatIsNotAlikeEnoughIsNone() {
        let pairs = found([1, 0, 0, 1], [4, 3, -1, 2], minimum: 0.85)
        // 0.8 and 2/√5 = 0.894.
        #expect(pairs.forward.patches == [0, 1] && pairs.isMutual == [false, true])
    }

    @Test func whatHasNoDirectionIsNearestToNothing() {
        let pairs = found([0, 0, 0, 1], [1, 1, .nan, 0])
        #expect(pairs.forward.patches == [nil, 0] && pairs.backward.patches == [1, nil])
        #expect(pairs.forward.cosines[0].isNaN && pairs.isMutual == [true, false] && pairs.mutualShare == 0.5)
        let none = found([0, 0], [1, 1])
        #expect(none.forward.patches == [nil] && none.backward.patches == [nil] && none.mutualShare.isNaN)
    }

    /// An image and itself: each patch is its own, both ways are the same, and a shuffle is found again.
    @Test func aShuffleIsFoundAgain() {
        let values = (0..<40).map { Double(($0 * 37 + 11) % 41) - 20 }
        let order = [3, 0, 7, 1, 9, 2, 8, 4, 6, 5]
        let images = DoubleMatrix(rows: 10, cols: 4, values)
        let shuffled = DoubleMatrix(rows: 10, cols: 4, order.flatMap { values[$0 * 4..<$0 * 4 + 4] })
        let own = PatchCorrespondence(images, images, minimum: 0.9, pool: pool)
        #expect(own.forward == own.backward && own.forward.patches == Array(0..<10) && own.mutualShare == 1)
        let other = PatchCorrespondence(images, shuffled, minimum: 0.9, pool: pool)
        #expect(other.backward.patches == order && other.isMutual.everyOne { $0 })
    }
}
