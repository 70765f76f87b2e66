import Platform

/// Pillow's Gaussian blur: three box blurs along the rows, then three along the columns.
extension Image {
    /// The image blurred with standard deviation `sigma`, pixels; bit for bit as Pillow's `GaussianBlur`.
    ///
    /// - Parameter sigma: 0 to 1,000; 0 changes nothing.
    public func gaussianBlurred(sigma: Double) -> Image {
        precondition((0...1000).contains(sigma), "a blur of 0 to 1000 pixels, not \(sigma)")
        let box = BoxBlur(sigma: Float(sigma))
        guard sigma > 0, !box.isIdentity else { return self }
        let line = width * 3
        return rewritten { source, target, _ in
            withUnsafeTemporaryAllocation(of: UInt32.self, capacity: line) { sums in
                box.blurRows(from: source, to: target, rows: height, width: width, sums: sums)
                box.blurColumns(target, rows: height, line: line, sums: sums)
            }
        }
    }
}

/// An extended box: `reach` whole pixels on either side of the middle and a part of the next, in 24-bit fixed point.
struct BoxBlur: Equatable {
    /// Boxes that make a Gaussian.
    static let passes = 3

    let reach: Int
    /// The weight of each whole pixel.
    let weight: UInt32
    /// The weight of the two outermost.
    let edgeWeight: UInt32

    init(sigma: Float) {
        // Gwosdek et al., Theoretical Foundations of Gaussian Convolution by Extended Box Filtering, 2011. Single and
        // double precision alternate as in Pillow: the weights must agree bit for bit.
        let variance = sigma * sigma / Float(Self.passes)
        let length = Float((12 * Double(variance) + 1).squareRoot())
        let whole = Float(((Double(length) - 1) / 2).rounded(.down))
        var part = (2 * whole + 1) * (whole * (whole + 1) - 3 * variance)
        part /= 6 * (variance - (whole + 1) * (whole + 1))
        self.init(radius: whole + part)
    }

    init(radius: Float) {
        guard let whole = Int(exactly: radius.rounded(.towardZero)), whole >= 0,
            let share = UInt32(exactly: (Float(1 << 24) / (radius * 2 + 1)).rounded(.towardZero))
        else { preconditionFailure("a blur reaches some pixels, not \(radius)") }
        (reach, weight) = (whole, share)
        edgeWeight = ((1 << 24) - UInt32(reach * 2 + 1) * weight) / 2
    }

    /// Whether it is a single pixel.
    var isIdentity: Bool { reach == 0 && edgeWeight == 0 }

    /// All passes along the rows, from one image to another.
    fileprivate func blurRows(
        from source: UnsafePointer<UInt8>, to target: UnsafeMutablePointer<UInt8>, rows: Int, width: Int,
        sums: UnsafeMutableBufferPointer<UInt32>
    ) {
        let line = width * 3, margin = (reach + 1) * 3
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: line + 2 * margin) { padded in
            guard let middle = padded.baseAddress.map({ $0 + margin }) else { return }
            for row in 0..<rows {
                let to = target + row * line
                to.update(from: source + row * line, count: line)
                for _ in 0..<Self.passes {
                    middle.update(from: to, count: line)
                    // Beyond the ends, the first and the last pixel go on.
                    for index in 1...margin {
                        middle[-index] = middle[(3 - index % 3) % 3]
                        middle[line + index - 1] = middle[line - 3 + (index - 1) % 3]
                    }
                    sum(middle, step: 3, count: line, into: sums)
                    for index in 0..<line {
                        to[index] = level(sums[index], middle[index - margin], middle[index + margin])
                    }
                }
            }
        }
    }

    /// All passes along the columns, in place.
    fileprivate func blurColumns(
        _ target: UnsafeMutablePointer<UInt8>, rows: Int, line: Int, sums: UnsafeMutableBufferPointer<UInt32>
    ) {
        let margin = reach + 1
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: (rows + 2 * margin) * line) { padded in
            guard let middle = padded.baseAddress.map({ $0 + margin * line }) else { return }
            for _ in 0..<Self.passes {
                middle.update(from: target, count: rows * line)
                for index in 1...margin {
                    (middle - index * line).update(from: target, count: line)
                    (middle + (rows + index - 1) * line).update(from: target + (rows - 1) * line, count: line)
                }
                for row in 0..<rows {
                    let here = middle + row * line
                    sum(here, step: line, count: line, into: sums)
                    let above = here - margin * line, below = here + margin * line, to = target + row * line
                    for index in 0..<line { to[index] = level(sums[index], above[index], below[index]) }
                }
            }
        }
    }

    /// Sums of the whole pixels of the box around each of `count` bytes, `step` bytes apart.
    @inline(__always)
    private func sum(
        _ middle: UnsafePointer<UInt8>, step: Int, count: Int, into sums: UnsafeMutableBufferPointer<UInt32>
    ) {
        if reach == 0 {
            for index in 0..<count { sums[index] = UInt32(middle[index]) }
        } else if reach == 1 {
            let before = middle - step, after = middle + step
            for index in 0..<count {
                sums[index] = UInt32(before[index]) &+ UInt32(middle[index]) &+ UInt32(after[index])
            }
        } else {
            sums.update(repeating: 0)
            for offset in -reach...reach {
                let shifted = middle + offset * step
                for index in 0..<count { sums[index] &+= UInt32(shifted[index]) }
            }
        }
    }

    @inline(__always)
    private func level(_ sum: UInt32, _ before: UInt8, _ after: UInt8) -> UInt8 {
        let edges = UInt32(before) &+ UInt32(after)
        return UInt8(truncatingIfNeeded: (weight &* sum &+ edgeWeight &* edges &+ (1 << 23)) >> 24)
    }
}
