public import Tensors

/// What became of every tensor of a checkpoint.
public struct LoadReport: Sendable, Equatable {
    public enum Verdict: String, Sendable {
        /// Every tensor of the network was found, and every other is accounted for.
        case complete
        /// The network is whole, and the file holds tensors that nothing is known about.
        case partial
        /// The network cannot be built.
        case refused
    }

    /// A tensor of the file that became one, or a part of one, of the network.
    public struct Match: Sendable, Equatable {
        /// Its name in the file.
        public let name: String
        /// Where it went, by timm's name.
        public let canonical: String
        /// Its shape in the file.
        public let shape: [Int]
        public let dtype: DType
    }

    /// A tensor whose shape was changed.
    public struct Reshape: Sendable, Equatable {
        /// timm's name.
        public let name: String
        public let from: [Int]
        public let to: [Int]
        /// In words: `bicubic with antialiasing`.
        public let how: String
    }

    /// Something of the file that the network does not need.
    public struct Ignored: Sendable, Equatable {
        /// A tensor's name, or the key of a dictionary of tensors.
        public let name: String
        public let why: String
    }

    /// What the file did not tell, and what was taken.
    public struct Assumption: Sendable, Equatable {
        /// What it is about, by the option that says otherwise where there is one (`num_heads`), else a word (`eps`).
        public let field: String
        /// What was taken, and why.
        public let sentence: String
    }

    public internal(set) var verdict = Verdict.refused
    /// Whose layout it is, nil where none was recognised.
    public internal(set) var recognisedAs: CheckpointLayout?
    /// The dictionary that was taken, dotted (`model`), nil for the outermost.
    public internal(set) var checkpointKey: String?
    /// What every name began with (`module.base_encoder.`), nil for nothing.
    public internal(set) var prefixRemoved: String?
    public internal(set) var matched: [Match] = []
    /// Tensors of the network that the file has not, by timm's names.
    public internal(set) var missing: [String] = []
    /// Tensors of the file that nothing is known about.
    public internal(set) var unexpected: [String] = []
    public internal(set) var reshaped: [Reshape] = []
    public internal(set) var ignored: [Ignored] = []
    /// What was checked or done, a sentence each.
    public internal(set) var notes: [String] = []
    /// What the file did not tell, in the order of asking.
    public internal(set) var assumptions: [Assumption] = []
    /// Tensors of the network with a NaN or an infinity, by their names in the file.
    public internal(set) var notFinite: [String] = []
    /// The other networks in the file, likeliest first, by the `checkpoint_key` that takes each.
    public internal(set) var others: [String] = []
    /// Why it was refused, a sentence; nil otherwise.
    public internal(set) var reason: String?

    public init() {}

    /// Whether `field` was taken without being told.
    public func assumes(_ field: String) -> Bool { assumptions.contains { $0.field == field } }

    mutating func assume(_ field: String, _ sentence: String) {
        assumptions.append(Assumption(field: field, sentence: sentence))
    }
}
