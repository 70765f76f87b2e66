/// Who may use the server.
public enum AccessPolicy: Sendable {
    /// Whoever reaches it: only for an address that nobody else reaches.
    case open
    /// Whoever knows the token.
    case token(AccessToken)
}
