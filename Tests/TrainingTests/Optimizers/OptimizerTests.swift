import TestSupport
import Foundation
import Platform
import Tensors
import Testing
import Training

/// Ten steps against PyTorch; figures by Tests/Fixtures/training/optimizers.py.
@Suite struct OptimizerTests {
    let pool = ThreadPool(threads: 2)

    struct Problem {
        var layout = ParameterLayout()
        let weight: Parameter
        let bias: Parameter

        init() {
            weight = layout.add("fc.weight", [2, 3])
            bias = layout.add("fc.bias", [3])
        }

        var weights: ParameterBuffer {
            var buffer = ParameterBuffer(layout)
            buffer.set(
                weight,
                to: Tensor(shape: [2, 3], (0..<6).map { Float(sin(1 + 0.7 * Double($0 / 3) + 1.3 * Double($0 % 3))) }))
            buffer.set(bias, to: Tensor(shape: [3], (0..<3).map { Float(cos(0.4 * Double($0))) }))
            return buffer
        }

        func gradients(_ step: Int) -> ParameterBuffer {
            var buffer = ParameterBuffer(layout)
            let t = Double(step)
            buffer.set(
                weight,
                to: Tensor(shape: [2, 3], (0..<6).map { Float(cos(0.3 * t + Double($0 / 3) - 0.5 * Double($0 % 3))) }))
            buffer.set(bias, to: Tensor(shape: [3], (0..<3).map { Float(0.5 * sin(0.2 * t + Double($0))) }))
            return buffer
        }
    }

    func run(_ rule: OptimizerRule, rate: Double, decay: Double, clip: Double? = nil) -> [Double] {
        let problem = Problem()
        var weights = problem.weights
        var optimizer = Optimizer(
            rule, layout: problem.layout,
            groups: ParameterGroup.groups(
                of: problem.layout, frozen: [], weightDecay: decay, rule: .oneDimensional),
            schedule: LearningRateSchedule(.constant, peak: rate, totalSteps: 10), clipGradient: clip)
        for step in 0..<10 {
            let gradients = problem.gradients(step)
            optimizer.step(
                step, weights: &weights, gradients: gradients,
                norm: optimizer.gradientNorm(gradients, pool: pool), pool: pool)
        }
        return (weights.tensor(problem.weight).array + weights.tensor(problem.bias).array).map(Double.init)
    }

    func expect(_ found: [Double], _ expected: [Double]) {
        #expect(found.count == expected.count)
        for (found, expected) in zip(found, expected) { #expect(abs(found - expected) < 2e-6) }
    }

    @Test func adamWIsPyTorchs() {
        expect(
            run(.adamW(AdamWConstants()), rate: 0.01, decay: 0.1),
            [0.7657374, 0.6523759, -0.5336434, 0.9911738, 0.103024, -0.9744022, 0.9175522, 0.8227237, 0.6235484])
    }

    @Test func adamWWithClippingIsPyTorchs() {
        expect(
            run(.adamW(AdamWConstants(beta1: 0.9, beta2: 0.95, eps: 0.01)), rate: 0.01, decay: 0.1, clip: 0.7),
            [0.7670543, 0.6527789, -0.5299865, 0.9933663, 0.1077459, -0.9730853, 0.929948, 0.8278759, 0.6268296])
    }

    @Test func sgdIsPyTorchs() {
        expect(
            run(.sgd(momentum: 0.9, nesterov: false), rate: 0.05, decay: 0.1),
            [-0.1492764, -0.7057396, -1.8191155, 1.3689744, -0.0295047, -1.5588516, 0.4515834, 0.0153233, 0.2663791])
        expect(
            run(.sgd(momentum: 0.9, nesterov: true), rate: 0.05, decay: 0.1, clip: 1),
            [0.2723269, -0.1473136, -1.2387269, 1.2528255, 0.1662309, -1.095017, 0.6130379, 0.357468, 0.4746476])
    }

    @Test func larsIsMoCosAndLeavesVectorsAlone() {
        expect(
            run(.lars(momentum: 0.9, trustCoefficient: 0.02), rate: 0.3, decay: 0.01),
            [0.7383701, 0.5724232, -0.6411378, 1.0798287, 0.1350124, -1.0145918, -2.2904994, -4.5133648, -1.8852596])
    }

    /// The factor of LARS is 1 where a norm is zero.
    @Test func larsStartsFromZeroWeights() {
        let problem = Problem()
        var weights = ParameterBuffer(problem.layout), buffer = ParameterBuffer(problem.layout)
        weights.lars(
            [ParameterUpdate(problem.weight, learningRate: 0.5, weightDecay: 0)], gradients: problem.gradients(0),
            buffer: &buffer, momentum: 0.9, trustCoefficient: 0.001, gradientScale: 1, pool: pool)
        #expect(weights.tensor(problem.weight)[0, 0] == -0.5)
    }

    @Test func frozenParametersAreNotTouchedAndDoNotCount() {
        let problem = Problem()
        var weights = problem.weights
        var optimizer = Optimizer(
            .adamW(AdamWConstants()), layout: problem.layout,
            groups: ParameterGroup.groups(
                of: problem.layout, frozen: ["fc.weight"], weightDecay: 0.1, rule: .all),
            schedule: LearningRateSchedule(.constant, peak: 0.1, totalSteps: 1))
        let gradients = problem.gradients(3)
        let norm = optimizer.gradientNorm(gradients, pool: pool)
        let plain = gradients.tensor(problem.bias).array.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
        #expect(abs(norm - plain) < 1e-12)
        optimizer.step(0, weights: &weights, gradients: gradients, norm: norm, pool: pool)
        #expect(weights.tensor(problem.weight) == problem.weights.tensor(problem.weight))
        #expect(weights.tensor(problem.bias) != problem.weights.tensor(problem.bias))
    }

    /// Threads change nothing: neither sums nor steps.
    @Test func resultsDoNotDependOnThreads() {
        var layout = ParameterLayout()
        let parameter = layout.add("w", [700, 301])
        func run(_ threads: Int) -> (Double, [Float], [Float]) {
            let pool = ThreadPool(threads: threads)
            var random = SplitMix64(seed: 1)
            let numbers = Tensor(shape: [700, 301], (0..<700 * 301).map { _ in random.uniform() - 0.5 })
            var weights = ParameterBuffer(layout), average = ParameterBuffer(layout)
            weights.set(parameter, to: numbers)
            let gradients = weights
            var first = ParameterBuffer(layout), second = ParameterBuffer(layout)
            weights.adamW(
                [ParameterUpdate(parameter, learningRate: 0.1, weightDecay: 0.1)], gradients: gradients,
                firstMoment: &first, secondMoment: &second, constants: AdamWConstants(), step: 1, gradientScale: 1,
                pool: pool)
            average.moveTowards(weights, momentum: 0.99, pool: pool)
            return (
                gradients.norm(of: [parameter], pool: pool), weights.tensor(parameter).array,
                average.tensor(parameter).array
            )
        }
        let one = run(1), two = run(2)
        #expect(one.0 == two.0)
        #expect(one.1 == two.1)
        #expect(pairs(one.2, two.2).everyOne { abs($0 - $1) <= abs($0) * 1e-6 })
    }

    @Test func momentumWeightsMoveTowardsTheOthers() {
        var layout = ParameterLayout()
        let a = layout.add("a", [3])
        var longer = layout
        let b = longer.add("b", [2])
        var slow = ParameterBuffer(layout), fast = ParameterBuffer(longer)
        slow.set(a, to: Tensor(shape: [3], [1, 2, 3]))
        fast.set(a, to: Tensor(shape: [3], [3, 2, 1]))
        fast.set(b, to: Tensor(shape: [2], [9, 9]))
        slow.moveTowards(fast, momentum: 0.75, pool: pool)
        #expect(slow.tensor(a).array == [1.5, 2, 2.5])
    }
}
