/// What artifact tokens come to over images, at one depth. Where a number of one image is not finite, so is all of it.
public struct ArtifactSums: Sendable {
    private let layout: TokenLayout
    /// Over images: the share of the patches that are outliers, the median and the largest length of the patches, how
    /// many massive activations there are, and the length of each token.
    public private(set) var share = Statistics()
    public private(set) var median = Statistics()
    public private(set) var largest = Statistics()
    public private(set) var massive = Statistics()
    public private(set) var norms: VectorStatistics
    /// In how many images each token is an outlier, prefix tokens first; NaN where an image has no numbers.
    public private(set) var counts: [Double]
    /// In how many channels there is a massive activation; NaN likewise.
    public var massiveChannels: Double { isLost ? .nan : Double(massiveByChannel.count { $0 > 0 }) }
    private var isLost = false
    private var squares, outlying, ordinary, massiveByChannel: [Double]
    private var patches = (outlying: 0, ordinary: 0)

    public init(layout: TokenLayout, width: Int) {
        self.layout = layout
        norms = VectorStatistics(count: layout.numTokens)
        counts = [Double](repeating: 0, count: layout.numTokens)
        let zeros = [Double](repeating: 0, count: width)
        (squares, outlying, ordinary, massiveByChannel) = (zeros, zeros, zeros, zeros)
    }

    public mutating func add(_ look: ArtifactTokens.Look?) {
        guard let look else {
            isLost = true
            for index in counts.indices { counts[index] = .nan }
            norms.add([Double](repeating: .nan, count: counts.count))
            for part in [\Self.share, \.median, \.largest, \.massive] { self[keyPath: part].add(.nan) }
            return
        }
        let outliers = layout.patches.count { look.isOutlier[$0] }
        share.add(Double(outliers) / Double(layout.patches.count))
        median.add(look.median)
        largest.add(look.norms[layout.patches].max() ?? .nan)
        massive.add(look.massive.reduce(0, +))
        norms.add(look.norms)
        for token in counts.indices where look.isOutlier[token] { counts[token] += 1 }
        patches.outlying += outliers
        patches.ordinary += layout.patches.count - outliers
        for channel in squares.indices {
            squares[channel] += look.squares[channel]
            outlying[channel] += look.outlying[channel]
            ordinary[channel] += look.ordinary[channel]
            massiveByChannel[channel] += look.massive[channel]
        }
    }

    /// How many outlying patches there are in all images.
    public var outliers: Double { isLost ? .nan : Double(patches.outlying) }

    /// A channel that carries outliers.
    public struct Channel: Sendable, Equatable {
        public let index: Int
        /// Its part of the squared lengths of the outlying patches.
        public let share: Double
        /// Its mean magnitude in outlying patches over that in the others; NaN where there are none, or it is 0 there.
        public let ratio: Double
    }

    /// The channels with the largest shares, of equals the lower first; none without outlying patches.
    public func channels(_ count: Int) -> [Channel] {
        let total = squares.reduce(0, +)
        guard !isLost, patches.outlying > 0, total > 0, total.isFinite else { return [] }
        let order = squares.indices.sorted { squares[$0] != squares[$1] ? squares[$0] > squares[$1] : $0 < $1 }
        return order.prefix(count).map { channel in
            let usual = ordinary[channel] / Double(patches.ordinary),
                long = outlying[channel] / Double(patches.outlying)
            return Channel(
                index: channel, share: squares[channel] / total,
                ratio: patches.ordinary > 0 && usual > 0 ? long / usual : .nan)
        }
    }
}
