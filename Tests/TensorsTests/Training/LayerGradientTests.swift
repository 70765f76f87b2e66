import TestSupport
import Platform
import Tensors
import Testing

/// Every layer's way back against central differences of its way forward. The loss is the dot product with a fixed
/// random tensor, summed in double precision; differences are of fourth order.
@Suite struct LayerGradientTests {
    private let pool = ThreadPool(threads: 2) { NumericLibraries.prepareThread() }

    private func random(_ shape: [Int], _ name: String) -> Tensor {
        var random = RandomStream(seed: 7, name)
        return Tensor(shape: shape, (0..<Tensor.count(of: shape)).map { _ in Float(random.normal()) })
    }

    /// Compares the gradient at `x` along a random direction.
    private func check(
        _ x: Tensor, gradient: Tensor, _ name: String, step: Float = 0.01, tolerance: Double = 2e-3,
        _ loss: (Tensor) -> Double
    ) {
        let direction = random(x.shape, "direction." + name)
        func at(_ distance: Float) -> Double {
            var moved = x
            moved.add(direction, scale: distance)
            return loss(moved)
        }
        let slope = (8 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12 * Double(step))
        let expected = gradient.dot(direction)
        let scale = max(gradient.dot(gradient).squareRoot(), 1e-3)
        #expect(abs(slope - expected) < tolerance * scale, "\(name): \(slope) by differences, \(expected) by backward")
    }

    @Test func linear() {
        var layout = ParameterLayout()
        let weight = layout.add("weight", [5, 7]), bias = layout.add("bias", [5])
        var weights = ParameterBuffer(layout)
        weights.set(weight, to: random([5, 7], "w"))
        weights.set(bias, to: random([5], "b"))
        let x = random([3, 4, 7], "x"), r = random([3, 4, 5], "r")
        func loss(_ x: Tensor, _ weights: ParameterBuffer) -> Double {
            x.linear(weights, weight: weight, bias: bias, pool: pool).dot(r)
        }
        var gradients = ParameterBuffer(layout)
        let dx = x.linearBackward(
            dOutput: r, weights, weight: weight, bias: bias, gradients: &gradients, pool: pool)
        check(x, gradient: dx, "linear x") { loss($0, weights) }
        for parameter in layout.parameters {
            check(weights.tensor(parameter), gradient: gradients.tensor(parameter), "linear \(parameter.name)") {
                var moved = weights
                moved.set(parameter, to: $0)
                return loss(x, moved)
            }
        }
    }

    @Test func linearByHand() {
        var layout = ParameterLayout()
        let weight = layout.add("weight", [1, 2]), bias = layout.add("bias", [1])
        var weights = ParameterBuffer(layout), gradients = ParameterBuffer(layout)
        weights.set(weight, to: Tensor(shape: [1, 2], [2, -1]))
        weights.set(bias, to: Tensor(shape: [1], [0.5]))
        let x = Tensor(shape: [2, 2], [1, 2, 3, 4])
        #expect(x.linear(weights, weight: weight, bias: bias, pool: pool).array == [0.5, 2.5])
        for _ in 0..<2 {
            let dx = x.linearBackward(
                dOutput: Tensor(shape: [2, 1], [1, 10]), weights, weight: weight, bias: bias, gradients: &gradients,
                pool: pool)
            #expect(dx.array == [2, -1, 20, -10])
        }
        // Gradients of parameters accumulate.
        #expect(gradients.tensor(weight).array == [62, 84])
        #expect(gradients.tensor(bias).array == [22])
    }

    @Test func layerNorm() {
        var layout = ParameterLayout()
        let weight = layout.add("weight", [24]), bias = layout.add("bias", [24])
        var weights = ParameterBuffer(layout)
        weights.set(weight, to: random([24], "w"))
        weights.set(bias, to: random([24], "b"))
        let x = random([5, 24], "x"), r = random([5, 24], "r")
        func loss(_ x: Tensor, _ weights: ParameterBuffer) -> Double {
            x.layerNorm(weights, weight: weight, bias: bias, eps: 1e-6, pool: pool).output.dot(r)
        }
        var gradients = ParameterBuffer(layout), dx = Tensor.zeros(x.shape)
        let forward = x.layerNorm(weights, weight: weight, bias: bias, eps: 1e-6, pool: pool)
        x.layerNormBackward(
            forward, dOutput: r, addingTo: &dx, weights, weight: weight, bias: bias, gradients: &gradients, pool: pool)
        check(x, gradient: dx, "norm x") { loss($0, weights) }
        for parameter in layout.parameters {
            check(weights.tensor(parameter), gradient: gradients.tensor(parameter), "norm \(parameter.name)") {
                var moved = weights
                moved.set(parameter, to: $0)
                return loss(x, moved)
            }
        }
    }

    @Test func activations() {
        let x = random([4, 40], "x"), r = random([4, 40], "r"), half = random([4, 20], "half")
        check(x, gradient: x.geluBackward(dOutput: r, pool: pool), "gelu") { $0.gelu(pool: pool).dot(r) }
        check(x, gradient: x.swiGLUBackward(dOutput: half, pool: pool), "swiglu") { $0.swiGLU(pool: pool).dot(half) }
        check(x, gradient: x.relu().reluBackward(dOutput: r), "relu", step: 1e-4, tolerance: 2e-2) { $0.relu().dot(r) }
        check(x, gradient: NormalizedRows(x).backward(r), "normalize") { NormalizedRows($0).output.dot(r) }
    }

    /// Figures of SciPy's erf, and the far ends.
    @Test func geluOfKnownNumbers() {
        let x = Tensor(shape: [7], [1, -1, 0.5, 0, -20, 20, -6])
        let expected: [Float] = [0.8413447461, -0.1586552539, 0.3457312306, 0, 0, 20, -5.9195e-9]
        for (number, known) in zip(x.gelu(pool: pool).array, expected) { #expect(abs(number - known) < 5e-7) }
        let slopes = x.geluBackward(dOutput: Tensor(shape: [7], repeating: 1), pool: pool).array
        #expect(abs(slopes[3] - 0.5) < 1e-6 && abs(slopes[4]) < 1e-6 && abs(slopes[5] - 1) < 1e-6)
    }

    @Test func attention() {
        let (batch, tokens, heads, width) = (3, 5, 2, 8)
        let qkv = random([batch, tokens, 3 * width], "qkv"), r = random([batch, tokens, width], "r")
        let bias = random([heads, tokens, tokens], "bias")
        func forward(_ qkv: Tensor, _ bias: Tensor) -> AttentionForward {
            AttentionForward(
                qkv: qkv, numHeads: heads, bias: bias, wanted: .init(heads: [0, 1], queries: nil, output: true),
                pool: pool)
        }
        let kept = forward(qkv, bias)
        var dBias: Tensor? = .zeros(bias.shape)
        let dQKV = AttentionBackward.run(dOutput: r, qkv: qkv, maps: kept.maps!, dBias: &dBias, pool: pool)
        check(qkv, gradient: dQKV, "qkv") { forward($0, bias).output!.dot(r) }
        check(bias, gradient: dBias!, "bias") { forward(qkv, $0).output!.dot(r) }
    }

    @Test(arguments: [true, false]) func batchNorm(affine: Bool) {
        var layout = ParameterLayout(), buffers = ParameterLayout()
        let norm = BatchNorm("bn", width: 6, affine: affine, in: &layout, buffers: &buffers)
        var weights = ParameterBuffer(layout), gradients = ParameterBuffer(layout)
        for parameter in layout.parameters { weights.set(parameter, to: random([6], parameter.name)) }
        let x = random([9, 6], "x"), r = random([9, 6], "r")
        func loss(_ x: Tensor, _ weights: ParameterBuffer) -> Double {
            var running = ParameterBuffer(buffers)
            return norm.forward(x, weights, buffers: &running).output.dot(r)
        }
        var running = ParameterBuffer(buffers)
        let forward = norm.forward(x, weights, buffers: &running)
        check(x, gradient: norm.backward(forward, dOutput: r, weights, gradients: &gradients), "bn x") {
            loss($0, weights)
        }
        for parameter in layout.parameters {
            check(weights.tensor(parameter), gradient: gradients.tensor(parameter), parameter.name) {
                var moved = weights
                moved.set(parameter, to: $0)
                return loss(x, moved)
            }
        }
        // One tenth of the way from 0 to the batch's mean and unbiased variance.
        let column = (0..<9).map { Double(x[$0, 2]) }, mean = column.reduce(0, +) / 9
        let variance = column.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 8
        #expect(abs(Double(running.tensor(norm.runningMean)[2]) - 0.1 * mean) < 1e-6)
        #expect(abs(Double(running.tensor(norm.runningVar)[2]) - 0.1 * variance) < 1e-6)
    }

    @Test func residualBranch() {
        var layout = ParameterLayout()
        let gamma = layout.add("gamma", [4])
        var weights = ParameterBuffer(layout), gradients = ParameterBuffer(layout)
        weights.set(gamma, to: random([4], "gamma"))
        let stream = random([3, 2, 4], "stream"), branch = random([3, 2, 4], "branch"), r = random([3, 2, 4], "r")
        let scales: [Float] = [1.25, 0, 1.25]
        func loss(_ branch: Tensor, _ weights: ParameterBuffer) -> Double {
            var sum = stream
            sum.addBranch(branch, weights, gamma: gamma, scales: scales, pool: pool)
            return sum.dot(r)
        }
        let dBranch = r.branchBackward(
            branch, weights, gamma: gamma, scales: scales, gradients: &gradients, pool: pool)
        check(branch, gradient: dBranch, "branch") { loss($0, weights) }
        check(weights.tensor(gamma), gradient: gradients.tensor(gamma), "gamma") {
            var moved = weights
            moved.set(gamma, to: $0)
            return loss(branch, moved)
        }
        #expect(dBranch.part(1).array.everyOne { $0 == 0 }, "a dropped branch has no gradient")
    }

    @Test func maskedLosses() {
        let x = random([4, 6], "x"), target = random([4, 6], "target"), mask = Tensor(shape: [4], [1, 0, 1, 1])
        let l1 = x.maskedL1(target: target, mask: mask, scale: 0.5, pool: pool)
        check(x, gradient: l1.dSelf, "l1", step: 1e-4, tolerance: 2e-2) {
            0.5 * $0.maskedL1(target: target, mask: mask, scale: 1, pool: pool).sum
        }
        let l2 = x.maskedL2(target: target, mask: mask, scale: 0.5, pool: pool)
        check(x, gradient: l2.dSelf, "l2") { 0.5 * $0.maskedL2(target: target, mask: mask, scale: 1, pool: pool).sum }
        // What is not masked cannot change the loss.
        var other = target
        for column in 0..<6 { other[1, column] = 100 }
        #expect(x.maskedL1(target: other, mask: mask, scale: 1, pool: pool).sum == l1.sum)
    }
}
