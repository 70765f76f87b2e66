import Glibc
import Platform
public import Tensors

/// The fixed position tables of MoCo v3 and MAE, to recognise and verify: a stored table is never replaced.
///
/// Of width D, ω_k = 10000^(−k/P) with P = D/4. MoCo v3 has [sin yω, cos yω, sin xω, cos xω] for row y and column x,
/// MAE the two halves swapped; the class token's row is zero.
public enum SinCosTable: CaseIterable, Sendable {
    case mocoV3, mae

    var title: String { self == .mocoV3 ? "MoCo v3" : "MAE" }

    /// The value for the patch at (`row`, `col`).
    private func value(row: Int, col: Int, channel: Int, quarter: Int) -> Double {
        let group = channel / quarter, k = channel % quarter
        let rowFirst = self == .mocoV3
        let place = Double((group < 2) == rowFirst ? row : col)
        let angle = place * pow(10_000, -Double(k) / Double(quarter))
        return group % 2 == 0 ? sin(angle) : cos(angle)
    }

    /// The table for `grid`, (patches, width). The width must be a multiple of 4.
    public func table(_ grid: GridSize, width: Int) -> Tensor {
        precondition(width > 0 && width % 4 == 0, "sin-cos positions need a width that 4 divides, not \(width)")
        return Tensor(
            shape: [grid.count, width],
            (0..<grid.count * width).map { index in
                let patch = index / width
                return Float(
                    value(row: patch / grid.cols, col: patch % grid.cols, channel: index % width, quarter: width / 4))
            })
    }

    /// The largest difference between `table` (1, special + patches, embedDim) and this table on a square grid, nil
    /// where it is beyond `tolerance`.
    func difference(from table: StateDict.Entry, tolerance: Double) -> Double? {
        guard table.shape.count == 3, table.shape[0] == 1, table.shape[1] > 4, table.shape[2] % 4 == 0,
            table.shape[2] > 0
        else { return nil }
        let width = table.shape[2], quarter = width / 4
        let side = Int(inRange: Double(table.shape[1]).squareRoot())
        let special = table.shape[1] - side * side
        guard special <= 1 else { return nil }
        let numbers = table.tensor().array
        guard numbers[..<(special * width)].allSatisfy({ $0 == 0 }) else { return nil }
        var largest = 0.0
        // The last patch differs most between the two tables, so a wrong one is left at once.
        for patch in (0..<side * side).reversed() {
            for channel in 0..<width {
                let expected = value(row: patch / side, col: patch % side, channel: channel, quarter: quarter)
                // A comparison that also stops at NaN.
                let difference = abs(expected - Double(numbers[(special + patch) * width + channel]))
                guard difference <= tolerance else { return nil }
                largest = max(largest, difference)
            }
        }
        return largest
    }

    /// Which of the two `table` is, with the largest difference.
    package static func recognise(_ table: StateDict.Entry) -> (table: SinCosTable, difference: Double)? {
        let tolerance =
            switch table.dtype {
            case .f16: 1e-3
            case .bf16: 8e-3
            default: 1e-4
            }
        for candidate in allCases {
            if let difference = candidate.difference(from: table, tolerance: tolerance) {
                return (candidate, difference)
            }
        }
        return nil
    }
}
