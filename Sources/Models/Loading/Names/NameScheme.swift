/// A way to name the parts of a network that several layouts share; each layout adds what is its own.
package struct NameScheme: Sendable {
    /// By which layouts of the same scheme find together.
    let name: String
    /// What stands between the words of a name.
    let separator: Character
    var roots: [NameRoot]
    /// What the names after the prefix mean; the first rule that speaks counts.
    var names: [NameRule]
    /// What may stand in the same dictionary, under the prefix or without it: heads, decoders, states of training.
    var beside: [NameRule]
    /// What may stand in the same dictionary without the prefix, and means something else under it: a text tower.
    let outside: [NameRule]
    /// Names that are parts of a network and that no rule knows: it computes something else.
    private let strays: [NamePattern]
    /// Whether networks that compute otherwise have the same names and shapes.
    let isShared: Bool
    /// Whether text towers have the same names for their blocks: a network is only where pixels become tokens.
    let isSharedWithText: Bool
    /// Whether an unknown name outside the prefix may be of another network, by what its words say of its role.
    let hasOtherNetworksBeside: Bool
    /// What the names leave open.
    var doubts: [NameDoubt] = []

    /// - Parameters:
    ///   - strays: see `NamePattern`.
    package init(
        _ name: String, separator: Character = ".", roots: [NameRoot], names: [NameRule], beside: [NameRule] = [],
        outside: [NameRule] = [], strays: [String], isShared: Bool = false, isSharedWithText: Bool = false,
        hasOtherNetworksBeside: Bool = true
    ) {
        self.name = name
        self.separator = separator
        self.roots = roots
        self.names = names
        self.beside = beside
        self.outside = outside
        self.isSharedWithText = isSharedWithText
        self.strays = strays.map(NamePattern.init)
        self.isShared = isShared
        self.hasOtherNetworksBeside = hasOtherNetworksBeside
    }

    /// The scheme with what `layouts` add to it, which goes first.
    func extended(by layouts: [CheckpointLayout]) -> NameScheme {
        var scheme = self
        scheme.roots = layouts.flatMap(\.roots) + roots
        scheme.names = layouts.flatMap(\.names) + names
        scheme.beside = layouts.flatMap(\.beside) + beside
        scheme.doubts = layouts.flatMap(\.doubts)
        return scheme
    }

    /// What the tensor is whose name is `name` after the prefix. A name is respelled once at the most.
    func place(_ name: String) -> Placement {
        let words = name.split(separator: separator)
        if let spelling = names.lazy.compactMap({ $0.spelling(words[...]) }).first {
            return placeSpelled(spelling.split(separator: separator)[...])
        }
        return placeSpelled(words[...])
    }

    private func placeSpelled(_ words: ArraySlice<Substring>) -> Placement {
        if let place = names.lazy.compactMap({ $0.place(words) }).first { return place }
        if let place = placeBeside(words) { return place }
        return strays.contains { $0.match(words) != nil } ? .stray : .unexpected
    }

    /// What the tensor is whose name is `name` without the prefix; nil where no rule knows it.
    func placeBeside(_ name: String) -> Placement? { placeBeside(name.split(separator: separator)[...]) }

    /// What the tensor `name` outside of the prefix is; nil where no rule knows it.
    func placeOutside(_ name: String) -> Placement? {
        let words = name.split(separator: separator)[...]
        return outside.lazy.compactMap { $0.place(words) }.first
    }

    private func placeBeside(_ words: ArraySlice<Substring>) -> Placement? {
        beside.lazy.compactMap { $0.place(words) }.first
    }
}
