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
