import CKernels
public import Platform

/// Batch norm over the rows of a matrix (Ioffe and Szegedy 2015), as `BatchNorm1d` of PyTorch.
public struct BatchNorm: Sendable {
    /// (width), or nil without an affine part.
    public let weight: Parameter?
    /// (width), or nil without an affine part.
    public let bias: Parameter?
    /// (width) among the running statistics.
    public let runningMean: Parameter
    /// (width) among the running statistics.
    public let runningVar: Parameter
    public let eps: Float
    /// How far the running statistics move towards those of a batch.
    public let momentum: Float

    /// - Parameters:
    ///   - layout: of trained parameters; `NAME.weight` and `NAME.bias` are added where `affine`.
    ///   - buffers: of running statistics; `NAME.running_mean` and `NAME.running_var` are added.
    public init(
        _ name: String, width: Int, affine: Bool = true, eps: Float = 1e-5, momentum: Float = 0.1,
        in layout: inout ParameterLayout, buffers: inout ParameterLayout
    ) {
        weight = affine ? layout.add("\(name).weight", [width]) : nil
        bias = affine ? layout.add("\(name).bias", [width]) : nil
        runningMean = buffers.add("\(name).running_mean", [width])
        runningVar = buffers.add("\(name).running_var", [width])
        self.eps = eps
        self.momentum = momentum
    }

    /// What the way back needs.
    public struct Forward: Sendable {
        /// (rows, width).
        public let output: Tensor
        let input: Tensor
        let mean: Tensor
        let rstd: Tensor
        let ranks: Communicator
    }

    /// Normalizes by the batch's own mean and biased variance; the running statistics move, with the unbiased one.
    ///
    /// - Parameters:
    ///   - x: (rows, width).
    ///   - ranks: who have as many rows each of the same batch.
    public func forward(
        _ x: Tensor, _ weights: ParameterBuffer, buffers: inout ParameterBuffer, ranks: Communicator = .alone
    ) -> Forward {
        let (rows, width) = (x.shape[0], x.shape[1]), total = rows * ranks.size
        precondition(width == runningMean.count, "\(runningMean.name) does not fit \(x.shape)")
        var mean = Tensor.zeros([width]), rstd = Tensor.zeros([width])
        x.withUnsafeBufferPointer { x in
            mean.withPointer { batchnorm_sum($0, x.baseAddress!, rows, width) }
            ranks.sum(&mean)
            mean.withPointer { mean in
                rstd.withPointer { batchnorm_spread(mean, $0, x.baseAddress!, total, rows, width) }
            }
            ranks.sum(&rstd)
        }
        let output = Tensor(shape: x.shape) { out in
            withPointers(x, mean) { x, mean in
                weights.withUnsafe(weight) { (w: Source?) in
                    weights.withUnsafe(bias) { (b: Source?) in
                        rstd.withPointer { rstd in
                            buffers.withUnsafeMutable { (running: Target) in
                                batchnorm_forward(
                                    out.baseAddress!, mean, rstd, running + runningMean.offset,
                                    running + runningVar.offset, x, w, b, eps, momentum, total, rows, width)
                            }
                        }
                    }
                }
            }
        }
        return Forward(output: output, input: x, mean: mean, rstd: rstd, ranks: ranks)
    }

    /// Normalizes by the running statistics, as in evaluation.
    public func evaluate(_ x: Tensor, _ weights: ParameterBuffer, buffers: ParameterBuffer) -> Tensor {
        let width = x.shape[1]
        let mean = buffers.tensor(runningMean), variance = buffers.tensor(runningVar)
        let scale = (0..<width).map { column -> Float in
            // A spread beyond the largest number is not known: its inverse is no 0.
            let spread = variance[flat: column] + eps
            return spread == .infinity
                ? .nan : (weight.map { weights.tensor($0)[flat: column] } ?? 1) / spread.squareRoot()
        }
        let shift = bias.map { weights.tensor($0).array } ?? [Float](repeating: 0, count: width)
        return Tensor(shape: x.shape) { out in
            x.withUnsafeBufferPointer { x in
                for index in x.indices {
                    let column = index % width
                    out[index] = (x[index] - mean[flat: column]) * scale[column] + shift[column]
                }
            }
        }
    }

    /// The gradient at the input; those of weight and bias are added to `gradients`, of several ranks this one's share.
    public func backward(
        _ forward: Forward, dOutput: Tensor, _ weights: ParameterBuffer, gradients: inout ParameterBuffer
    ) -> Tensor {
        let (rows, width) = (forward.input.shape[0], forward.input.shape[1])
        precondition(dOutput.count == rows * width, "\(dOutput.shape) is no gradient of \(forward.input.shape)")
        var sums = Tensor.zeros([2 * width])
        withPointers(dOutput, forward.input, forward.mean, forward.rstd) { dy, x, mean, rstd in
            sums.withPointer { sums in
                gradients.withUnsafeMutable { (all: Target) in
                    batchnorm_backward_sums(
                        sums, weight.map { all + $0.offset }, bias.map { all + $0.offset }, dy, x, mean, rstd, rows,
                        width)
                }
            }
        }
        forward.ranks.sum(&sums)
        return Tensor(shape: forward.input.shape) { dx in
            withPointers(dOutput, forward.input, forward.mean, forward.rstd) { dy, x, mean, rstd in
                weights.withUnsafe(weight) { (w: Source?) in
                    sums.withPointer {
                        batchnorm_backward(
                            dx.baseAddress!, $0, dy, x, w, mean, rstd, rows * forward.ranks.size, rows, width)
                    }
                }
            }
        }
    }
}
