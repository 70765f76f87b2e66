/// One number for each place of a layout: the weights of a network, their gradients, a moment of the optimizer, or the
/// weights of the momentum encoder.
///
/// All four are this one type, so that zeroing, averaging, the gradient norm and saving are one loop each.
public struct ParameterBuffer: Sendable {
    /// The places.
    public let layout: ParameterLayout
    /// (layout.count): gaps between parameters are zero.
    private var floats: Tensor

    /// Zeros.
    public init(_ layout: ParameterLayout) {
        self.layout = layout
        floats = .zeros([layout.count])
    }

    /// The first numbers of `other`, at the same places.
    public init(_ layout: ParameterLayout, copying other: ParameterBuffer) {
        precondition(layout.count <= other.layout.count, "the other buffer has fewer places")
        self.layout = layout
        floats = other.floats.rows(0..<layout.count)
    }

    /// The numbers of `parameter`, copied, in its shape.
    public func tensor(_ parameter: Parameter) -> Tensor {
        check(parameter)
        return floats.rows(parameter.offset..<parameter.offset + parameter.count).reshaped(parameter.shape)
    }

    /// Replaces the numbers of `parameter` by as many of `tensor`.
    public mutating func set(_ parameter: Parameter, to tensor: Tensor) {
        check(parameter)
        precondition(tensor.count == parameter.count, "\(tensor.shape) does not fill \(parameter.name)")
        floats.withUnsafeMutableBufferPointer { target in
            tensor.withUnsafeBufferPointer { source in
                guard let target = target.baseAddress, let source = source.baseAddress else { return }
                (target + parameter.offset).update(from: source, count: parameter.count)
            }
        }
    }

    /// Makes every number zero.
    public mutating func zero() { floats.withUnsafeMutableBufferPointer { $0.update(repeating: 0) } }

    /// Whether every number is finite.
    public var isFinite: Bool { floats.isFinite }

    /// Memory held, bytes.
    public var byteCount: Int { floats.byteCount }

    private func check(_ parameter: Parameter) {
        precondition(
            parameter.offset >= 0 && parameter.offset + parameter.count <= layout.count,
            "\(parameter.name) is no parameter of this buffer")
    }

    /// Calls `body` with the numbers of `parameter`.
    func withUnsafe<R>(_ parameter: Parameter, _ body: (UnsafePointer<Float>) -> R) -> R {
        check(parameter)
        return floats.withUnsafeBufferPointer { body($0.baseAddress! + parameter.offset) }
    }

    /// Calls `body` with the numbers of `parameter` to change.
    mutating func withUnsafeMutable<R>(_ parameter: Parameter, _ body: (UnsafeMutablePointer<Float>) -> R) -> R {
        check(parameter)
        return floats.withUnsafeMutableBufferPointer { body($0.baseAddress! + parameter.offset) }
    }

    /// Calls `body` with all numbers.
    func withUnsafe<R>(_ body: (UnsafePointer<Float>) -> R) -> R {
        floats.withUnsafeBufferPointer { body($0.baseAddress!) }
    }

    /// Calls `body` with all numbers to change.
    mutating func withUnsafeMutable<R>(_ body: (UnsafeMutablePointer<Float>) -> R) -> R {
        floats.withUnsafeMutableBufferPointer { body($0.baseAddress!) }
    }
}
