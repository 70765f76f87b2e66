import Platform

/// Finds what somebody probably meant.
public enum NearestNames {
    /// Up to `count` of `names` most like `wanted`, the likest first; those that share too little are left out.
    ///
    /// - Parameter work: comparisons of two characters at the most; names that come after are not looked at. A tenth of a
    ///   second, and far more than a catalogue needs.
    public static func of(
        _ wanted: String, among names: some Sequence<String>, count: Int = 3, work: Int = 20_000_000
    ) -> [String] {
        let target = wanted.unicodeScalars.prefix(200).lowercased
        var left = work
        let scored = names.compactMap { name -> (name: String, distance: Int, edits: Int)? in
            let candidate = name.unicodeScalars.prefix(200).lowercased
            left -= (target.count + 1) * (candidate.count + 1)
            guard left >= 0, StreamSafeText.holds(name) else { return nil }
            let edits = editDistance(target, candidate)
            // A name inside the other is a likely slip however much is missing around it.
            if contains(candidate, target) || contains(target, candidate) { return (name, min(edits, 1), edits) }
            return edits <= max(2, target.count / 3) && edits < target.count ? (name, edits, edits) : nil
        }
        // Beside a name that is hardly different, a name that is somewhat like it is no help.
        let best = scored.map(\.distance).min() ?? 0
        return scored.filter { $0.distance <= best + best / 2 }
            .sorted { ($0.distance, $0.edits, $0.name) < ($1.distance, $1.edits, $1.name) }.prefix(count).map(\.name)
    }

    /// Insertions, deletions and replacements that turn `a` into `b` (Levenshtein).
    static func editDistance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
        var row = Array(0...b.count)
        for (i, scalar) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, other) in b.enumerated() {
                let replaced = diagonal + (scalar == other ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(replaced, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[b.count]
    }

    private static func contains(_ whole: [Unicode.Scalar], _ part: [Unicode.Scalar]) -> Bool {
        guard part.count >= 3, part.count <= whole.count else { return false }
        return (0...whole.count - part.count).contains { Array(whole[$0..<$0 + part.count]) == part }
    }
}

extension Substring.UnicodeScalarView {
    /// The scalars in small letters.
    fileprivate var lowercased: [Unicode.Scalar] { flatMap { Array($0.properties.lowercaseMapping.unicodeScalars) } }
}
