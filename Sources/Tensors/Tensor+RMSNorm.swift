import CKernels
public import Platform

extension Tensor {
    /// Norm by the root mean square over the innermost extent (Zhang and Sennrich 2019): x / √(mean of x² + eps) · weight.
    ///
    /// - Parameter weight: (width).
    public func rmsNorm(weight: Tensor, eps: Float, pool: ThreadPool) -> Tensor {
        let width = shape.last ?? 1
        precondition(weight.count == width, "the norm does not fit \(shape)")
        return Tensor(shape: shape) { out in
            guard let target = out.baseAddress, width > 0 else { return }
            withPointers(self, weight) { x, weight in
                pool.parallelRanges(count / width, block: 64) { rows, _ in
                    let start = rows.lowerBound * width
                    rmsnorm_forward(target + start, nil, x + start, weight, eps, rows.count, width)
                }
            }
        }
    }

    /// The same with `weight` (width) in `weights`, and what the way back needs.
    public func rmsNorm(
        _ weights: ParameterBuffer, weight: Parameter, eps: Float, pool: ThreadPool
    ) -> LayerNormForward {
        let width = weight.count, rows = count / width
        precondition(shape.last == width, "\(weight.name) does not fit \(shape)")
        var rstd = Tensor(shape: [rows], writing: { _ in })
        let output = Tensor(shape: shape) { out in
            guard let out = out.baseAddress else { return }
            withUnsafeBufferPointer { x in
                guard let x = x.baseAddress else { return }
                weights.withUnsafe(weight) { (weight: Source) in
                    rstd.withPointer { rstd in
                        pool.parallelRanges(rows, block: 64) { range, _ in
                            let first = range.lowerBound
                            rmsnorm_forward(
                                out + first * width, rstd + first, x + first * width, weight, eps,
                                range.count, width)
                        }
                    }
                }
            }
        }
        return LayerNormForward(output: output, mean: Tensor(shape: [0], []), rstd: rstd)
    }

    /// Adds the gradient at this input of `rmsNorm` to `dInput`, and that of its weight to `gradients`.
    ///
    /// - Parameter dOutput: the gradient at the norm's output, of this shape.
    public func rmsNormBackward(
        _ forward: LayerNormForward, dOutput: Tensor, addingTo dInput: inout Tensor, _ weights: ParameterBuffer,
        weight: Parameter, gradients: inout ParameterBuffer, pool: ThreadPool
    ) {
        let width = weight.count, rows = count / width
        precondition(dOutput.count == count && dInput.count == count, "gradients do not fit \(shape)")
        let parts = max(min(16, rows / 64), 1)
        // As in layer norm: sums of a part, and after them those of its current block.
        var sums = Tensor.zeros([parts, 2 * width])
        sums.withPointer { sums in
            withPointers(self, dOutput, forward.rstd) { x, dy, rstd in
                weights.withUnsafe(weight) { (w: Source) in
                    dInput.withPointer { dx in
                        pool.parallelFor(parts) { part, _ in
                            let total = sums + part * 2 * width, block = total + width
                            let end = rows * (part + 1) / parts
                            for first in stride(from: rows * part / parts, to: end, by: 64) {
                                block.update(repeating: 0, count: width)
                                rmsnorm_backward(
                                    dx + first * width, block, dy + first * width, x + first * width, w, rstd + first,
                                    min(64, end - first), width)
                                add_scaled(total, block, 1, width)
                            }
                        }
                    }
                }
            }
        }
        let partial = Tensor.concatenating(
            (0..<parts).map { sums.rows($0..<$0 + 1).reshaped([2, width]).rows(0..<1) })
        gradients.add(partial, to: [weight])
    }
}
