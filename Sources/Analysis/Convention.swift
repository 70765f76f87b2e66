/// Whose numbers an analysis gives where the published code has quirks.
public enum Convention: String, Sendable, Hashable, CaseIterable {
    /// Those of the published notebooks, number for number.
    case reference
    /// What the definitions say.
    case corrected
}
