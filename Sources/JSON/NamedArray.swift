public import Tensors

/// An array of numbers with names for its extents.
public struct NamedArray: Sendable, Equatable {
    /// The numbers, row-major: maps as 32-bit floats, statistics as doubles.
    public enum Numbers: Sendable, Equatable {
        case float32(Tensor)
        case float64([Double])
    }

    public let shape: [Int]
    /// A name for each extent.
    public let axes: [String]
    public let numbers: Numbers

    /// - Parameters:
    ///   - axes: one for each extent of `shape`.
    ///   - numbers: as many as `shape` holds.
    public init(shape: [Int], axes: [String], numbers: Numbers) {
        precondition(shape.count == axes.count, "\(axes) name no extents of \(shape)")
        self.shape = shape
        self.axes = axes
        self.numbers = numbers
    }

    /// The numbers as doubles.
    public var doubles: [Double] {
        switch numbers {
        case .float32(let tensor): tensor.array.map(Double.init)
        case .float64(let numbers): numbers
        }
    }

    /// NumPy's name of the number format: `<f4` or `<f8`.
    public var dtype: String {
        switch numbers {
        case .float32: "<f4"
        case .float64: "<f8"
        }
    }
}
