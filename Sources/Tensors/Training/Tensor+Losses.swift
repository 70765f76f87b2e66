import CKernels
public import Platform

/// Rows divided by their lengths, and what the way back needs.
public struct NormalizedRows: Sendable {
    /// (rows, width), each of length one.
    public let output: Tensor
    let norms: Tensor
    private static let eps: Float = 1e-12

    /// Divides each row of `x` (rows, width) by its length, or by 1e-12 where it is shorter.
    public init(_ x: Tensor) {
        let (rows, width) = (x.shape[0], x.shape[1])
        var norms = Tensor.zeros([rows])
        output = Tensor(shape: x.shape) { out in
            x.withUnsafeBufferPointer { x in
                norms.withPointer { normalize_forward(out.baseAddress!, $0, x.baseAddress!, Self.eps, rows, width) }
            }
        }
        self.norms = norms
    }

    /// The gradient at the input.
    public func backward(_ dOutput: Tensor) -> Tensor {
        let (rows, width) = (output.shape[0], output.shape[1])
        precondition(dOutput.count == output.count, "\(dOutput.shape) is no gradient of \(output.shape)")
        return Tensor(shape: output.shape) { dx in
            withPointers(dOutput, output, norms) { dy, y, norms in
                normalize_backward(dx.baseAddress!, dy, y, norms, Self.eps, rows, width)
            }
        }
    }
}

extension Tensor {
    /// Σ |self − target| over the masked rows, with the gradient of `scale` times it. (…, width) all.
    ///
    /// - Parameter mask: one number a row, 1 = masked.
    public func maskedL1(target: Tensor, mask: Tensor, scale: Float, pool: ThreadPool) -> (sum: Double, dSelf: Tensor) {
        masked(target, mask, pool) { masked_l1($0, $1, $2, $3, scale, $4, $5) }
    }

    /// The sum over the masked rows of the mean of (self − target)², with the gradient of `scale` times it.
    public func maskedL2(target: Tensor, mask: Tensor, scale: Float, pool: ThreadPool) -> (sum: Double, dSelf: Tensor) {
        masked(target, mask, pool) { masked_l2($0, $1, $2, $3, scale, $4, $5) }
    }

    private func masked(
        _ target: Tensor, _ mask: Tensor, _ pool: ThreadPool,
        _ loss: (Target, Source, Source, Source, Int, Int) -> Double
    ) -> (sum: Double, dSelf: Tensor) {
        let width = shape.last ?? 1, rows = mask.count
        precondition(target.count == count && rows * width == count, "target and mask do not fit \(shape)")
        let parts = max(min(16, rows), 1)
        var sums = [Double](repeating: 0, count: parts)
        let gradient = Tensor(shape: shape) { gradient in
            guard let gradient = gradient.baseAddress else { return }
            withPointers(self, target, mask) { x, target, mask in
                sums.withUnsafeMutableBufferPointer { sums in
                    pool.parallelFor(parts) { part, _ in
                        let first = rows * part / parts, last = rows * (part + 1) / parts
                        sums[part] = loss(
                            gradient + first * width, x + first * width, target + first * width, mask + first,
                            last - first, width)
                    }
                }
            }
        }
        return (sums.reduce(0, +), gradient)
    }

    /// Each row as (row − mean) / √(variance + eps), with the unbiased variance: MAE's normalized pixels.
    public func standardizedRows(eps: Float) -> Tensor {
        var result = self
        let width = shape.last ?? 1
        result.withPointer { standardize_rows($0, eps, count / width, width) }
        return result
    }

    /// Patches ordered (channel, row, column) as (row, column, channel), the order of MAE's `patchify`.
    public func patchesChannelsLast(channels: Int, patchSize: Int) -> Tensor {
        let size = channels * patchSize * patchSize
        precondition(shape.last == size, "\(shape) are no patches of \(size) numbers")
        return Tensor(shape: shape) { out in
            withUnsafeBufferPointer {
                channels_last(out.baseAddress!, $0.baseAddress!, count / size, channels, patchSize)
            }
        }
    }
}
