/// Text that is cheap to compare.
///
/// Swift compares and hashes texts in a normal form, for which every run of combining marks is put into order; that takes
/// the square of the run's length, and a run of 40,000 takes half a minute. The Unicode Standard calls a text stream-safe
/// whose runs have 30 marks at the most, because no language needs more (UAX #15, section 13). What comes from outside
/// is looked through once, where it is read.
public enum StreamSafeText {
    /// Marks in a row at the most.
    public static let longestRun = 30

    /// Whether `text` has no longer run. Takes time in proportion to its length.
    public static func holds(_ text: some StringProtocol) -> Bool {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return true }
        var run = 0
        for scalar in text.unicodeScalars {
            // What decomposes begins no run unless it is a mark itself.
            run = scalar.value < 0x300 || scalar.properties.canonicalCombiningClass == .notReordered ? 0 : run + 1
            if run > longestRun { return false }
        }
        return true
    }
}
