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
                            pool.parallelRanges(rows) { range, _ in
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
        let parts = max(min(pool.threads, rows), 1)
        var partial = Tensor.zeros([parts, 2 * width])
        partial.withPointer { partial in
            withPointers(self, dOutput, forward.mean, forward.rstd) { x, dy, mean, rstd in
                weights.withUnsafe(weight) { (w: Source) in
                    dInput.withPointer { dx in
                        pool.parallelFor(parts) { part, _ in
                            let first = rows * part / parts, last = rows * (part + 1) / parts
                            let sums = partial + part * 2 * width
                            layernorm_backward(
                                dx + first * width, sums, sums + width, dy + first * width, x + first * width, w,
                                mean + first, rstd + first, last - first, width)
                        }
                    }
                }
            }
        }
        gradients.add(partial, to: [weight, bias])
    }
}
