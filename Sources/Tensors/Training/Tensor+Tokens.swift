import CKernels

/// Tokens replaced, gathered, and put back, with their gradients. Tokens are (batch, tokens, width).
extension Tensor {
    /// Patch tokens with mask 1 become `token` (width) of `weights`; mask (batch, patches).
    public mutating func replaceMasked(_ mask: Tensor, by token: Parameter, _ weights: ParameterBuffer) {
        let width = token.count
        precondition(mask.count * width == count, "the mask \(mask.shape) does not fit \(shape)")
        weights.withUnsafe(token) { (token: Source) in
            mask.withUnsafeBufferPointer { mask in
                withPointer { mask_forward($0, token, mask.baseAddress!, mask.count, width) }
            }
        }
    }

    /// This gradient at the tokens after `replaceMasked` becomes that before; the token's is added to `gradients`.
    public mutating func replaceMaskedBackward(_ mask: Tensor, by token: Parameter, gradients: inout ParameterBuffer) {
        let width = token.count
        precondition(mask.count * width == count, "the mask \(mask.shape) does not fit \(shape)")
        gradients.withUnsafeMutable(token) { dToken in
            mask.withUnsafeBufferPointer { mask in
                withPointer { mask_backward($0, dToken, mask.baseAddress!, mask.count, width) }
            }
        }
    }

    /// Rows of (rows, width) in the order of `indices`, one of them perhaps several times.
    public func gatheringRows(_ indices: [Int]) -> Tensor {
        let width = shape[1]
        precondition(indices.allSatisfy { $0 >= 0 && $0 < shape[0] }, "no such row in \(shape)")
        return Tensor(shape: [indices.count, width]) { out in
            guard let out = out.baseAddress else { return }
            withUnsafeBufferPointer { x in
                for (row, index) in indices.enumerated() {
                    (out + row * width).update(from: x.baseAddress! + index * width, count: width)
                }
            }
        }
    }

    /// Adds row i of `rows` (n, width) to row `indices[i]` of this.
    public mutating func scatterAddRows(_ rows: Tensor, _ indices: [Int]) {
        let width = rows.shape[1], count = count
        precondition(indices.allSatisfy { $0 >= 0 && ($0 + 1) * width <= count }, "no such row in \(shape)")
        guard !indices.isEmpty else { return }
        rows.withUnsafeBufferPointer { rows in
            withPointer { x in
                for (row, index) in indices.enumerated() {
                    add_scaled(x + index * width, rows.baseAddress! + row * width, 1, width)
                }
            }
        }
    }

    /// The tokens from `first` on: (batch, tokens − first, width).
    public func tokens(from first: Int) -> Tensor {
        let (batch, tokens, width) = (shape[0], shape[1], shape[2])
        precondition(first >= 0 && first <= tokens, "no token \(first) in \(shape)")
        return Tensor(shape: [batch, tokens - first, width]) { out in
            guard let out = out.baseAddress, tokens > first else { return }
            let size = (tokens - first) * width
            withUnsafeBufferPointer { x in
                for image in 0..<batch {
                    (out + image * size).update(from: x.baseAddress! + (image * tokens + first) * width, count: size)
                }
            }
        }
    }

    /// Adds `other` (batch, n, width) to the tokens from `first` on.
    public mutating func addTokens(_ other: Tensor, from first: Int) {
        let (batch, tokens, width) = (shape[0], shape[1], shape[2])
        let size = other.count / max(batch, 1)
        precondition(
            size % width == 0 && first * width + size <= tokens * width, "\(other.shape) does not fit \(shape)")
        guard size > 0 else { return }
        other.withUnsafeBufferPointer { other in
            withPointer { x in
                for image in 0..<batch {
                    add_scaled(x + (image * tokens + first) * width, other.baseAddress! + image * size, 1, size)
                }
            }
        }
    }

    /// Adds `rows` (…, width) to the rows of this from `row` on.
    public mutating func addRows(_ rows: Tensor, atRow row: Int) {
        let start = row * (shape.last ?? 1)
        precondition(row >= 0 && start + rows.count <= count, "\(rows.shape) does not fit \(shape)")
        guard rows.count > 0 else { return }
        rows.withUnsafeBufferPointer { rows in
            withPointer { add_scaled($0 + start, rows.baseAddress!, 1, rows.count) }
        }
    }

    /// Adds `token` (batch, width) / `divisor` to every one of the tokens from `first` on: the gradient of a mean.
    public mutating func addToTokens(_ token: Tensor, from first: Int, divisor: Float) {
        let (batch, tokens, width) = (shape[0], shape[1], shape[2])
        precondition(token.count == batch * width, "\(token.shape) does not fit \(shape)")
        token.withUnsafeBufferPointer { token in
            withPointer { x in
                for image in 0..<batch {
                    for index in first..<tokens {
                        add_scaled(
                            x + (image * tokens + index) * width, token.baseAddress! + image * width, 1 / divisor, width
                        )
                    }
                }
            }
        }
    }

    /// The sum over the outermost extent: (inner…).
    public func sumOverBatch() -> Tensor {
        let size = count / max(shape[0], 1)
        var sum = Tensor.zeros(Array(shape.dropFirst()))
        withUnsafeBufferPointer { x in
            sum.withPointer { for image in 0..<shape[0] { add_scaled($0, x.baseAddress! + image * size, 1, size) } }
        }
        return sum
    }
}

extension ParameterBuffer {
    /// Adds as many numbers of `tensor` to those of `parameter`.
    public mutating func add(_ tensor: Tensor, to parameter: Parameter) {
        precondition(tensor.count == parameter.count, "\(tensor.shape) is no gradient of \(parameter.name)")
        tensor.withUnsafeBufferPointer { source in
            withUnsafeMutable(parameter) { add_scaled($0, source.baseAddress!, 1, source.count) }
        }
    }

    /// Adds `scale` times every number of `other`, of the same layout.
    public mutating func add(_ other: ParameterBuffer, scale: Float = 1) {
        precondition(other.layout.count == layout.count, "buffers of different layouts")
        guard layout.count > 0 else { return }
        let count = layout.count
        other.withUnsafe { (source: Source) in
            withUnsafeMutable { (target: Target) in add_scaled(target, source, scale, count) }
        }
    }

    /// Makes the numbers from `offset` of `parameter` on zero.
    public mutating func zero(_ parameter: Parameter, range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= parameter.count, "outside of \(parameter.name)")
        withUnsafeMutable(parameter) { ($0 + range.lowerBound).update(repeating: 0, count: range.count) }
    }

    /// The sum of the products with the numbers of `other` at `parameters`, in double precision.
    public func dot(_ other: ParameterBuffer, over parameters: [Parameter]) -> Double {
        parameters.reduce(0) { sum, parameter in
            sum
                + withUnsafe(parameter) { (a: Source) in
                    other.withUnsafe(parameter) { (b: Source) in dot_double(a, b, parameter.count) }
                }
        }
    }
}
