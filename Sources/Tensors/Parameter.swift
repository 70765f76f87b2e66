/// A named array's place in a `ParameterBuffer`: which floats, in what shape, and how training treats them.
public struct Parameter: Sendable, Hashable {
    /// The checkpoint name, such as `blocks.0.norm2.weight`.
    public let name: String
    /// Extents, outermost first.
    public let shape: [Int]
    /// Where it begins, in floats.
    public let offset: Int
    /// How many floats it has.
    public let count: Int
}

/// The names, shapes and places of all parameters of a network, decided once, while its layers are made.
public struct ParameterLayout: Sendable {
    /// In order of their places.
    public private(set) var parameters: [Parameter] = []
    /// Floats in all, gaps included.
    public private(set) var count = 0

    public init() {}

    /// The next place, for an array of `shape` called `name`. Places begin on 64-byte boundaries.
    public mutating func add(_ name: String, _ shape: [Int]) -> Parameter {
        let parameter = Parameter(name: name, shape: shape, offset: count, count: Tensor.count(of: shape))
        parameters.append(parameter)
        count += (parameter.count + 15) / 16 * 16
        return parameter
    }
}
