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

    public internal(set) var verdict = Verdict.refused
    /// Whose layout it is, nil where none was recognised.
    public internal(set) var recognisedAs: Layout?
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
    /// What was assumed or checked, a sentence each.
    public internal(set) var notes: [String] = []
    /// Why it was refused, a sentence; nil otherwise.
    public internal(set) var reason: String?

    public init() {}
}
