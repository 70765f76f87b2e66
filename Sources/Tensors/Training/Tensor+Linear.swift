import CKernels
import COneDNN
public import Platform

/// Linear layers whose weights change at every step: y = x·Wᵀ + b, and its gradients.
extension Tensor {
    /// y (…, outFeatures) for this x (…, inFeatures).
    ///
    /// - Parameters:
    ///   - weight: (outFeatures, inFeatures) in `weights`.
    ///   - bias: (outFeatures) in `weights`, or nil.
    ///   - precision: of the product; one that this processor does not lack.
    public func linear(
        _ weights: ParameterBuffer, weight: Parameter, bias: Parameter?, precision: Precision = .f32, pool: ThreadPool
    ) -> Tensor {
        let (outputs, inputs) = (weight.shape[0], weight.count / max(weight.shape[0], 1))
        precondition(shape.last == inputs, "\(shape) does not multiply with \(weight.name) \(weight.shape)")
        guard precision == .f32 else { return roundedLinear(weights, weight: weight, bias: bias, pool: pool) }
        return Tensor(shape: shape.dropLast() + [outputs]) { y in
            guard let y = y.baseAddress else { return }
            withUnsafeBufferPointer { x in
                weights.withUnsafe(weight) { (w: Source) in
                    weights.withUnsafe(bias) { (b: Source?) in
                        Panel.with(
                            w, rows: inputs, columns: outputs, stride: inputs, transposes: true, pool: pool
                        ) {
                            $0.multiply(
                                x.baseAddress!, count: count / inputs, into: y, start: b.map { .bias($0) } ?? .zero,
                                pool: pool)
                        }
                    }
                }
            }
        }
    }

    /// The gradient at this input x (…, inFeatures); those of weight and bias are added to `gradients`.
    ///
    /// - Parameters:
    ///   - dOutput: (…, outFeatures).
    ///   - needsInput: whether the gradient at the input is wanted; an empty tensor comes back otherwise.
    ///   - needsWeights: whether those of weight and bias are.
    ///   - precision: of the products; one that this processor does not lack.
    public func linearBackward(
        dOutput: Tensor, _ weights: ParameterBuffer, weight: Parameter, bias: Parameter?,
        gradients: inout ParameterBuffer, needsInput: Bool = true, needsWeights: Bool = true,
        precision: Precision = .f32, pool: ThreadPool
    ) -> Tensor {
        let (outputs, inputs) = (weight.shape[0], weight.count / max(weight.shape[0], 1))
        let rows = count / inputs
        precondition(dOutput.count == rows * outputs, "\(dOutput.shape) is no gradient of \(weight.name)")
        guard precision == .f32 else {
            return roundedLinearBackward(
                dOutput: dOutput, weights, weight: weight, bias: bias, gradients: &gradients,
                wanted: (needsInput, needsWeights), pool: pool)
        }
        if needsWeights { addWeightGradient(dOutput, weight: weight, bias: bias, rows, gradients: &gradients, pool) }
        guard needsInput else { return Tensor(shape: [0], []) }
        return Tensor(shape: shape) { dx in
            guard let dx = dx.baseAddress else { return }
            dOutput.withUnsafeBufferPointer { dy in
                weights.withUnsafe(weight) { (w: Source) in
                    Panel.with(
                        w, rows: outputs, columns: inputs, stride: inputs, transposes: false, pool: pool
                    ) { $0.multiply(dy.baseAddress!, count: rows, into: dx, pool: pool) }
                }
            }
        }
    }

    /// dW += dYᵀ·x, db += Σ dY: each range makes some of the rows of dW, so nothing is summed apart.
    private func addWeightGradient(
        _ dOutput: Tensor, weight: Parameter, bias: Parameter?, _ rows: Int, gradients: inout ParameterBuffer,
        _ pool: ThreadPool
    ) {
        let outputs = weight.shape[0], inputs = weight.count / max(outputs, 1)
        withPointers(self, dOutput) { x, dy in
            gradients.withUnsafeMutable { (all: Target) in
                let dw = all + weight.offset
                pool.parallelRanges(outputs, block: 128) { range, _ in
                    let first = range.lowerBound
                    MatrixProduct(m: range.count, n: inputs, k: rows).run(
                        dw + first * inputs, dy + first, x, transposes: (true, false), beta: 1,
                        strides: (inputs, outputs, inputs))
                    if let bias { bias_backward(all + bias.offset + first, dy + first, rows, range.count, outputs) }
                }
            }
        }
    }

    /// self (m, k) · other (k, n), either transposed first: (m, n).
    public func product(
        _ other: Tensor, transposesSelf: Bool = false, transposesOther: Bool = false, pool: ThreadPool
    ) -> Tensor {
        precondition(shape.count == 2 && other.shape.count == 2, "only matrices multiply")
        let (m, k) = transposesSelf ? (shape[1], shape[0]) : (shape[0], shape[1])
        let (inner, n) = transposesOther ? (other.shape[1], other.shape[0]) : (other.shape[0], other.shape[1])
        precondition(inner == k, "\(shape) does not multiply with \(other.shape)")
        return Tensor(shape: [m, n]) { out in
            guard let out = out.baseAddress, m > 0, n > 0 else { return }
            withPointers(self, other) { a, b in
                pool.parallelRanges(m, block: 128) { range, _ in
                    MatrixProduct(m: range.count, n: n, k: k).run(
                        out + range.lowerBound * n, a + range.lowerBound * (transposesSelf ? 1 : k), b,
                        transposes: (transposesSelf, transposesOther), beta: 0,
                        strides: (n, shape[1], other.shape[1]))
                }
            }
        }
    }
}

/// c = alpha · op(a) · op(b) + beta · c on one thread; a (m, k), b (k, n), c (m, n) after `op`, row-major.
struct MatrixProduct {
    let m: Int
    let n: Int
    let k: Int
    var alpha: Float = 1

    /// - Parameter strides: floats between rows of c, a, b as they are stored.
    func run(
        _ c: Target, _ a: Source, _ b: Source, transposes: (a: Bool, b: Bool), beta: Float,
        strides: (c: Int, a: Int, b: Int)
    ) {
        guard m > 0, n > 0 else { return }
        let status = onednn_sgemm(
            c, a, b, Self.flag(transposes.a), Self.flag(transposes.b), Int64(m), Int64(n), Int64(k), alpha, beta,
            Int64(strides.a), Int64(strides.b), Int64(strides.c))
        precondition(status == 0, "oneDNN refused a product of \(m)×\(n)×\(k): \(status)")
    }

    /// `T` or `N`, as BLAS spells it.
    private static func flag(_ transposed: Bool) -> CChar { transposed ? 84 : 78 }
}
