/// What one pickle may use. Each limit is far above any real checkpoint's need and far below what hurts.
struct PickleBudget {
    static let maximumOpcodes = 1_000_000
    static let maximumNodes = 1_000_000
    static let maximumCharacters = 64 << 20
    static let maximumDepth = 64
    static let maximumUnknownGlobals = 4_096
    /// The longest line of the text opcodes, bytes.
    static let maximumLine = 1 << 16

    private var opcodes = 0
    private var characters = 0

    mutating func spendOpcode(at byte: Int) throws(CheckpointError) {
        opcodes += 1
        guard opcodes <= Self.maximumOpcodes else {
            throw .overBudget(of: "pickle opcodes", limit: Self.maximumOpcodes, byte: byte)
        }
    }

    mutating func spend(characters count: Int, at byte: Int) throws(CheckpointError) {
        guard let total = characters.plus(count), total <= Self.maximumCharacters else {
            throw .overBudget(of: "characters of text", limit: Self.maximumCharacters, byte: byte)
        }
        characters = total
    }
}
