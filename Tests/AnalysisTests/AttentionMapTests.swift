import Analysis
import Models
import Platform
import Tensors
import Testing

@Suite struct AttentionMapTests {
    let pool = makePool()

    @Test func queriesAreRead() {
        #expect(AttentionQuery("cls") == .cls)
        #expect(AttentionQuery("mean") == .mean)
        #expect(AttentionQuery("all") == .all)
        #expect(AttentionQuery("3,11") == .patch(row: 3, col: 11))
        for text in ["", "3", "3,", ",3", "3,4,5", "a,b", "CLS", "3, 4", "99999999999999999999,1"] {
            #expect(AttentionQuery(text) == nil, "\(text)")
        }
        #expect(AttentionQuery("3,11")?.text == "3,11")
    }

    @Test func queriesThatAreNotThere() throws {
        let grid = layout(3, 4)
        for (row, col) in [(3, 0), (0, 4), (-1, 0), (0, -1), (Int.max, Int.max), (Int.min, 0)] {
            #expect(throws: AnalysisError.patchOutside(row: row, col: col, grid: grid.grid)) {
                try AttentionMap(query: .patch(row: row, col: col), layout: grid)
            }
        }
        #expect(throws: AnalysisError.noClassToken) { try AttentionMap(query: .cls, layout: layout(3, 4, prefix: 0)) }
        #expect(AnalysisError.patchOutside(row: 3, col: 0, grid: grid.grid).message.contains("0 to 2"))
    }

    @Test func whichRowsAreNeeded() throws {
        let grid = layout(2, 3, prefix: 5)
        #expect(try AttentionMap(query: .cls, layout: grid).queries == [0])
        #expect(try AttentionMap(query: .patch(row: 1, col: 2), layout: grid).queries == [10])
        #expect(try AttentionMap(query: .mean, layout: grid).queries == Array(5..<11))
        #expect(try AttentionMap(query: .all, layout: grid).queries == Array(5..<11))
        #expect(try AttentionMap(query: .all, normalization: .none, layout: grid).queries == nil)
    }

    @Test func agreesWithNumPy() throws {
        for item in try Fixture.load().attention {
            let whole = try Fixture.tensor(item.attention)
            let (rows, cols) = (item.grid[0], item.grid[1])
            let cls = try AttentionMap(query: .cls, layout: item.layout).maps(whole, pool: pool).attention
            #expect(cls.shape == [whole.shape[0], whole.shape[1], 1, rows, cols])
            #expect(isClose(cls, item.cls.flatMap { $0.flatMap(\.self) }, 1e-7), "\(item.name)")
            let mean = try AttentionMap(query: .mean, fusion: .mean, layout: item.layout).maps(whole, pool: pool)
            #expect(mean.attention.shape == [whole.shape[0], 1, 1, rows, cols])
            #expect(isClose(mean.attention, item.meanQueryMeanHead.flatMap(\.self), 1e-7), "\(item.name)")
            let max = try AttentionMap(query: .patch(row: 0, col: 1), fusion: .max, layout: item.layout)
            let fused = max.maps(whole, pool: pool).attention
            #expect(isClose(fused, item.maxHeadQuery1.flatMap(\.self), 1e-7), "\(item.name)")
            // The same from the rows alone that a forward pass was asked for.
            let rowsOnly = max.maps(whole.selectingQueries(max.queries ?? []), pool: pool).attention
            #expect(rowsOnly == fused)
        }
    }

    @Test func fusingComesLast() throws {
        var noise = Noise(4)
        let whole = noise.attention(2, 3, 7)
        let grid = layout(2, 3)
        let all = try AttentionMap(query: .all, layout: grid).maps(whole, pool: pool).attention
        #expect(all.shape == [2, 3, 6, 2, 3])
        for query in 0..<6 {
            for key in 0..<6 {
                let heads = (0..<3).map { all[1, $0, query, key / 3, key % 3] }
                for (fusion, expected) in [
                    (HeadFusion.mean, heads.reduce(0, +) / 3), (.max, heads.max() ?? 0), (.min, heads.min() ?? 0),
                ] {
                    let fused = try AttentionMap(query: .all, fusion: fusion, layout: grid).maps(whole, pool: pool)
                    #expect(abs(fused.attention[1, 0, query, key / 3, key % 3] - expected) < 1e-6)
                }
            }
        }
    }

    @Test func rowsAddUpToOne() throws {
        var noise = Noise(5)
        let whole = noise.attention(1, 2, 9)
        for query in [AttentionQuery.cls, .mean, .all, .patch(row: 1, col: 1)] {
            let maps = try AttentionMap(query: query, fusion: .mean, layout: layout(2, 4)).maps(whole, pool: pool)
            let flat = maps.attention.reshaped([maps.attention.count / 8, 8])
            for row in 0..<flat.shape[0] { #expect(abs(flat.part(row).mean * 8 - 1) < 1e-6) }
        }
    }

    @Test func withoutNormalizationNothingChanges() throws {
        var noise = Noise(6)
        let whole = noise.attention(1, 2, 5)
        let plain = try AttentionMap(query: .all, normalization: .none, layout: layout(2, 2)).maps(whole, pool: pool)
        #expect(plain.attention == whole)
        let cls = try AttentionMap(query: .cls, normalization: .none, layout: layout(2, 2)).maps(whole, pool: pool)
        #expect(cls.attention == whole.selectingQueries([0]))
        // The mean is over patch queries, although its keys are all tokens.
        let mean = try AttentionMap(query: .mean, normalization: .none, layout: layout(2, 2)).maps(whole, pool: pool)
        #expect(mean.attention.shape == [1, 2, 1, 5])
        #expect(abs(mean.attention[0, 0, 0, 0] - (1..<5).reduce(0) { $0 + whole[0, 0, $1, 0] } / 4) < 1e-6)
    }

    @Test func emptyRowBecomesUniform() throws {
        let whole = Tensor(shape: [1, 1, 3, 3], [1, 0, 0, 1, 0, 0, 0, 1, 3])
        let maps = try AttentionMap(query: .all, layout: layout(1, 2)).maps(whole, pool: pool)
        #expect(maps.attention.array == [0.5, 0.5, 0.25, 0.75])
        #expect(maps.emptyRows == 1)
    }

    @Test func maskHoldsTheLargestWeights() {
        #expect(AttentionMap.mask([0.1, 0.4, 0.2, 0.3], share: 0.6) == [false, true, false, true])
        #expect(AttentionMap.mask([0.5, 0.25, 0.25], share: 1) == [true, true, true])
        #expect(AttentionMap.mask([0, 0], share: 0.5) == [false, false])
        #expect(AttentionMap.mask([], share: 0.5) == [])
    }
}
