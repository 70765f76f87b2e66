public import JSON

/// The answer to one analysis: named fields in the order in which they are written, some of them arrays of numbers.
public struct AnalysisResult: Sendable {
    /// A name with its value.
    public typealias Field = (name: String, value: JSONValue)

    /// SHA-256 over everything that decides the numbers.
    public let id: String
    public let kind: AnalysisKind
    /// Echo, numbers and reasons, under JSON's names.
    public internal(set) var fields: [Field]
    /// The field that an NPY file holds.
    public let mainField: String
    /// How it is drawn.
    let figures: [ResultFigure]
    package var scene: Scene
    public internal(set) var timing: Timing

    /// The field called `name`.
    public subscript(name: String) -> JSONValue? { fields.first { $0.name == name }?.value }

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

/// Where the time of an answer went.
public struct Timing: Sendable, Equatable {
    /// One stage.
    public struct Entry: Sendable, Equatable, Codable {
        public let name: String
        public let seconds: Double?
        public let description: String?

        package init(name: String, seconds: Double?, description: String?) {
            self.name = name
            self.seconds = seconds
            self.description = description
        }
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
