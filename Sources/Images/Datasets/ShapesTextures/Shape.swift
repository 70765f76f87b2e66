import Glibc

extension ShapesTextures {
    /// The ten silhouettes, in the order of their labels.
    public enum Shape: String, Sendable, CaseIterable {
        case disk, square, triangle, star, cross, ring, heart
        case letterL = "L"
        case arrow, crescent

        /// The distance of `p` from the outline, negative inside; the silhouette reaches about 1 from the origin.
        func distance(_ p: Point) -> Double {
            switch self {
            case .disk: p.length - 0.93
            case .square: max(abs(p.x), abs(p.y)) - 0.8
            case .triangle: polygonDistance(p, Self.trianglePoints)
            case .star: polygonDistance(p, Self.starPoints)
            case .cross: polygonDistance(p, Self.crossPoints)
            case .ring: abs(p.length - 0.67) - 0.3
            case .heart: heartDistance(p)
            case .letterL: polygonDistance(p, Self.letterLPoints)
            case .arrow: polygonDistance(p, Self.arrowPoints)
            case .crescent: max((p - Point(0.1, 0)).length - 0.97, 0.76 - (p - Point(0.58, 0)).length)
            }
        }

        private static let trianglePoints = [Point(0, -0.98), Point(1.0, 0.76), Point(-1.0, 0.76)]

        private static let starPoints = (0..<10).map { index in
            let angle = Double(index) * .pi / 5, radius = index % 2 == 0 ? 1.06 : 0.47
            return Point(sin(angle) * radius, -cos(angle) * radius)
        }

        private static let crossPoints: [Point] = {
            let arm = 0.96, half = 0.34
            let quarter = [Point(-half, -arm), Point(half, -arm), Point(half, -half)]
            return (0..<4).flatMap { turn in
                let rotation = Rotation(degrees: Double(turn) * 90)
                return quarter.map { rotation($0) }
            }
        }()

        private static let letterLPoints = [
            Point(-0.66, -0.95), Point(0.02, -0.95), Point(0.02, 0.3), Point(0.76, 0.3), Point(0.76, 0.92),
            Point(-0.66, 0.92),
        ]

        private static let arrowPoints = [
            Point(-0.96, -0.32), Point(0.04, -0.32), Point(0.04, -0.84), Point(1.0, 0), Point(0.04, 0.84),
            Point(0.04, 0.32), Point(-0.96, 0.32),
        ]
    }
}

/// The distance of `p` from the outline of a polygon, negative inside (even-odd).
private func polygonDistance(_ p: Point, _ corners: [Point]) -> Double {
    var squared = Double.infinity, inside = false
    var previous = corners[corners.count - 1]
    for corner in corners {
        let edge = previous - corner, offset = p - corner
        let nearest = offset - edge * clamped(offset.dot(edge) / edge.dot(edge))
        squared = min(squared, nearest.dot(nearest))
        if (corner.y > p.y) != (previous.y > p.y), p.x < edge.x * offset.y / edge.y + corner.x { inside.toggle() }
        previous = corner
    }
    return inside ? -squared.squareRoot() : squared.squareRoot()
}

/// A square on its corner with two half disks on the upper sides.
private func heartDistance(_ point: Point) -> Double {
    let size = 1.7
    let p = Point(abs(point.x) / size, (0.9 - point.y) / size)
    if p.x + p.y > 1 { return ((p - Point(0.25, 0.75)).length - 0.125.squareRoot()) * size }
    let half = 0.5 * max(p.x + p.y, 0)
    let nearest = min((p - Point(0, 1)).length, Point(p.x - half, p.y - half).length)
    return (p.x > p.y ? nearest : -nearest) * size
}
