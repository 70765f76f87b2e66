/// A picture in 8-bit RGB.
public struct Raster: Sendable, Equatable {
    public let width: Int
    public let height: Int
    /// (height, width, 3), row-major.
    public private(set) var rgb: [UInt8]

    /// - Parameter rgb: (height, width, 3); exactly that many.
    public init(width: Int, height: Int, rgb: [UInt8]) {
        precondition(
            width > 0 && height > 0 && rgb.count == width * height * 3, "\(rgb.count) bytes for \(width)×\(height)")
        self.width = width
        self.height = height
        self.rgb = rgb
    }

    /// The cells of `matrix` coloured, each `cell` pixels square.
    public init(_ matrix: Matrix, colorMap: ColorMap, range: ClosedRange<Double>, cell: Int) {
        self.init(matrix, colorMap: colorMap, range: range, width: matrix.cols * cell, height: matrix.rows * cell)
    }

    /// The cells of `matrix` coloured and spread over `width` × `height` pixels, each pixel the cell it lies in. Cells
    /// without a finite number are grey with stripes, so that nobody takes them for a colour of the map.
    public init(_ matrix: Matrix, colorMap: ColorMap, range: ClosedRange<Double>, width: Int, height: Int) {
        // Halves, because the span of two finite numbers may not be finite.
        let low = range.lowerBound / 2, span = range.upperBound / 2 - low
        let colors = matrix.values.map { value in
            value.isFinite ? colorMap.color(span > 0 ? (value / 2 - low) / span : 0) : nil
        }
        var rgb: [UInt8] = []
        rgb.reserveCapacity(width * height * 3)
        for y in 0..<height {
            let row = y * matrix.rows / height
            for x in 0..<width {
                let color =
                    colors[row * matrix.cols + x * matrix.cols / width]
                    ?? ((x + y) % 8 < 2 ? .missingStripe : .missing)
                rgb.append(color.red)
                rgb.append(color.green)
                rgb.append(color.blue)
            }
        }
        self.init(width: width, height: height, rgb: rgb)
    }

    /// Cells of the colours (rows, cols, 3) in 0…1, row-major, spread over `width` × `height` pixels as those of a
    /// matrix are.
    public init(colours: [Double], rows: Int, cols: Int, width: Int, height: Int) {
        precondition(rows > 0 && cols > 0 && colours.count == rows * cols * 3, "\(colours.count) numbers of colours")
        // What is no number is grey with stripes.
        let levels = colours.map { UInt8(exactly: (min(max($0, 0), 1) * 255).rounded()) }
        var rgb: [UInt8] = []
        rgb.reserveCapacity(width * height * 3)
        for y in 0..<height {
            for x in 0..<width {
                let start = (y * rows / height * cols + x * cols / width) * 3
                let missing: Color = (x + y) % 8 < 2 ? .missingStripe : .missing
                if let red = levels[start], let green = levels[start + 1], let blue = levels[start + 2] {
                    rgb += [red, green, blue]
                } else {
                    rgb += [missing.red, missing.green, missing.blue]
                }
            }
        }
        self.init(width: width, height: height, rgb: rgb)
    }

    /// This picture over `below`, which has the same size.
    ///
    /// - Parameter opacity: 1 hides what is below.
    public func blended(over below: Raster, opacity: Double) -> Raster {
        precondition(width == below.width && height == below.height, "pictures of different size do not blend")
        let share = Int(exactly: (min(max(opacity, 0), 1) * 256).rounded()) ?? 256
        var result = self
        for index in rgb.indices {
            result.rgb[index] = UInt8((Int(rgb[index]) * share + Int(below.rgb[index]) * (256 - share) + 128) >> 8)
        }
        return result
    }

    /// This picture with each pixel as a square of `factor` × `factor`.
    public func enlarged(_ factor: Int) -> Raster {
        guard factor > 1 else { return self }
        var enlarged: [UInt8] = []
        enlarged.reserveCapacity(rgb.count * factor * factor)
        for y in 0..<height * factor {
            for x in 0..<width * factor {
                let start = (y / factor * width + x / factor) * 3
                enlarged.append(contentsOf: rgb[start..<start + 3])
            }
        }
        return Raster(width: width * factor, height: height * factor, rgb: enlarged)
    }

    /// A frame of `thickness` pixels drawn just inside the rectangle.
    public mutating func frame(x: Int, y: Int, width: Int, height: Int, thickness: Int, color: Color) {
        for row in max(y, 0)..<max(min(y + height, self.height), max(y, 0)) {
            for column in max(x, 0)..<max(min(x + width, self.width), max(x, 0)) {
                let inner =
                    row >= y + thickness && row < y + height - thickness && column >= x + thickness
                    && column < x + width - thickness
                if inner { continue }
                let start = (row * self.width + column) * 3
                rgb[start] = color.red
                rgb[start + 1] = color.green
                rgb[start + 2] = color.blue
            }
        }
    }
}

/// Numbers in rows and columns.
public struct Matrix: Sendable, Equatable {
    public let rows: Int
    public let cols: Int
    /// (rows, cols), row-major.
    public let values: [Double]

    public init(rows: Int, cols: Int, values: [Double]) {
        precondition(rows > 0 && cols > 0 && values.count == rows * cols, "\(values.count) numbers for \(rows)×\(cols)")
        self.rows = rows
        self.cols = cols
        self.values = values
    }

    /// The least and the greatest finite number; 0…1 where there is none.
    public var range: ClosedRange<Double> {
        let finite = values.filter(\.isFinite)
        guard let low = finite.min(), let high = finite.max() else { return 0...1 }
        return low...high
    }
}
