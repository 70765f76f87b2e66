import Platform

/// Names of tensors, written with gaps.
///
/// Words stand between dots, or between slashes where a pattern has one. `#` is a number, `*` is any word, `a|b` is one
/// of several words, and `**` is any number of words, none among them. Letters may stand around a gap:
/// `encoderblock_#`, `decoder_*`, `*token*`.
struct NamePattern: Sendable {
    /// What the gaps of a pattern stand for in a name.
    struct Match {
        /// Every word, numbers without leading zeros.
        var words: [String] = []
        /// The last number.
        var number: Int?
        /// The last of several words.
        var choice = ""
        /// The words of `**`.
        var gap: [String] = []
    }

    fileprivate enum Word: Sendable {
        case text(String)
        case choice([String])
        case number(after: String)
        case beginning(String)
        case containing(String)
    }

    private let head: [Word]
    /// What follows `**`; nil where there is none.
    private let tail: [Word]?

    init(_ text: String) {
        let words = text.split(separator: text.contains("/") ? "/" : ".").map(String.init)
        guard let gap = words.firstIndex(of: "**") else {
            (head, tail) = (words.map(Word.init), nil)
            return
        }
        head = words[..<gap].map(Word.init)
        tail = words[(gap + 1)...].map(Word.init)
    }

    /// Fills the gaps, nil for a name that the pattern does not mean.
    func match(_ name: ArraySlice<Substring>) -> Match? {
        guard name.count >= head.count + (tail?.count ?? 0), tail != nil || name.count == head.count else { return nil }
        var match = Match()
        for (word, found) in zip(head, name) where !word.take(found, &match) { return nil }
        guard let tail else { return match }
        let gap = name.dropFirst(head.count).dropLast(tail.count).map(String.init)
        match.gap = gap
        match.words += gap
        for (word, found) in zip(tail, name.suffix(tail.count)) where !word.take(found, &match) { return nil }
        return match
    }
}

extension NamePattern.Word {
    fileprivate init(_ text: String) {
        if text.hasSuffix("#") {
            self = .number(after: String(text.dropLast()))
        } else if text.count > 1, text.hasPrefix("*"), text.hasSuffix("*") {
            self = .containing(String(text.dropFirst().dropLast()))
        } else if text.hasSuffix("*") {
            self = .beginning(String(text.dropLast()))
        } else if text.contains("|") {
            self = .choice(text.split(separator: "|").map(String.init))
        } else {
            self = .text(text)
        }
    }

    /// Whether it means `word`, which goes into `match`.
    fileprivate func take(_ word: Substring, _ match: inout NamePattern.Match) -> Bool {
        var found = String(word)
        switch self {
        case .text(let text):
            guard word == text else { return false }
        case .choice(let texts):
            guard texts.contains(where: { word == $0 }) else { return false }
            match.choice = found
        case .number(let beginning):
            guard word.hasPrefix(beginning), let number = Int(word.dropFirst(beginning.count)) else { return false }
            match.number = number
            found = "\(beginning)\(number)"
        case .beginning(let text):
            guard !word.isEmpty, word.hasPrefix(text) else { return false }
        case .containing(let text):
            guard word.lowercased().contains(text) else { return false }
        }
        match.words.append(found)
        return true
    }
}
