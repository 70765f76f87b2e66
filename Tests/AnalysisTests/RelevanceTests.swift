import Analysis
import Models
import Tensors
import Testing

@Suite struct RelevanceTests {
    let pool = makePool()
    private let attention = Tensor(shape: [1, 1, 3, 3], [0.5, 0.3, 0.2, 0.2, 0.6, 0.2, 0.1, 0.1, 0.8])

    private func layout(_ prefix: Int = 1) -> TokenLayout {
        TokenLayout(
            grid: GridSize(rows: 1, cols: 3 - prefix), patchSize: 4, numPrefixTokens: prefix, classToken: prefix > 0)
    }

    /// The class token's row of Ā is (0, 0.6, 0.2); its own part is nothing for a patch.
    @Test func oneBlockByHand() {
        let gradient = Tensor(shape: [1, 1, 3, 3], [-1, 2, 1, 0, -1, 0, 0, 0, 0])
        let relevance = Relevance(layout: layout(), pool: .token)
        let map = relevance.maps([attention], gradients: [gradient], pool: pool)
        #expect(map.shape == [1, 1, 2] && map.array[0] == 1 && abs(map.array[1] - 1 / 3) < 1e-6)
        let against = relevance.maps([attention], gradients: [gradient.map { -abs($0) }], pool: pool)
        #expect(against.array == [0, 0])
    }

    /// Two blocks: R = (1 + Ā)(1 + Ā), whose class row over patches is 2Ā₀ + Ā₀·Ā.
    @Test func twoBlocksByHand() {
        let ones = Tensor(shape: [1, 1, 3, 3], repeating: 1)
        let map = Relevance(layout: layout(), pool: .token).maps(
            [attention, attention], gradients: [ones, ones], pool: pool)
        let first = 0.6 + 0.5 * 0.3 + 0.3 * 0.6 + 0.2 * 0.1, second = 0.4 + 0.5 * 0.2 + 0.3 * 0.2 + 0.2 * 0.8
        #expect(map.array[0] == 1 && abs(Double(map.array[1]) - second / first) < 1e-6)
    }

    /// A classifier that reads the mean patch is asked for the patches' rows, without what each is for itself.
    @Test func theRowsAreThoseThatTheClassifierReads() {
        let ones = Tensor(shape: [1, 1, 3, 3], repeating: 1)
        let map = Relevance(layout: layout(0), pool: .avg).maps([attention], gradients: [ones], pool: pool)
        // Means of the columns: 0.8/3, 1/3, 1.2/3.
        for (found, wanted) in zip(map.array, [0.8 / 1.2, 1 / 1.2, 1] as [Float]) {
            #expect(abs(found - wanted) < 1e-6)
        }
        let both = Relevance(layout: layout(), pool: .tokenAndAvg).maps([attention], gradients: [ones], pool: pool)
        #expect(both.array[1] == 1 && abs(both.array[0] - 0.65 / 0.7) < 1e-6)
    }

    @Test func whatIsNotFiniteIsNoMap() {
        let gradient = Tensor(shape: [1, 1, 3, 3], repeating: .nan)
        let map = Relevance(layout: layout(), pool: .token).maps([attention], gradients: [gradient], pool: pool)
        #expect(map.array.count == 2 && map.array.filter { !$0.isNaN }.isEmpty)
    }
}
