/// What tensors of certain names are: a line of a layout's table.
package struct NameRule: Sendable {
    enum Outcome: Sendable {
        case tensor(String?, part: Placement.Part?, view: Placement.View)
        case ignored(String)
        case stray
        case renamed(String)
    }

    private let pattern: NamePattern
    private let outcome: Outcome

    /// Names like `pattern` are the canonical tensor, or one part of it.
    ///
    /// - Parameters:
    ///   - pattern: see `NamePattern`.
    ///   - canonical: timm's name, in which `#` is the number and `$` the last of several words; the very name where it
    ///     is left out.
    ///   - part: which rows of it they are, where the network has as one what the file has apart.
    ///   - view: how to look at them.
    package static func tensor(
        _ pattern: String, _ canonical: String? = nil, part: Placement.Part? = nil, view: Placement.View = .asStored
    ) -> NameRule {
        NameRule(pattern: NamePattern(pattern), outcome: .tensor(canonical, part: part, view: view))
    }

    /// Names like `pattern` are not needed, because `why`: words after “ignored:”.
    package static func ignore(_ pattern: String, _ why: String) -> NameRule {
        NameRule(pattern: NamePattern(pattern), outcome: .ignored(why))
    }

    /// Names like `pattern` are of the network, and nothing here computes with them: it is refused.
    package static func stray(_ pattern: String) -> NameRule {
        NameRule(pattern: NamePattern(pattern), outcome: .stray)
    }

    /// Names like `pattern` are another spelling of `name`, in which `**` are the words of the gap.
    package static func rename(_ pattern: String, to name: String) -> NameRule {
        NameRule(pattern: NamePattern(pattern), outcome: .renamed(name))
    }

    /// What the tensor of this name is, nil where the rule does not speak of it. A number is that of a block, so one
    /// beyond all blocks is none.
    func place(_ words: ArraySlice<Substring>) -> Placement? {
        guard let match = match(words) else { return nil }
        return switch outcome {
        case .tensor(let canonical, let part, let view):
            .tensor(canonical.map(match.filling) ?? match.words.joined(separator: "."), part: part, view: view)
        case .ignored(let why): .ignored(why)
        case .stray: .stray
        case .renamed: nil
        }
    }

    /// How the name is usually spelled, nil where the rule does not say it.
    func spelling(_ words: ArraySlice<Substring>) -> String? {
        guard case .renamed(let name) = outcome else { return nil }
        return match(words)?.filling(name)
    }

    private func match(_ words: ArraySlice<Substring>) -> NamePattern.Match? {
        guard let match = pattern.match(words), match.number.map({ (0..<ModelLimits.depth).contains($0) }) ?? true
        else { return nil }
        return match
    }
}

extension NamePattern.Match {
    /// `template` with what the gaps stand for.
    fileprivate func filling(_ template: String) -> String {
        let words = template.split(separator: ".").flatMap { word -> [String] in
            switch word {
            case "#": [number.map(String.init) ?? ""]
            case "$": [choice]
            case "**": gap
            default: [String(word)]
            }
        }
        return words.joined(separator: ".")
    }
}
