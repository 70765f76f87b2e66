extension String {
    /// At most 64 characters of it, without control characters, for a sentence.
    package var shortened: String { shortened(to: 64) }

    package func shortened(to limit: Int) -> String {
        let clean = String(
            unicodeScalars.prefix(limit + 1).map { $0.value < 32 || $0.value == 127 ? "?" : Character($0) })
        return clean.count > limit ? clean.prefix(limit) + "…" : clean
    }
}
