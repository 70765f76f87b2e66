import CKernels
import Platform

/// Linear layers whose weights change at every step, with products of bf16 numbers. Weights and gradients are f32.
extension Tensor {
    /// `linear` of rounded numbers.
    func roundedLinear(
        _ weights: ParameterBuffer, weight: Parameter, bias: Parameter?, pool: ThreadPool
    ) -> Tensor {
        let (outputs, inputs) = (weight.shape[0], weight.count / max(weight.shape[0], 1))
        let x = RoundedTensor(self, pool: pool), w = weights.rounded(weight, pool: pool)
        return Tensor(shape: shape.dropLast() + [outputs]) { y in
            guard let y = y.baseAddress else { return }
            withPointers(x, w) { x, w in
                weights.withUnsafe(bias) { (b: Source?) in
                    pool.parallelRanges(count / inputs, block: 512) { rows, _ in
                        let target = y + rows.lowerBound * outputs
                        if let b {
                            for row in 0..<rows.count { (target + row * outputs).update(from: b, count: outputs) }
                        }
                        RoundedProduct(m: rows.count, n: outputs, k: inputs).run(
                            target, x + rows.lowerBound * inputs, w, transposes: (false, true),
                            accumulates: b != nil, strides: (outputs, inputs, inputs))
                    }
                }
            }
        }
    }

    /// `linearBackward` of rounded numbers.
    func roundedLinearBackward(
        dOutput: Tensor, _ weights: ParameterBuffer, weight: Parameter, bias: Parameter?,
        gradients: inout ParameterBuffer, wanted: (input: Bool, weights: Bool), pool: ThreadPool
    ) -> Tensor {
        let dy = RoundedTensor(dOutput, pool: pool)
        if wanted.weights {
            addWeightGradient(
                dOutput, rounded: (RoundedTensor(self, pool: pool), dy), weight: weight, bias: bias,
                gradients: &gradients, pool)
        }
        guard wanted.input else { return Tensor(shape: [0], []) }
        let (outputs, inputs) = (weight.shape[0], weight.count / max(weight.shape[0], 1))
        return Tensor(shape: shape) { dx in
            guard let dx = dx.baseAddress else { return }
            withPointers(dy, weights.rounded(weight, pool: pool)) { dy, w in
                pool.parallelRanges(count / inputs, block: 512) { range, _ in
                    RoundedProduct(m: range.count, n: inputs, k: outputs).run(
                        dx + range.lowerBound * inputs, dy + range.lowerBound * outputs, w,
                        transposes: (false, false), accumulates: false, strides: (inputs, outputs, inputs))
                }
            }
        }
    }

    /// As in f32: each range makes some of the rows of dW, so nothing is summed apart. The sums at the bias are of what
    /// was not rounded.
    private func addWeightGradient(
        _ dOutput: Tensor, rounded: (x: RoundedTensor, dOutput: RoundedTensor), weight: Parameter, bias: Parameter?,
        gradients: inout ParameterBuffer, _ pool: ThreadPool
    ) {
        let outputs = weight.shape[0], inputs = weight.count / max(outputs, 1), rows = count / max(inputs, 1)
        withPointers(rounded.x, rounded.dOutput) { x, dy in
            dOutput.withUnsafeBufferPointer { exact in
                gradients.withUnsafeMutable { (all: Target) in
                    pool.parallelRanges(outputs, block: 128) { range, _ in
                        let first = range.lowerBound
                        RoundedProduct(m: range.count, n: inputs, k: rows).run(
                            all + weight.offset + first * inputs, dy + first, x, transposes: (true, false),
                            accumulates: true, strides: (inputs, outputs, inputs))
                        if let bias, let exact = exact.baseAddress {
                            bias_backward(all + bias.offset + first, exact + first, rows, range.count, outputs)
                        }
                    }
                }
            }
        }
    }
}

extension ParameterBuffer {
    /// The numbers of `parameter`, rounded to bf16.
    fileprivate func rounded(_ parameter: Parameter, pool: ThreadPool) -> RoundedTensor {
        withUnsafe(parameter) { (numbers: Source) in
            RoundedTensor(shape: parameter.shape, numbers, pool: pool)
        }
    }
}

/// Calls `body` with the numbers of two rounded tensors; not where there are none.
private func withPointers(
    _ a: RoundedTensor, _ b: RoundedTensor, _ body: (UnsafePointer<UInt16>, UnsafePointer<UInt16>) -> Void
) {
    a.withUnsafePointer { a in b.withUnsafePointer { body(a, $0) } }
}
