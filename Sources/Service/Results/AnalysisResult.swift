import Checkpoints
import Platform
public import Tensors

/// The answer to one analysis: named fields in the order in which they are written, some of them arrays of numbers.
public struct AnalysisResult: Sendable {
    /// A name with its value.
    public typealias Field = (name: String, value: ResultValue)

    /// SHA-256 over everything that decides the numbers.
    public let id: String
    public let kind: AnalysisKind
    /// Echo, numbers and reasons, under JSON's names.
    public internal(set) var fields: [Field]
    /// The field that an NPY file holds.
    public let mainField: String
    /// How it is drawn.
    let figures: [ResultFigure]
    var scene: Scene
    public internal(set) var timing: Timing

    /// The field called `name`.
    public subscript(name: String) -> ResultValue? { fields.first { $0.name == name }?.value }

    /// The array called `name`.
    public func array(_ name: String) -> NamedArray? {
        if case .array(let array)? = self[name] { return array }
        return nil
    }

    /// Every array, in order.
    public var arrays: [(name: String, array: NamedArray)] {
        fields.compactMap { field in
            if case .array(let array) = field.value { return (field.name, array) }
            return nil
        }
    }
}

/// A value of a result.
public indirect enum ResultValue: Sendable, Equatable {
    case null
    case bool(Bool)
    case int(Int)
    /// Written as null where it is not finite.
    case double(Double)
    case string(String)
    case list([ResultValue])
    case object([Member])
    case array(NamedArray)

    /// A member of an object.
    public struct Member: Sendable, Equatable {
        public let name: String
        public let value: ResultValue

        public init(_ name: String, _ value: ResultValue) {
            self.name = name
            self.value = value
        }
    }
}

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

    /// The numbers' own bytes: `dtype`, row-major.
    var littleEndianBytes: Bytes {
        switch numbers {
        case .float32(let tensor): tensor.littleEndianBytes
        case .float64(let numbers): Bytes(Npy.littleEndianBytes(numbers))
        }
    }

    /// The numbers as doubles.
    var doubles: [Double] {
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

/// Where the time of an answer went.
public struct Timing: Sendable, Equatable {
    /// One stage.
    public struct Entry: Sendable, Equatable {
        public let name: String
        public let seconds: Double?
        public let description: String?
    }

    public var entries: [Entry] = []

    public init() {}

    /// The value of a Server-Timing header: `forward;dur=12.3, cache;desc=hit`.
    public var serverTiming: String {
        entries.map { entry in
            var text = entry.name
            if let seconds = entry.seconds { text += ";dur=\((seconds * 1_000_000).rounded() / 1000)" }
            if let description = entry.description { text += ";desc=\(description)" }
            return text
        }.joined(separator: ", ")
    }
}
