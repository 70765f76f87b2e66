import Glibc

/// A place or a direction in the plane; y points down, as rows do.
struct Point {
    var x, y: Double

    init(_ x: Double, _ y: Double) {
        self.x = x
        self.y = y
    }

    var length: Double { (x * x + y * y).squareRoot() }

    static func + (a: Point, b: Point) -> Point { Point(a.x + b.x, a.y + b.y) }
    static func - (a: Point, b: Point) -> Point { Point(a.x - b.x, a.y - b.y) }
    static func * (a: Point, factor: Double) -> Point { Point(a.x * factor, a.y * factor) }

    func dot(_ other: Point) -> Double { x * other.x + y * other.y }
}

/// A turn about the origin.
struct Rotation {
    private let cosine, sine: Double

    init(degrees: Double) {
        cosine = cos(degrees * .pi / 180)
        sine = sin(degrees * .pi / 180)
    }

    func callAsFunction(_ point: Point) -> Point {
        Point(cosine * point.x - sine * point.y, sine * point.x + cosine * point.y)
    }
}

/// A number held between 0 and 1.
func clamped(_ value: Double) -> Double { min(max(value, 0), 1) }
