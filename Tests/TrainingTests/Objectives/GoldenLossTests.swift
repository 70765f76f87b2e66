import TestSupport
import Foundation
import Models
import Platform
import Tensors
import Testing
import Training

/// Losses with figures of NumPy and the projects' own code, in double precision.
@Suite struct GoldenLossTests {
    private let pool = ThreadPool(threads: 2) { NumericLibraries.prepareThread() }

    /// MoCo v3's loss.
    @Test func contrastiveLoss() {
        func v(_ o: Double) -> Tensor {
            var numbers: [Float] = []
            for i in 0..<4 {
                for j in 0..<3 { numbers.append(Float(sin(o + 0.9 * Double(i) + 1.7 * Double(j)))) }
            }
            return Tensor(shape: [4, 3], numbers)
        }
        let first = ContrastiveLoss.forward(q: v(0.1), k: v(1.9), temperature: 0.2, pool: pool).loss
        let second = ContrastiveLoss.forward(q: v(0.7), k: v(1.3), temperature: 0.2, pool: pool).loss
        #expect(abs(first - 1.85875504) < 2e-6)
        #expect(abs(second - 0.35926679) < 2e-6)
    }

    /// The 3×4×4 images of SimMIM's figures as patches of 2, ordered (channel, row, column).
    private func image(_ value: (Double, Double, Double) -> Double) -> Tensor {
        var numbers: [Float] = []
        for c in 0..<3 {
            for y in 0..<4 {
                for x in 0..<4 { numbers.append(Float(value(Double(c), Double(y), Double(x)))) }
            }
        }
        return Tensor(shape: [1, 3, 4, 4], numbers).patches(patchSize: 2, pool: pool)
    }
    private var target: Tensor { image { sin(0.5 * $0 + 0.3 * $1 + 0.7 * $2) } }
    private var prediction: Tensor { image { cos(0.2 * $0 + 0.4 * $1 + 0.1 * $2) } }

    /// SimMIM's loss.
    @Test func simMIMLoss() {
        let sum = prediction.maskedL1(
            target: target, mask: Tensor(shape: [4], [1, 0, 0, 1]), scale: 1, pool: pool
        ).sum
        #expect(abs(sum / (8 + 1e-5) / 3 - 0.28946033) < 1e-7)
    }

    /// Channels 0…11 at one pixel are the patch [[0,1],[2,3]], [[4,5],[6,7]], [[8,9],[10,11]], which is how
    /// patches lie: no pixel has to be shuffled.
    @Test func pixelShuffleIsThePatchOrder() {
        let shuffled: [Float] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]
        let image = Tensor(shape: [1, 3, 2, 2], shuffled)
        #expect(image.patches(patchSize: 2, pool: pool).array == (0..<12).map { Float($0) })
    }

    /// MAE's loss.
    @Test func maeLosses() {
        let x = target.patchesChannelsLast(channels: 3, patchSize: 2)
        let y = prediction.patchesChannelsLast(channels: 3, patchSize: 2)
        let mask = Tensor(shape: [4], [1, 0, 1, 1])
        #expect(abs(y.maskedL2(target: x, mask: mask, scale: 1, pool: pool).sum / 3 - 0.21981052) < 1e-7)
        let normalized = y.maskedL2(target: x.standardizedRows(eps: 1e-6), mask: mask, scale: 1, pool: pool)
        #expect(abs(normalized.sum / 3 - 1.15248489) < 2e-6)
    }

    /// MAE's loss.
    @Test func maePatchify() {
        let image = Tensor(shape: [1, 3, 4, 4], (0..<48).map { Float($0) })
        let patches = image.patches(patchSize: 2, pool: pool).patchesChannelsLast(channels: 3, patchSize: 2).part(0)
        #expect(patches.part(0).array == [0, 16, 32, 1, 17, 33, 4, 20, 36, 5, 21, 37])
        #expect(patches.part(1).array == [2, 18, 34, 3, 19, 35, 6, 22, 38, 7, 23, 39])
    }

    /// Position tables of a 2×2 grid.
    @Test func sinCosTables() {
        let moco = SinCosTable.mocoV3.table(GridSize(rows: 2, cols: 2), width: 8)
        let mae = SinCosTable.mae.table(GridSize(rows: 2, cols: 2), width: 8)
        let expected: [Float] = [0, 0, 1, 1, 0.84147098, 0.00999983, 0.54030231, 0.99995]
        #expect(pairs(moco.part(1).array, expected).everyOne { abs($0 - $1) < 1e-6 })
        #expect(pairs(mae.part(2).array, expected).everyOne { abs($0 - $1) < 1e-6 })
    }

    @Test func crossEntropyByHand() {
        let logits = Tensor(shape: [1, 3], [0, 0, 0])
        let hard = CrossEntropy.forward(logits: logits, targets: .classes([1]))
        #expect(abs(hard.loss - log(3)) < 1e-12)
        let expected = [1.0 / 3, -2.0 / 3, 1.0 / 3]
        for (found, known) in zip(hard.dLogits.array, expected) { #expect(abs(Double(found) - known) < 1e-7) }
        // (1 − ε)·nll + ε·mean(−log p), both ln 3 here.
        let smoothed = CrossEntropy.forward(logits: logits, targets: .smoothed([1], 0.3))
        #expect(abs(smoothed.loss - log(3)) < 1e-12)
        let soft = CrossEntropy.forward(
            logits: Tensor(shape: [1, 3], [1, 2, 3]), targets: .soft(Tensor(shape: [1, 3], [0.2, 0.3, 0.5])))
        let logSum = log(exp(1.0) + exp(2.0) + exp(3.0))
        #expect(abs(soft.loss - (logSum - 2.3)) < 1e-6)
    }
}
