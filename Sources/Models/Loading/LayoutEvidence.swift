import Tensors

/// What a layout is recognised by: names in the file, what became of them, and what the file says of itself.
package struct LayoutEvidence {
    package let hints: ModelHints
    /// Whose fixed table of positions the file has, where it has one.
    package let positions: SinCosTable?
    private let backbone: Backbone
    private let draft: Draft
    private let told: ToldFacts
    private let names: Set<String>
    /// The words of the keys and prefixes that lead to the network.
    package let words: Set<String>

    init(_ backbone: Backbone, draft: Draft, hints: ModelHints, told: ToldFacts, positions: SinCosTable?) {
        self.backbone = backbone
        self.draft = draft
        self.hints = hints
        self.told = told
        self.positions = positions
        names = Set(backbone.dict.names)
        words = Set(backbone.words)
    }

    /// What stands before the names of the network, with its last separator.
    package var prefix: String { backbone.prefix }

    /// `words`, those of several words taken apart: `momentum_encoder` is `momentum` and `encoder`.
    package var roles: Set<String> { Set(words.flatMap { $0.split(separator: "_").map(String.init) }) }

    /// The architecture that the file itself names.
    package var fileArch: String? { told.fileArch }

    /// Whether the network has this tensor, by its canonical name.
    package func has(_ canonical: String) -> Bool { draft.has(canonical) }

    /// Whether the network has a relative position table, shared or in a block.
    package var hasRelativeTable: Bool { draft.hasRelativeTable }

    /// Whether the file has a tensor of this name after the prefix.
    package func holds(_ name: String) -> Bool { names.contains(prefix + name) }

    /// Whether the dictionary has a tensor of this full name.
    package func holdsFull(_ name: String) -> Bool { names.contains(name) }

    /// Whether the dictionary has a tensor whose full name fits.
    package func holds(where fits: (String) -> Bool) -> Bool { names.contains(where: fits) }

    /// The extents of the tensor of this name after the prefix.
    package func shape(_ name: String) -> [Int]? { backbone.dict[prefix + name]?.shape }

    /// Whether config.json has one of these as `model_type`.
    package func isModelType(_ types: String...) -> Bool {
        hints.config["model_type"]?.string.map(types.contains) ?? false
    }

    /// Whether the file's name, or the name that its configuration gives it, contains `word`.
    package func says(_ word: String) -> Bool {
        [hints.fileName, hints.config["_name_or_path"]?.string].contains { $0?.lowercased().contains(word) == true }
    }
}

extension Draft {
    /// Whether there is a relative position table, shared or in a block.
    var hasRelativeTable: Bool { names.contains { $0.hasSuffix("relative_position_bias_table") } }
}
