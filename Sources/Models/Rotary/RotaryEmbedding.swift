/// How queries and keys are turned by the places of their patches (Su et al. 2021; Heo et al. 2024 for images): pairs of
/// numbers of a head by angles that rise with row and column. Tokens before the patches stay as they are.
///
/// Of a head of d numbers, each axis has P = d/4 angles a patch: coordinate · base^(−j/P), j = 0…P−1. The table of all
/// angles is computed once, in single precision as the projects do it.
public struct RotaryEmbedding: Sendable, Hashable, Codable {
    /// What a patch's coordinate is.
    public enum Coordinates: String, Sendable, Hashable, Codable {
        /// 2π(2(r + ½)/rows − 1), the same for columns: angles do not depend on the resolution (DINOv3).
        case centred
        /// r, the number of the row, from `offset` on.
        case steps
    }

    /// Which coordinate the first angles are of.
    public enum Axes: String, Sendable, Hashable, Codable {
        case rowsFirst = "rows_first"
        case columnsFirst = "columns_first"
    }

    /// Which two numbers of a head are turned together.
    public enum Pairs: String, Sendable, Hashable, Codable {
        /// (0, 1), (2, 3), ….
        case neighbours
        /// (0, d/2), (1, d/2 + 1), ….
        case halves
    }

    /// Where the frequencies come from.
    public enum Frequencies: String, Sendable, Hashable, Codable {
        /// From the base.
        case computed
        /// Their inverses are a tensor, `rope.periods` (P).
        case stored
        /// Learned for each block and head, both coordinates mixed: `rope.freqs` (2, depth, numHeads, d/2).
        case mixed
        /// V-JEPA 2's three axes, of which the first is time and 0 for an image: 2·⌊⌊d/3⌋/2⌋ numbers an axis, the rest
        /// is not turned. As its code has it, the angles of an axis are repeated in blocks while pairs are neighbours, so
        /// the two numbers of a pair have different angles.
        case tubelets
    }

    public var base: Float
    public var coordinates: Coordinates
    public var axes: Axes
    public var pairs: Pairs
    public var frequencies: Frequencies
    /// The coordinate of the first row and column.
    public var offset: Float
    /// Steps are those of this grid, whatever the image's has: r · rows of this / rows; nil for whole steps.
    public var reference: GridSize?

    public init(
        base: Float, coordinates: Coordinates = .steps, axes: Axes = .rowsFirst, pairs: Pairs = .neighbours,
        frequencies: Frequencies = .computed, offset: Float = 0, reference: GridSize? = nil
    ) {
        self.base = base
        self.coordinates = coordinates
        self.axes = axes
        self.pairs = pairs
        self.frequencies = frequencies
        self.offset = offset
        self.reference = reference
    }

    /// DINOv3 (Siméoni et al. 2025).
    public static let dinov3 = RotaryEmbedding(base: 100, coordinates: .centred, pairs: .halves)
    /// EVA-02 (Fang et al. 2024): steps of a grid of 16×16.
    public static let eva02 = RotaryEmbedding(base: 10_000, reference: GridSize(rows: 16, cols: 16))
    /// Perception Encoder (Bolya et al. 2025); with a class token steps are counted from 1.
    public static let perceptionEncoder = RotaryEmbedding(base: 10_000, axes: .columnsFirst)
    /// RoPE-ViT with one table for all (Heo et al. 2024).
    public static let ropeViT = RotaryEmbedding(base: 100, axes: .columnsFirst)
    /// RoPE-ViT with frequencies of each head.
    public static let ropeViTMixed = RotaryEmbedding(base: 10, axes: .columnsFirst, frequencies: .mixed)
    /// Whole steps, rows first, as timm's own networks have them.
    public static let axial = RotaryEmbedding(base: 10_000)
    /// V-JEPA 2 (Assran et al. 2025).
    public static let vjepa2 = RotaryEmbedding(base: 10_000, frequencies: .tubelets)

    /// Whether the numbers are those of a table at all: another process said them.
    var isPlausible: Bool {
        base.isFinite && base > 0 && offset.isFinite
            && (reference.map { (1...16_384).contains($0.rows) && (1...16_384).contains($0.cols) } ?? true)
    }

    /// What the numbers of a head have to be divisible by.
    var divisor: Int { frequencies == .tubelets ? 2 : 4 }
}

extension RotaryEmbedding: CustomStringConvertible {
    public var description: String {
        let places =
            coordinates == .centred
            ? "by centred coordinates"
            : reference.map { "by steps of a grid of \($0.rows)×\($0.cols)" } ?? "by whole steps"
        let order = axes == .rowsFirst ? "rows first" : "columns first"
        let how = pairs == .halves ? "halves of a head paired" : "neighbours paired"
        let from =
            switch frequencies {
            case .computed: "base \(base)"
            case .stored: "periods from the file"
            case .mixed: "frequencies of every block and head from the file"
            case .tubelets: "base \(base), three axes with the first at 0"
            }
        return "\(places)\(offset == 0 ? "" : " from \(offset) on"), \(order), \(how), \(from)"
    }
}
