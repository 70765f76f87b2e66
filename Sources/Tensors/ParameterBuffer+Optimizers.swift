import CKernels
public import Platform

/// How one step moves one parameter.
public struct ParameterUpdate: Sendable {
    public let parameter: Parameter
    public let learningRate: Double
    public let weightDecay: Double

    public init(_ parameter: Parameter, learningRate: Double, weightDecay: Double) {
        self.parameter = parameter
        self.learningRate = learningRate
        self.weightDecay = weightDecay
    }
}

/// What AdamW needs to know besides learning rate and weight decay (Loshchilov and Hutter, arXiv 1711.05101).
public struct AdamWConstants: Sendable, Equatable {
    public var beta1 = 0.9
    public var beta2 = 0.999
    public var eps = 1e-8

    public init(beta1: Double = 0.9, beta2: Double = 0.999, eps: Double = 1e-8) {
        self.beta1 = beta1
        self.beta2 = beta2
        self.eps = eps
    }
}

extension ParameterBuffer {
    /// Moves weights by AdamW, in PyTorch's order of operations: first the decay, then the step.
    ///
    /// - Parameters:
    ///   - step: counted from 1.
    ///   - gradientScale: what every gradient is multiplied by first.
    public mutating func adamW(
        _ updates: [ParameterUpdate], gradients: ParameterBuffer, firstMoment: inout ParameterBuffer,
        secondMoment: inout ParameterBuffer, constants: AdamWConstants, step: Int, gradientScale: Double,
        pool: ThreadPool
    ) {
        precondition(step >= 1, "steps of AdamW are counted from 1")
        let correction1 = 1 - power(constants.beta1, step), correction2 = 1 - power(constants.beta2, step)
        let pieces = Piece.all(updates)
        withUnsafeMutable { weights in
            firstMoment.withUnsafeMutable { first in
                secondMoment.withUnsafeMutable { second in
                    gradients.withUnsafe { gradients in
                        pool.parallelFor(pieces.count) { index, _ in
                            let piece = pieces[index], start = piece.start, update = updates[piece.update]
                            adamw_update(
                                weights + start, first + start, second + start, gradients + start,
                                Float(gradientScale), Float(1 - update.learningRate * update.weightDecay),
                                Float(1 - constants.beta1), Float(constants.beta2), Float(1 - constants.beta2),
                                Float(update.learningRate / correction1), Float(correction2.squareRoot()),
                                Float(constants.eps), piece.count)
                        }
                    }
                }
            }
        }
    }

    /// Moves weights by SGD with momentum, as PyTorch does; `buffer` is zero before the first step.
    public mutating func sgd(
        _ updates: [ParameterUpdate], gradients: ParameterBuffer, buffer: inout ParameterBuffer, momentum: Double,
        nesterov: Bool, gradientScale: Double, pool: ThreadPool
    ) {
        let pieces = Piece.all(updates)
        withUnsafeMutable { weights in
            buffer.withUnsafeMutable { buffer in
                gradients.withUnsafe { gradients in
                    pool.parallelFor(pieces.count) { index, _ in
                        let piece = pieces[index], start = piece.start, update = updates[piece.update]
                        sgd_update(
                            weights + start, buffer + start, gradients + start, Float(gradientScale),
                            Float(update.weightDecay), Float(momentum), nesterov ? 1 : 0, Float(update.learningRate),
                            piece.count)
                    }
                }
            }
        }
    }

    /// Moves weights by LARS (You et al., arXiv 1708.03888) as MoCo v3 and MAE write it.
    ///
    /// Tensors of two dimensions or more decay and take a step of `trustCoefficient` times their own norm; the others
    /// take a plain step with momentum.
    public mutating func lars(
        _ updates: [ParameterUpdate], gradients: ParameterBuffer, buffer: inout ParameterBuffer, momentum: Double,
        trustCoefficient: Double, gradientScale: Double, pool: ThreadPool
    ) {
        let scale = Float(gradientScale)
        withUnsafeMutable { weights in
            buffer.withUnsafeMutable { buffer in
                gradients.withUnsafe { gradients in
                    pool.parallelFor(updates.count) { index, _ in
                        let update = updates[index], start = update.parameter.offset, count = update.parameter.count
                        var ratio = 1.0, decay: Float = 0
                        if update.parameter.shape.count > 1 {
                            decay = Float(update.weightDecay)
                            let norm = squares_sum(weights + start, count).squareRoot()
                            let step = decayed_squares_sum(gradients + start, weights + start, scale, decay, count)
                                .squareRoot()
                            if norm > 0, step > 0 { ratio = trustCoefficient * norm / step }
                        }
                        lars_update(
                            weights + start, buffer + start, gradients + start, scale, decay, Float(ratio),
                            Float(momentum), Float(update.learningRate), count)
                    }
                }
            }
        }
    }

    /// The Euclidean norm of all numbers of `parameters` together, summed in double precision. The sum is made of
    /// pieces of fixed size in order, so that it does not depend on the threads.
    public func norm(of parameters: [Parameter], pool: ThreadPool) -> Double {
        let pieces = Piece.all(parameters.map { ParameterUpdate($0, learningRate: 0, weightDecay: 0) })
        var sums = [Double](repeating: 0, count: pieces.count)
        sums.withUnsafeMutableBufferPointer { sums in
            withUnsafe { numbers in
                pool.parallelFor(pieces.count) { index, _ in
                    sums[index] = squares_sum(numbers + pieces[index].start, pieces[index].count)
                }
            }
        }
        return sums.reduce(0, +).squareRoot()
    }

    /// Moves every number of this buffer towards the number at the same place of `other`: x·momentum + y·(1 − momentum).
    ///
    /// - Parameter other: may have more places after those of this buffer.
    public mutating func moveTowards(_ other: ParameterBuffer, momentum: Double, pool: ThreadPool) {
        precondition(layout.count <= other.layout.count, "the other buffer has fewer places")
        let count = layout.count
        withUnsafeMutable { numbers in
            other.withUnsafe { other in
                pool.parallelRanges(count, block: 1 << 16) { range, _ in
                    average_update(
                        numbers + range.lowerBound, other + range.lowerBound, Float(momentum), Float(1 - momentum),
                        range.count)
                }
            }
        }
    }
}

/// A run of floats of one parameter, small enough that threads share the work evenly.
private struct Piece {
    let start: Int
    let count: Int
    /// Which update it belongs to.
    let update: Int

    static let size = 1 << 16

    static func all(_ updates: [ParameterUpdate]) -> [Piece] {
        var pieces: [Piece] = []
        for (index, update) in updates.enumerated() {
            let end = update.parameter.offset + update.parameter.count
            for start in stride(from: update.parameter.offset, to: end, by: size) {
                pieces.append(Piece(start: start, count: min(size, end - start), update: index))
            }
        }
        return pieces
    }
}

/// `base` to the power of a positive whole number, by repeated squaring: the same on every machine.
private func power(_ base: Double, _ exponent: Int) -> Double {
    var result = 1.0, square = base, rest = exponent
    while rest > 0 {
        if rest & 1 == 1 { result *= square }
        square *= square
        rest >>= 1
    }
    return result
}
