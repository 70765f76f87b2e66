import TestSupport
import Foundation
import Platform
import Tensors
import Testing

/// NaN, infinity and overflow go through every kernel as IEEE 754 has it: none comes out as a number.
@Suite struct NotFiniteTests {
    let pool = ThreadPool(threads: 2) { NumericLibraries.prepareThread() }

    init() { NumericLibraries.prepareThread() }

    private static let spoiled: [Float] = [.nan, .infinity, -.infinity]

    /// Long enough for the vectors of any processor and a rest, with `number` at `place` and modest numbers around it.
    private func row(_ number: Float, at place: Int, count: Int = 67) -> Tensor {
        Tensor(shape: [1, count], (0..<count).map { $0 == place ? number : sin(Float($0)) })
    }

    @Test(arguments: [PackedLinear.Backend.oneDNN, .openBLAS], spoiled)
    func productsCarryIt(_ backend: PackedLinear.Backend, _ number: Float) {
        let weight = KernelTests.random([33, 67], seed: 2), bias = KernelTests.random([33], seed: 3)
        let layer = PackedLinear(weight: weight, bias: bias, backend: backend)
        for place in [0, 40, 66] {
            for activation in [PackedLinear.Activation.none, .gelu] {
                let y = layer.forward(row(number, at: place), activation: activation, pool: pool).array
                // GELU of −∞ is −∞ · 0; where it is known to be 0, that is no number of a network either.
                #expect(
                    y.everyOne { !$0.isFinite || activation == .gelu && number.isInfinite && $0 == 0 }, "\(place)")
                if number.isNaN { #expect(y.everyOne { $0.isNaN }, "\(activation)") }
            }
            var sum = Tensor(shape: [1, 33], repeating: 1)
            layer.accumulate(row(number, at: place), into: &sum, pool: pool)
            #expect(sum.array.everyOne { !$0.isFinite })
        }
    }

    @Test(arguments: [0, 17, 40, 66]) func normsCarryItAndOverflowIsNone(_ place: Int) {
        let ones = Tensor(shape: [67], repeating: 1), zeros = Tensor.zeros([67])
        for number in Self.spoiled + [3e38] {
            let y = row(number, at: place).layerNorm(weight: ones, bias: zeros, eps: 1e-6, pool: pool).array
            #expect(y.everyOne { $0.isNaN }, "\(number)")
        }
        #expect(row(1e15, at: place).layerNorm(weight: ones, bias: zeros, eps: 1e-6, pool: pool).isFinite)
    }

    @Test(arguments: [0, 17, 40, 66]) func activationsCarryIt(_ place: Int) {
        #expect(row(.nan, at: place).relu()[flat: place].isNaN)
        #expect(row(.infinity, at: place).relu()[flat: place] == .infinity)
        #expect(row(-.infinity, at: place).relu()[flat: place] == 0)
        let gated = Tensor(shape: [1, 134], (0..<134).map { $0 == place ? .nan : 0.5 })
        #expect(
            gated.swiGLU(pool: pool)[flat: place].isNaN && gated.swiGLU(pool: pool)[flat: (place + 1) % 67].isFinite)
        #expect(row(.nan, at: place).gelu(pool: pool)[flat: place].isNaN)
        #expect(NormalizedRows(row(.nan, at: place)).output.array.everyOne { $0.isNaN })
        #expect(NormalizedRows(row(3e38, at: place)).output.array.everyOne { $0.isNaN })
    }

    @Test(arguments: [0, 3, 18]) func aSpoiledScoreSpoilsItsRowOfAttention(_ token: Int) throws {
        let (tokens, width) = (19, 8)
        for number in [Float.nan, 1e30] {
            var numbers = (0..<tokens * 3 * width).map { sin(Float($0)) }
            // The first number of the query of `token`, in head 0.
            numbers[token * 3 * width] = number
            let forward = AttentionForward(
                qkv: Tensor(shape: [1, tokens, 3 * width], numbers), numHeads: 2, bias: nil,
                wanted: .init(heads: [0, 1], queries: nil, output: true), pool: pool)
            let maps = try #require(forward.maps).array
            let spoiled = maps[token * tokens..<(token + 1) * tokens]
            if number.isNaN {
                #expect(spoiled.everyOne { $0.isNaN })
                #expect(maps.count { $0.isNaN } == tokens)
            } else {
                // A score beyond all others takes the row, and no number is lost.
                #expect(abs(spoiled.reduce(0, +) - 1) < 1e-5)
            }
        }
    }

    @Test(arguments: [HeadFusion.max, .min, .mean], [0, 1, 2])
    func fusingCarriesNaNOfAnyHead(_ fusion: HeadFusion, _ head: Int) {
        var numbers = (0..<3 * 49).map { Float($0) }
        numbers[head * 49 + 20] = .nan
        let fused = Tensor(shape: [1, 3, 7, 7], numbers).fusingHeads(fusion, pool: pool).array
        #expect(fused[20].isNaN && fused.count { $0.isNaN } == 1)
    }

    @Test func decisionsNeedScores() {
        let scores = Tensor(shape: [4, 3], [1, 3, 3, .nan, 9, 0, 0, 1, .infinity, -2, -3, -4])
        #expect(scores.largestColumns == [1, nil, nil, 0])
    }

    @Test func frequenciesOfNaNAreNone() {
        let transform = FourierTransform(gridRows: 4, gridCols: 4)
        for number in Self.spoiled {
            var tokens = Tensor(shape: [1, 16, 5], (0..<80).map { sin(Float($0)) })
            tokens[flat: 33] = number
            #expect(transform.diagonal(tokens, numPrefixTokens: 0, pool: pool).values.everyOne { !$0.isFinite })
            #expect(transform.map(tokens, numPrefixTokens: 0, pool: pool).values.everyOne { !$0.isFinite })
        }
    }

    @Test func sumsOfAttentionCarryIt() {
        var map = Tensor(shape: [1, 1, 9, 9], repeating: 1.0 / 9)
        map[flat: 40] = .nan
        let sums = AttentionSums(
            map, wanted: [.distance, .information, .entropy], distances: Tensor(shape: [9, 9], repeating: 1),
            numPrefixTokens: 0, distanceEps: 1e-32, informationEps: 1e-8, queryProbability: 1.0 / 9, pool: pool)
        #expect(sums.distances[0].isNaN && sums.entropies[0].isNaN)
        #expect(sums.rowEntropies[0].isNaN && sums.keyEntropies[0].isNaN)
    }

    /// NaN has no place in an order: what is discarded beside it is not known.
    @Test func orderStatisticsOfNaNAreNaN() {
        var numbers = (0..<25).map { Double($0) / 25 }
        numbers[7] = .nan
        let map = DoubleMatrix(rows: 5, cols: 5, numbers)
        let step = map.rolloutStep(discard: 10, keepsFirst: true, scalingColumns: false)
        #expect(step.values.everyOne { $0.isNaN })
        let whole = map.rolloutStep(discard: 0, keepsFirst: true, scalingColumns: false)
        #expect(whole.values[5..<10].everyOne { $0.isNaN } && whole.values[0].isFinite)
        let gram = DoubleMatrix(rows: 2, cols: 2, [1, .nan, .nan, .nan]).gramDistances()
        #expect(gram[0, 1].isNaN && gram[1, 1].isNaN && gram[0, 0] == 0)
        #expect(DoubleMatrix(rows: 1, cols: 4, [0, 1, .nan, 800]).gaussian(scale: 1).values[2].isNaN)
    }

    /// A variance beyond the largest number leaves nothing known, in training and in evaluation.
    @Test func batchNormOfOverflowIsNone() {
        var layout = ParameterLayout(), buffers = ParameterLayout()
        let norm = BatchNorm("n", width: 2, affine: false, in: &layout, buffers: &buffers)
        let weights = ParameterBuffer(layout)
        var running = ParameterBuffer(buffers)
        running.set(norm.runningVar, to: Tensor(shape: [2], repeating: 1))
        let x = Tensor(shape: [4, 2], [3e38, 1, -3e38, 2, 3e38, 3, -3e38, 4])
        let y = norm.forward(x, weights, buffers: &running).output.array
        #expect(y[0].isNaN && y[1].isFinite)
        let evaluated = norm.evaluate(x, weights, buffers: running).array
        #expect(evaluated[0].isNaN && evaluated[1].isFinite)
    }
}
