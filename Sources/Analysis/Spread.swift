import Tensors

/// When samples count as all the same: 32-bit rounding makes equal ones differ a little.
enum Spread {
    /// Squared spread over squared length, up to which there is nothing but rounding: a millionth of the length. What
    /// 32-bit numbers lose in a network's sums is several times smaller.
    static let noise = 1e-12

    /// Whether samples whose deviations from their mean have the squared length `spread`, and they themselves `length`,
    /// are the same but for rounding. NaN is no rounding.
    static func isRounding(_ spread: Double, of length: Double) -> Bool { spread <= noise * length }
}

extension DoubleMatrix {
    /// Whether the rows are the same but for rounding (`Spread`).
    package var hasEqualRows: Bool { Spread.isRounding(columnCentered().squaredNorm, of: squaredNorm) }
}
