import Platform

/// Names that tell where in a dictionary a network begins: what stands before such a name is its prefix.
package struct NameRoot: Sendable {
    private let pattern: NamePattern
    /// Whether it is a part of a block; a network is only where there is one.
    let isBlock: Bool
    /// Whether it makes tokens of pixels.
    let isPixels: Bool
    /// Whether it may follow a number.
    private let mayFollowNumber: Bool

    /// - Parameters:
    ///   - pattern: see `NamePattern`.
    ///   - mayFollowNumber: false where numbered stages before it mean another network, a pyramid such as Swin.
    package init(_ pattern: String, isBlock: Bool = false, isPixels: Bool = false, mayFollowNumber: Bool = true) {
        self.pattern = NamePattern(pattern)
        self.isBlock = isBlock
        self.isPixels = isPixels
        self.mayFollowNumber = mayFollowNumber
    }

    /// Whether the network begins at `index` of a name.
    func begins(at index: Int, of words: [Substring]) -> Bool {
        guard pattern.match(words[index...]) != nil else { return false }
        return mayFollowNumber || index == 0 || Int(words[index - 1]) == nil
    }
}
