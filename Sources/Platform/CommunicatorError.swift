/// Why processes cannot work together, in a sentence.
public struct CommunicatorError: Error, Equatable, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}
