/// Something in a file that speaks for a layout.
package struct LayoutSign: Sendable {
    /// How surely it does; of two signs the surer one counts, of two alike the layout that stands first.
    package enum Certainty: Int, Sendable, CaseIterable {
        /// Names, or a configuration, that only files of this project have.
        case own
        /// Parts and roles that its networks usually have.
        case parts
        /// What the file says of its training.
        case arguments
        /// The fixed table of positions.
        case positions
        /// A weak trace: one setting, the file's name.
        case trace
        /// Plain names of its scheme.
        case plain
    }

    let certainty: Certainty
    let isSeen: @Sendable (LayoutEvidence) -> Bool

    package init(_ certainty: Certainty, _ isSeen: @escaping @Sendable (LayoutEvidence) -> Bool = { _ in true }) {
        self.certainty = certainty
        self.isSeen = isSeen
    }
}
