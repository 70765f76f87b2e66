import Foundation
import Platform
import Tensors
import TestSupport
import Testing

/// Products of linear layers that learn, at extents that no vector, tile or thread fits.
@Suite struct PanelProductTests {
    private let pool = ThreadPool(threads: 3) { NumericLibraries.prepareThread() }

    init() { NumericLibraries.prepareThread() }

    /// A layer, and what it is given on the way forward and back.
    private struct Layer {
        let weights: ParameterBuffer
        let weight: Parameter
        let bias: Parameter
        let x: Tensor
        let dOutput: Tensor

        init(rows: Int, inputs: Int, outputs: Int) {
            var layout = ParameterLayout()
            weight = layout.add("weight", [outputs, inputs])
            bias = layout.add("bias", [outputs])
            var weights = ParameterBuffer(layout)
            weights.set(weight, to: KernelTests.random([outputs, inputs], seed: 1))
            weights.set(bias, to: KernelTests.random([outputs], seed: 2))
            self.weights = weights
            x = KernelTests.random([rows, inputs], seed: 3)
            dOutput = KernelTests.random([rows, outputs], seed: 4)
        }
    }

    @Test(
        arguments: [1, 2, 5, 6, 7, 65, 1027],
        [(1, 1), (7, 15), (16, 16), (33, 17), (70, 64), (64, 65), (24, 130), (769, 19), (1600, 3)])
    func agreeWithPlainLoops(rows: Int, extents: (inputs: Int, outputs: Int)) {
        let (inputs, outputs) = extents
        let layer = Layer(rows: rows, inputs: inputs, outputs: outputs)
        let y = layer.x.linear(layer.weights, weight: layer.weight, bias: layer.bias, pool: pool)
        let plain = layer.x.linear(layer.weights, weight: layer.weight, bias: nil, pool: pool)
        var gradients = layer.weights
        let dx = layer.x.linearBackward(
            dOutput: layer.dOutput, layer.weights, weight: layer.weight, bias: layer.bias, gradients: &gradients,
            needsWeights: false, pool: pool)
        let w = layer.weights.tensor(layer.weight), b = layer.weights.tensor(layer.bias)
        // The first and the last rows, and those beside the cuts of 512.
        for row in Set([0, 1, rows / 2, rows - 2, rows - 1, 511, 512, 513]) where (0..<rows).contains(row) {
            for column in 0..<outputs {
                let sum = (0..<inputs).reduce(0.0) { $0 + Double(layer.x[row, $1]) * Double(w[column, $1]) }
                #expect(abs(Double(plain[row, column]) - sum) < 1e-4)
                #expect(abs(Double(y[row, column]) - sum - Double(b[column])) < 1e-4)
            }
            for column in 0..<inputs {
                let sum = (0..<outputs).reduce(0.0) { $0 + Double(layer.dOutput[row, $1]) * Double(w[$1, column]) }
                #expect(abs(Double(dx[row, column]) - sum) < 1e-4)
            }
        }
    }

    /// However rows are cut, and whatever is computed beside them.
    @Test func aRowHasTheSameBitsAlone() {
        let layer = Layer(rows: 1100, inputs: 70, outputs: 45)
        let all = layer.x.linear(layer.weights, weight: layer.weight, bias: layer.bias, pool: pool)
        for row in [0, 5, 549, 550, 1098, 1099] {
            let alone = layer.x.part(row).reshaped([1, 70]).linear(
                layer.weights, weight: layer.weight, bias: layer.bias, pool: ThreadPool(threads: 1))
            #expect(alone.array == all.part(row).array)
        }
    }

    /// What is not a number stays in its row.
    @Test func notANumberStaysInItsRow() {
        let layer = Layer(rows: 20, inputs: 9, outputs: 21)
        var numbers = layer.x.array
        numbers[7 * 9 + 3] = .nan
        let y = Tensor(shape: [20, 9], numbers).linear(layer.weights, weight: layer.weight, bias: nil, pool: pool)
        for row in 0..<20 { #expect(y.part(row).array.everyOne { $0.isNaN == (row == 7) }) }
    }
}
