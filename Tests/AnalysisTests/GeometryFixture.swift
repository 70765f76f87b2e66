import Foundation
import Tensors

/// What NumPy and scikit-learn make of the same formulas: Fixtures/analysis/geometry.py.
struct GeometryFixture {
    let numbers: [String: Any]

    init() throws {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fixtures/analysis/geometry.json")
        numbers = try JSONSerialization.jsonObject(with: Data(contentsOf: path)) as? [String: Any] ?? [:]
    }

    func number(_ name: String) -> Double { numbers[name] as? Double ?? .nan }
    func list(_ name: String) -> [Double] { numbers[name] as? [Double] ?? [] }
    func table(_ name: String) -> [[Double]] { numbers[name] as? [[Double]] ?? [] }

    static func matrix(_ rows: Int, _ columns: Int, _ value: (Double, Double) -> Double) -> DoubleMatrix {
        var numbers: [Double] = []
        for row in 0..<rows { for column in 0..<columns { numbers.append(value(Double(row), Double(column))) } }
        return DoubleMatrix(rows: rows, cols: columns, numbers)
    }

    static let first = matrix(40, 6) { row, column in sin(1.1 * row + 0.7 * column + 0.013 * row * column) }

    static let second = matrix(40, 8) { row, column in
        let wave = cos(0.45 * row + 1.3 * column), shared = 0.4 * sin(1.1 * row)
        return wave + shared + 0.1 * cos(0.31 * row * column)
    }

    static let clusters = matrix(300, 10) { row, column in
        let cluster = row.truncatingRemainder(dividingBy: 6)
        let center = 3 * sin(2.1 * cluster * (column + 1))
        let phase = 12.9898 * row + 78.233 * column + 0.37 * row * column
        return center + sin(phase)
    }
}
