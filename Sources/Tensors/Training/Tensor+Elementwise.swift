import CKernels
public import Platform

extension Tensor {
    /// x · Φ(x), the exact GELU of every number; this stays for the way back.
    public func gelu(pool: ThreadPool) -> Tensor {
        Tensor(shape: shape) { out in
            guard let out = out.baseAddress else { return }
            withUnsafeBufferPointer { x in
                pool.parallelRanges(count, block: 1 << 16) { range, _ in
                    gelu_out_forward(out + range.lowerBound, x.baseAddress! + range.lowerBound, range.count)
                }
            }
        }
    }

    /// The gradient at this input of GELU.
    public func geluBackward(dOutput: Tensor, pool: ThreadPool) -> Tensor {
        precondition(dOutput.count == count, "\(dOutput.shape) is no gradient of \(shape)")
        return Tensor(shape: shape) { dx in
            guard let dx = dx.baseAddress else { return }
            withPointers(self, dOutput) { x, dy in
                pool.parallelRanges(count, block: 1 << 16) { range, _ in
                    let first = range.lowerBound
                    gelu_backward(dx + first, dy + first, x + first, range.count)
                }
            }
        }
    }

    /// The gradient at this input (…, 2·hidden) of SwiGLU; `dOutput` is (…, hidden).
    public func swiGLUBackward(dOutput: Tensor, pool: ThreadPool) -> Tensor {
        let width = (shape.last ?? 0) / 2
        precondition(dOutput.count * 2 == count, "\(dOutput.shape) is no gradient of \(shape)")
        return Tensor(shape: shape) { dx in
            guard let dx = dx.baseAddress else { return }
            withPointers(self, dOutput) { x, dy in
                pool.parallelRanges(count / (2 * width), block: 64) { rows, _ in
                    let first = rows.lowerBound
                    swiglu_backward(
                        dx + first * 2 * width, dy + first * width, x + first * 2 * width, rows.count, width)
                }
            }
        }
    }

    /// The gradient at the input of relu, of which this is the output.
    public func reluBackward(dOutput: Tensor) -> Tensor {
        precondition(dOutput.count == count, "\(dOutput.shape) is no gradient of \(shape)")
        var dInput = dOutput
        withUnsafeBufferPointer { y in dInput.withPointer { relu_backward($0, y.baseAddress!, y.count) } }
        return dInput
    }

    /// Adds `scale` · `other`.
    public mutating func add(_ other: Tensor, scale: Float = 1) {
        precondition(other.count == count, "\(other.shape) does not add to \(shape)")
        guard count > 0 else { return }
        other.withUnsafeBufferPointer { other in withPointer { add_scaled($0, other.baseAddress!, scale, other.count) }
        }
    }

    /// The sum of the products of the numbers of this and `other`, in double precision.
    public func dot(_ other: Tensor) -> Double {
        precondition(other.count == count, "\(other.shape) and \(shape) differ")
        return count == 0 ? 0 : withPointers(self, other) { dot_double($0, $1, count) }
    }

    /// Adds a residual branch: this + gamma · branch · scale of its image, (batch, tokens, width) all.
    ///
    /// - Parameters:
    ///   - gamma: (width) in `weights`: layer scale; or nil.
    ///   - scales: one factor an image, 0 where stochastic depth drops the branch; nil for ones.
    public mutating func addBranch(
        _ branch: Tensor, _ weights: ParameterBuffer, gamma: Parameter?, scales: [Float]?, pool: ThreadPool
    ) {
        precondition(branch.count == count, "\(branch.shape) does not add to \(shape)")
        let batch = shape[0], size = count / max(batch, 1), width = shape.last ?? 1
        branch.withUnsafeBufferPointer { branch in
            weights.withUnsafe(gamma) { (gamma: Source?) in
                withPointer { x in
                    pool.parallelFor(batch) { image, _ in
                        let scale = scales?[image] ?? 1
                        guard scale != 0 else { return }
                        branch_forward(
                            x + image * size, branch.baseAddress! + image * size, gamma, scale, size / width, width)
                    }
                }
            }
        }
    }

    /// The gradient at a residual branch; this is the gradient at the sum, (batch, tokens, width).
    ///
    /// - Parameter branch: the branch before layer scale.
    public func branchBackward(
        _ branch: Tensor, _ weights: ParameterBuffer, gamma: Parameter?, scales: [Float]?,
        gradients: inout ParameterBuffer, pool: ThreadPool
    ) -> Tensor {
        let batch = shape[0], size = count / max(batch, 1), width = shape.last ?? 1
        let parts = max(min(8, batch), 1)
        var partial = Tensor.zeros([parts, gamma == nil ? 0 : width])
        let dBranch = Tensor(shape: shape) { dBranch in
            guard let dBranch = dBranch.baseAddress else { return }
            partial.withPointer { partial in
                withPointers(self, branch) { dx, branch in
                    weights.withUnsafe(gamma) { (gamma: Source?) in
                        pool.parallelFor(parts) { part, _ in
                            for image in batch * part / parts..<batch * (part + 1) / parts {
                                let first = image * size
                                branch_backward(
                                    dBranch + first, gamma == nil ? nil : partial + part * width, dx + first,
                                    branch + first, gamma, scales?[image] ?? 1, size / width, width)
                            }
                        }
                    }
                }
            }
        }
        if let gamma { gradients.add(partial, to: [gamma]) }
        return dBranch
    }
}
