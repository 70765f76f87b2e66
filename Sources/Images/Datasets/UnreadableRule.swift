/// What becomes of images that cannot be read, as `on_error` says it. Raw values are JSON's words.
public enum UnreadableRule: String, Sendable, CaseIterable {
    /// Nothing is done before they are put right; each is named.
    case refuse
    /// Others take their places; how many there are, and the first names, are told.
    case skip
}
