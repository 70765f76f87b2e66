/// Numbers as a file keeps them that somebody reads again: bit by bit, those that are not finite too.
struct ExactNumbers: Sendable, Codable {
    let values: [Double]

    init(_ values: [Double]) { self.values = values }

    init(from decoder: any Decoder) throws {
        values = try [Int64](from: decoder).map { Double(bitPattern: UInt64(bitPattern: $0)) }
    }

    func encode(to encoder: any Encoder) throws {
        try values.map { Int64(bitPattern: $0.bitPattern) }.encode(to: encoder)
    }
}
