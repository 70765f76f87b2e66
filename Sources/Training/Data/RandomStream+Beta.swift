import Glibc
import Tensors

extension RandomStream {
    /// The next number of the distribution Beta(α, α), 0 to 1; α above 0.
    mutating func beta(_ alpha: Double) -> Double {
        precondition(alpha > 0, "α lies above 0")
        let first = gamma(alpha), second = gamma(alpha)
        // Both are too small for a double where α is tiny, and the distribution sits at its two ends.
        return first + second > 0 ? first / (first + second) : (chance(0.5) ? 1 : 0)
    }

    /// The next number of a gamma distribution of this shape (Marsaglia and Tsang 2000).
    private mutating func gamma(_ shape: Double) -> Double {
        if shape < 1 { return gamma(shape + 1) * pow(1 - uniform(), 1 / shape) }
        let d = shape - 1 / 3, c = 1 / (9 * d).squareRoot()
        while true {
            let x = normal(), v = pow(1 + c * x, 3)
            if v > 0, log(1 - uniform()) < 0.5 * x * x + d - d * v + d * log(v) { return d * v }
        }
    }
}
