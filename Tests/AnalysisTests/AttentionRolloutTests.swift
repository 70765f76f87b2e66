import Analysis
import Models
import Platform
import Tensors
import Testing

@Suite struct AttentionRolloutTests {
    let pool = makePool()

    private func golden(_ fusion: HeadFusion, _ ratio: Double, _ convention: Convention = .corrected) throws -> Tensor {
        var rollout = try AttentionRollout(
            layout: layout(2, 2), fusion: fusion, discardRatio: ratio, convention: convention)
        rollout.add(sineAttention(heads: 2, tokens: 5), pool: pool)
        rollout.add(sineAttention(heads: 2, tokens: 5, offset: 1), pool: pool)
        return rollout.rollout
    }

    /// Figures of NumPy in double precision.
    @Test func goldenFigures() throws {
        #expect(isClose(try golden(.mean, 0), [0.433215, 0.983355, 0.416954, 1], 1e-6))
        #expect(isClose(try golden(.mean, 0.5), [0.225498, 0.959678, 0.152186, 1], 1e-6))
        #expect(isClose(try golden(.max, 0), [0.526536, 1, 0.504478, 0.999555], 1e-6))
        #expect(isClose(try golden(.max, 0.5), [0.278277, 0.801248, 0.150711, 1], 1e-6))
        #expect(isClose(try golden(.mean, 0.5, .reference), [0.259714, 0.941506, 0.142713, 1], 1e-6))
        // Rows of means add up to 1 already, so the quirk shows only after something was discarded.
        #expect(isClose(try golden(.mean, 0, .reference), [0.433215, 0.983355, 0.416954, 1], 1e-6))
    }

    /// Rolls queries and keys by some places towards the end.
    private func rolled(_ maps: Tensor, queries: Int, keys: Int) -> Tensor {
        let tokens = maps.shape[3]
        var result = maps
        for map in 0..<maps.shape[0] * maps.shape[1] {
            for query in 0..<tokens {
                for key in 0..<tokens {
                    let target = (map * tokens + (query + queries) % tokens) * tokens + (key + keys) % tokens
                    result[flat: target] = maps[flat: (map * tokens + query) * tokens + key]
                }
            }
        }
        return result
    }

    @Test func agreesWithPyTorch() throws {
        for item in try Fixture.load().attention {
            let maps = try Fixture.tensor(item.attention)
            let blocks = [maps, rolled(maps, queries: 0, keys: 3), rolled(maps, queries: 2, keys: 0)]
            func run(_ fusion: HeadFusion, _ ratio: Double, _ convention: Convention) throws -> Tensor {
                var rollout = try AttentionRollout(
                    layout: item.layout, fusion: fusion, discardRatio: ratio, convention: convention)
                for block in blocks { rollout.add(block, pool: pool) }
                return rollout.rollout
            }
            for fusion in HeadFusion.allCases {
                for ratio in [0, 0.5, 0.9] {
                    let expected = try #require(item.rollout["\(fusion.rawValue) \(Double(ratio))"])
                    let result = try run(fusion, ratio, .corrected)
                    #expect(result.shape == [maps.shape[0]] + item.grid)
                    #expect(isClose(result, expected.flatMap(\.self), 2e-6), "\(item.name) \(fusion) \(ratio)")
                }
            }
            let quirk = try run(.max, 0.5, .reference)
            #expect(isClose(quirk, item.rolloutReference.flatMap(\.self), 2e-6), "\(item.name)")
        }
    }

    /// What is discarded is counted exactly where many weights are equal.
    @Test func tiesAreCounted() throws {
        let even = Tensor(shape: [1, 1, 4, 4], repeating: 0.25)
        var rollout = try AttentionRollout(layout: layout(1, 3), discardRatio: 0.25)
        rollout.add(even, pool: pool)
        // Of 16 equal weights the first 4 go, but for the very first: nothing flows from the class token to a patch.
        #expect(rollout.rollout.array == [0, 0, 0])
        rollout = try AttentionRollout(layout: layout(1, 3), discardRatio: 0.1875)
        rollout.add(even, pool: pool)
        #expect(rollout.rollout.array == [0, 0, 1])
        rollout = try AttentionRollout(layout: layout(1, 3), discardRatio: 1)
        rollout.add(even, pool: pool)
        #expect(rollout.rollout.array == [0, 0, 0])
    }

    @Test func withoutClassTokenPatchesAreAveraged() throws {
        var rollout = try AttentionRollout(layout: layout(1, 2, prefix: 0), discardRatio: 0)
        rollout.add(Tensor(shape: [1, 1, 2, 2], [0, 1, 0, 1]), pool: pool)
        // Columns of (A + I) / 2: 0.5 and 1.5.
        #expect(isClose(rollout.rollout, [1.0 / 3, 1], 1e-7))
    }

    @Test func ratiosBeyondTheirRange() {
        for ratio in [-0.1, 1.1, .nan, .infinity] {
            #expect(throws: AnalysisError.self) { try AttentionRollout(layout: layout(2, 2), discardRatio: ratio) }
        }
    }
}
