/// What must be done to the stored pixels so that the image stands upright. Raw values are those of EXIF.
public enum Orientation: Int, Sendable, CaseIterable {
    case up = 1
    case mirrored = 2
    case turnedAround = 3
    case upsideDownMirrored = 4
    /// Stored rows are columns from left to right: the main diagonal is the mirror.
    case transposed = 5
    /// To be turned by 90° clockwise.
    case turnedLeft = 6
    /// The other diagonal is the mirror.
    case transversed = 7
    /// To be turned by 90° anticlockwise.
    case turnedRight = 8

    /// Whether height and width change places.
    public var swapsSides: Bool { rawValue >= 5 }
}

extension Image {
    /// The pixels put upright.
    public func oriented(_ orientation: Orientation) -> Image {
        guard orientation != .up else { return self }
        // The pixel at (row, column) of the result was stored at first + row · rowStep + column · columnStep.
        let last = height * width - 1
        let (first, rowStep, columnStep) =
            switch orientation {
            case .up: (0, width, 1)
            case .mirrored: (width - 1, width, -1)
            case .turnedAround: (last, -width, -1)
            case .upsideDownMirrored: (last - (width - 1), -width, 1)
            case .transposed: (0, 1, width)
            case .turnedLeft: (last - (width - 1), 1, -width)
            case .transversed: (last, -1, -width)
            case .turnedRight: (width - 1, -1, width)
            }
        let (rows, columns) = orientation.swapsSides ? (width, height) : (height, width)
        return gathered(rows: rows, columns: columns, first: first, rowStep: rowStep, columnStep: columnStep)
    }
}
