import CKernels
public import Platform

/// Norms whose numbers nobody but a product in bf16 reads.
extension RoundedTensor {
    /// The layer norm of `x` over the innermost extent, rounded.
    ///
    /// - Parameters:
    ///   - weight: (width).
    ///   - bias: (width).
    public init(layerNorm x: Tensor, weight: Tensor, bias: Tensor, eps: Float, pool: ThreadPool) {
        let width = x.shape.last ?? 1
        precondition(weight.count == width && bias.count == width, "the norm does not fit \(x.shape)")
        self.init(shape: x.shape, pool: pool) { rows, target in
            withPointers(x, weight, bias) { x, weight, bias in
                layernorm_forward(target, nil, nil, x + rows.lowerBound * width, weight, bias, eps, rows.count, width)
            }
        }
    }

    /// The norm of `x` by the root mean square over the innermost extent, rounded.
    ///
    /// - Parameter weight: (width).
    public init(rmsNorm x: Tensor, weight: Tensor, eps: Float, pool: ThreadPool) {
        let width = x.shape.last ?? 1
        precondition(weight.count == width, "the norm does not fit \(x.shape)")
        self.init(shape: x.shape, pool: pool) { rows, target in
            withPointers(x, weight) { x, weight in
                rmsnorm_forward(target, nil, x + rows.lowerBound * width, weight, eps, rows.count, width)
            }
        }
    }
}
