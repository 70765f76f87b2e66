import Analysis
import Foundation
import Models
import Tensors
import Testing

@Suite struct PatchSimilarityTests {
    private struct Fixture: Decodable {
        let grid: [Int]
        let width: Int
        let tokens, all, mean, cls, patch, across: [Float]
    }

    private static func layout(_ rows: Int, _ cols: Int, classToken: Bool = true) -> TokenLayout {
        TokenLayout(
            grid: GridSize(rows: rows, cols: cols), patchSize: 8, numPrefixTokens: classToken ? 1 : 0,
            classToken: classToken)
    }

    /// Alike, opposite, across, and 3-4-5.
    @Test func aGridOfFourByHand() throws {
        let tokens = Tensor(shape: [1, 5, 2], [1, 0, 2, 0, -3, 0, 0, 7, 3, 4])
        let similarity = try PatchSimilarity(query: .cls, layout: Self.layout(2, 2))
        let found = similarity.cosines(tokens)
        #expect(found.shape == [1, 1, 2, 2] && found.array == [1, -1, 0, 0.6])
        let patch = try PatchSimilarity(query: .patch(row: 1, col: 0), layout: Self.layout(2, 2))
        #expect(patch.cosines(tokens).array == [0, 0, 1, 0.8])
    }

    @Test func torchHasTheSameNumbers() throws {
        let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fixtures/analysis/patch_similarity.json")
        let fixture = try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: url))
        let layout = Self.layout(fixture.grid[0], fixture.grid[1])
        let tokens = Tensor(shape: [2, layout.numTokens, fixture.width], fixture.tokens)
        func check(_ query: AttentionQuery, asking source: Int? = nil, _ expected: [Float]) throws {
            let found = try PatchSimilarity(query: query, layout: layout).cosines(tokens, asking: source)
            #expect(found.count == expected.count)
            for (number, wanted) in zip(found.array, expected) { #expect(abs(number - wanted) < 1e-6, "\(query)") }
        }
        try check(.all, fixture.all)
        try check(.mean, fixture.mean)
        try check(.cls, fixture.cls)
        try check(.patch(row: 1, col: 2), fixture.patch)
        try check(.patch(row: 0, col: 1), asking: 0, fixture.across)
    }

    @Test func whatHasNoDirectionHasNoNumber() throws {
        let tokens = Tensor(shape: [1, 4, 1], [0, 2, .infinity, -1])
        let similarity = try PatchSimilarity(query: .all, layout: Self.layout(1, 4, classToken: false))
        let found = similarity.cosines(tokens).array
        for (index, number) in found.enumerated() {
            let isThere = [1, 3].contains(index / 4) && [1, 3].contains(index % 4)
            #expect(number.isFinite == isThere, "\(index)")
        }
        #expect(found[7] == -1)
        #expect(throws: AnalysisError.noClassToken) {
            try PatchSimilarity(query: .cls, layout: Self.layout(1, 4, classToken: false))
        }
        #expect(throws: AnalysisError.self) {
            try PatchSimilarity(query: .patch(row: 1, col: 0), layout: Self.layout(1, 4))
        }
    }
}
