/// Something that another thread may use while its owner waits for that thread, and not a moment longer.
///
/// Unchecked because the owner's waiting is what keeps the two apart.
public struct Lent<Value>: @unchecked Sendable {
    public let value: Value

    public init(_ value: Value) { self.value = value }
}
