/// A reader broke one of its promises: what it took does not come back the same, or is larger than it may be.
public struct FuzzFault: Error, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }

    static func require(_ condition: Bool, _ words: @autoclosure () -> String) throws(FuzzFault) {
        guard condition else { throw FuzzFault(words()) }
    }
}
