/// Points of the plane in squares within squares, so that far ones count as one.
struct QuadTree: Sendable {
    /// A square with points in it. Squares lie in depth-first order.
    private struct Cell {
        let count: Double
        /// The mean of its points.
        let x, y: Double
        /// The square of its longer side.
        let squaredSide: Double
        let isLeaf: Bool
        /// The next cell that is not inside this one.
        var next: Int
    }

    private var cells: [Cell] = []

    /// Points that are still together so deep lie in the same place.
    private static let depthLimit = 48

    /// - Parameter positions: x and y of every point.
    init(_ positions: [Double]) {
        let count = positions.count / 2
        guard count > 0 else { return }
        cells.reserveCapacity(2 * count)
        var order = Array(0..<count)
        insert(&order, 0..<count, positions, depth: 0)
    }

    private mutating func insert(_ order: inout [Int], _ range: Range<Int>, _ positions: [Double], depth: Int) {
        var sumX = 0.0, sumY = 0.0
        var (minX, maxX, minY, maxY) = (Double.infinity, -Double.infinity, Double.infinity, -Double.infinity)
        for place in range {
            let (x, y) = (positions[2 * order[place]], positions[2 * order[place] + 1])
            sumX += x
            sumY += y
            (minX, maxX, minY, maxY) = (min(minX, x), max(maxX, x), min(minY, y), max(maxY, y))
        }
        let count = Double(range.count), side = max(maxX - minX, maxY - minY)
        let isLeaf = range.count == 1 || side == 0 || depth >= Self.depthLimit
        let own = cells.count
        cells.append(
            Cell(
                count: count, x: isLeaf && side == 0 ? minX : sumX / count,
                y: isLeaf && side == 0 ? minY : sumY / count, squaredSide: side * side, isLeaf: isLeaf, next: own + 1))
        guard !isLeaf else { return }
        let (middleX, middleY) = (minX + (maxX - minX) / 2, minY + (maxY - minY) / 2)
        let split = order[range].partition { positions[2 * $0] > middleX }
        for half in [range.lowerBound..<split, split..<range.upperBound] where !half.isEmpty {
            let quarter = order[half].partition { positions[2 * $0 + 1] > middleY }
            for part in [half.lowerBound..<quarter, quarter..<half.upperBound] where !part.isEmpty {
                insert(&order, part, positions, depth: depth + 1)
            }
        }
        cells[own].next = cells.count
    }

    /// Σ q² · step and Σ q over all other points, where q = 1 / (1 + distance²).
    func repulsion(on point: Int, of positions: [Double], theta: Double) -> (x: Double, y: Double, sum: Double) {
        let (x, y) = (positions[2 * point], positions[2 * point + 1]), squaredTheta = theta * theta
        var force = (x: 0.0, y: 0.0, sum: 0.0), index = 0
        while index < cells.count {
            let cell = cells[index]
            let (stepX, stepY) = (x - cell.x, y - cell.y), distance = stepX * stepX + stepY * stepY
            guard cell.isLeaf || cell.squaredSide < squaredTheta * distance else {
                index += 1
                continue
            }
            // A point does not repel itself.
            let count = cell.isLeaf && distance == 0 ? cell.count - 1 : cell.count, kernel = 1 / (1 + distance)
            force.sum += count * kernel
            force.x += count * kernel * kernel * stepX
            force.y += count * kernel * kernel * stepY
            index = cell.next
        }
        return force
    }
}
