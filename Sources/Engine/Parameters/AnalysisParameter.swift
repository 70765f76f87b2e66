/// A parameter as it came: a query item of a URL, an option of a command.
public struct AnalysisParameter: Sendable, Equatable, Codable {
    public let name: String
    public let value: String

    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}
