/// What the server says about itself.
public struct ServerInfo: Sendable {
    public var name = "ViTScope"
    public var version: String
    /// The source revision it was built from.
    public var revision: String

    public init(version: String, revision: String) {
        self.version = version
        self.revision = revision
    }
}
