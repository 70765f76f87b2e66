import Glibc

/// Where a pixel of a transformed image comes from: column a·x + b·y + c, row d·x + e·y + f.
public struct Affine: Sendable, Hashable {
    public let a, b, c, d, e, f: Double

    public init(_ a: Double, _ b: Double, _ c: Double, _ d: Double, _ e: Double, _ f: Double) {
        precondition([a, b, c, d, e, f].allSatisfy { abs($0) <= 1e6 }, "six numbers of reasonable size")
        self.a = a
        self.b = b
        self.c = c
        self.d = d
        self.e = e
        self.f = f
    }

    /// A turn about the middle of an image of this size, counter-clockwise, as Pillow's `rotate`.
    init(turning degrees: Double, height: Int, width: Int) {
        // Python's remainder has the sign of the divisor.
        var turn = degrees.truncatingRemainder(dividingBy: 360)
        if turn < 0 { turn += 360 }
        let angle = -(turn * (.pi / 180))
        let (cosine, sine) = (Self.rounded(cos(angle)), Self.rounded(sin(angle)))
        let minusSine = Self.rounded(-sin(angle))
        let x = Double(width) / 2, y = Double(height) / 2
        self.init(
            cosine, sine, cosine * -x + sine * -y + x, minusSine, cosine, minusSine * -x + cosine * -y + y)
    }

    /// Rounds to 15 decimal places.
    private static func rounded(_ number: Double) -> Double { (number * 1e15).rounded(.toNearestOrEven) / 1e15 }
}

extension Image {
    /// The image turned about its middle, counter-clockwise; what comes from outside has the colour `fill`. Bit for
    /// bit as Pillow's `rotate` with bicubic interpolation.
    ///
    /// - Parameter degrees: less than 90 either way.
    public func rotated(degrees: Double, fill: [UInt8]) -> Image {
        precondition(abs(degrees) < 90, "a turn of less than 90 degrees, not \(degrees)")
        return degrees == 0 ? self : transformed(Affine(turning: degrees, height: height, width: width), fill: fill)
    }
}
