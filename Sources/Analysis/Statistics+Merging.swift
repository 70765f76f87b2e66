// Statistics of neighbouring stretches come to those of both (Chan, Golub and LeVeque 1979): the same as one stretch's but
// for the last bits.

extension Statistics {
    /// Takes in the numbers that `next` has seen, as if they had come after these.
    public mutating func add(_ next: Statistics) {
        guard next.count > 0 else { return }
        guard count > 0 else { return self = next }
        let total = Double(count) + Double(next.count), difference = next.average - average
        average += difference * (Double(next.count) / total)
        squares += next.squares + difference * difference * (Double(count) * Double(next.count) / total)
        count += next.count
    }
}

extension Statistics: Codable {
    private enum CodingKeys: String, CodingKey {
        case count = "n"
        case numbers = "bits"
    }

    /// Of more numbers than this nobody has seen.
    static let mostNumbers = 1 << 48

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let count = try container.decode(Int.self, forKey: .count)
        let numbers = try container.decode(ExactNumbers.self, forKey: .numbers).values
        guard (0...Self.mostNumbers).contains(count), numbers.count == 2 else {
            throw DecodingError.dataCorruptedError(
                forKey: .count, in: container, debugDescription: "These are no statistics.")
        }
        self.init(count: count, average: numbers[0], squares: numbers[1])
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(count, forKey: .count)
        try container.encode(ExactNumbers([average, squares]), forKey: .numbers)
    }
}

extension VectorStatistics {
    /// How many numbers a vector has.
    public var width: Int { numbers.count }

    /// Takes in the vectors that `next` has seen, which are as long.
    public mutating func add(_ next: VectorStatistics) {
        precondition(next.width == width, "\(next.width) numbers, \(width) expected")
        for index in numbers.indices { numbers[index].add(next.numbers[index]) }
    }
}

extension LayerHeadStatistics {
    /// Whether `other` is of as many layers and heads.
    public func fits(_ other: LayerHeadStatistics) -> Bool {
        layers.count == other.layers.count && layerHeads.map(\.count) == other.layerHeads.map(\.count)
    }

    /// Takes in the images that `next` has seen, which fits.
    public mutating func add(_ next: LayerHeadStatistics) {
        precondition(fits(next), "other layers or heads")
        for layer in layers.indices {
            layers[layer].add(next.layers[layer])
            for head in layerHeads[layer].indices { layerHeads[layer][head].add(next.layerHeads[layer][head]) }
        }
    }
}
