import CKernels
public import Platform

/// What layer norm keeps for its way back.
public struct LayerNormForward: Sendable {
    /// (…, width).
    public let output: Tensor
    /// (rows): of each row.
    let mean: Tensor
    /// (rows): 1 / √(variance + eps).
    let rstd: Tensor
}

extension Tensor {
    /// Layer norm over the innermost extent, with `weight` and `bias` (width) in `weights`.
    public func layerNorm(
        _ weights: ParameterBuffer, weight: Parameter, bias: Parameter, eps: Float, pool: ThreadPool
    ) -> LayerNormForward {
        let width = weight.count, rows = count / width
        precondition(shape.last == width, "\(weight.name) does not fit \(shape)")
        var mean = Tensor(shape: [rows], writing: { _ in }), rstd = Tensor(shape: [rows], writing: { _ in })
        let output = Tensor(shape: shape) { out in
            guard let out = out.baseAddress else { return }
            withUnsafeBufferPointer { x in
                weights.withUnsafe { (all: Source) in
                    mean.withPointer { mean in
                        rstd.withPointer { rstd in
                            pool.parallelRanges(rows, block: 64) { range, _ in
                                let first = range.lowerBound
                                layernorm_forward(
                                    out + first * width, mean + first, rstd + first, x.baseAddress! + first * width,
                                    all + weight.offset, all + bias.offset, eps, range.count, width)
                            }
                        }
                    }
                }
            }
        }
        return LayerNormForward(output: output, mean: mean, rstd: rstd)
    }

    /// Adds the gradient at this input of a layer norm to `dInput`, and those of weight and bias to `gradients`.
    ///
    /// - Parameter dOutput: the gradient at the norm's output, of this shape.
    public func layerNormBackward(
        _ forward: LayerNormForward, dOutput: Tensor, addingTo dInput: inout Tensor, _ weights: ParameterBuffer,
        weight: Parameter, bias: Parameter, gradients: inout ParameterBuffer, pool: ThreadPool
    ) {
        let width = weight.count, rows = count / width
        precondition(dOutput.count == count && dInput.count == count, "gradients do not fit \(shape)")
        let parts = max(min(16, rows / 64), 1)
        // Sums of a part, and after them those of its current block: one long sum of floats drifts by its rounding.
        var sums = Tensor.zeros([parts, 4 * width])
        sums.withPointer { sums in
            withPointers(self, dOutput, forward.mean, forward.rstd) { x, dy, mean, rstd in
                weights.withUnsafe(weight) { (w: Source) in
                    dInput.withPointer { dx in
                        pool.parallelFor(parts) { part, _ in
                            let total = sums + part * 4 * width, block = total + 2 * width
                            let end = rows * (part + 1) / parts
                            for first in stride(from: rows * part / parts, to: end, by: 64) {
                                block.update(repeating: 0, count: 2 * width)
                                layernorm_backward(
                                    dx + first * width, block, block + width, dy + first * width, x + first * width, w,
                                    mean + first, rstd + first, min(64, end - first), width)
                                add_scaled(total, block, 1, 2 * width)
                            }
                        }
                    }
                }
            }
        }
        let partial = Tensor.concatenating(
            (0..<parts).map { sums.rows($0..<$0 + 1).reshaped([2, 2 * width]).rows(0..<1) })
        gradients.add(partial, to: [weight, bias])
    }
}
