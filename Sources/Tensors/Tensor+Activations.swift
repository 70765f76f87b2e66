import CKernels
public import Platform

extension Tensor {
    /// GELU by its approximation with tanh, of every number; this stays for the way back.
    public func geluTanh(pool: ThreadPool) -> Tensor {
        mapped(pool) { out, x, count in gelu_tanh_forward(out, x, count) }
    }

    /// The gradient at this input of `geluTanh`.
    public func geluTanhBackward(dOutput: Tensor, pool: ThreadPool) -> Tensor {
        mapped(with: dOutput, pool) { dx, dy, x, count in gelu_tanh_backward(dx, dy, x, count) }
    }

    /// x · sigmoid(scale · x) of every number; this stays for the way back.
    public func swish(scale: Float, pool: ThreadPool) -> Tensor {
        mapped(pool) { out, x, count in swish_forward(out, x, scale, count) }
    }

    /// The gradient at this input of `swish`.
    public func swishBackward(scale: Float, dOutput: Tensor, pool: ThreadPool) -> Tensor {
        mapped(with: dOutput, pool) { dx, dy, x, count in swish_backward(dx, dy, x, scale, count) }
    }

    private func mapped(_ pool: ThreadPool, _ kernel: (Target, Source, Int) -> Void) -> Tensor {
        Tensor(shape: shape) { out in
            guard let out = out.baseAddress else { return }
            withUnsafeBufferPointer { x in
                guard let x = x.baseAddress else { return }
                pool.parallelRanges(count, block: 1 << 16) { range, _ in
                    kernel(out + range.lowerBound, x + range.lowerBound, range.count)
                }
            }
        }
    }

    private func mapped(
        with dOutput: Tensor, _ pool: ThreadPool, _ kernel: (Target, Source, Source, Int) -> Void
    ) -> Tensor {
        precondition(dOutput.count == count, "\(dOutput.shape) is no gradient of \(shape)")
        return Tensor(shape: shape) { dx in
            guard let dx = dx.baseAddress else { return }
            withPointers(self, dOutput) { x, dy in
                pool.parallelRanges(count, block: 1 << 16) { range, _ in
                    let first = range.lowerBound
                    kernel(dx + first, dy + first, x + first, range.count)
                }
            }
        }
    }
}
