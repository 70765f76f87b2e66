/// JPEGs written here whose scans cost few bytes and pass over the whole image.
struct CheapScans {
    private let height: Int
    private let width: Int
    private let components: Int
    private var file: [UInt8]

    private var blocks: Int { (height + 7) / 8 * ((width + 7) / 8) }

    /// The file up to its first scan.
    ///
    /// - Parameter frame: C2 for progressive Huffman coding, C9 and CA for sequential and progressive arithmetic coding.
    init(height: Int, width: Int, components: Int, frame: UInt8 = 0xc2) {
        (self.height, self.width, self.components) = (height, width, components)
        file = [0xff, 0xd8] + Self.segment(0xdb, [0] + [UInt8](repeating: 1, count: 64))
        let size = [height, width].flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }
        file += Self.segment(
            frame, [8] + size + [UInt8(components)] + (1...components).flatMap { [UInt8($0), 0x11, 0] })
        // DC: the one symbol 0, of one bit. AC: runs of 2⁰ to 2¹⁴ empty blocks, of four bits each.
        file += Self.segment(0xc4, [0, 1] + [UInt8](repeating: 0, count: 15) + [0])
        file += Self.segment(
            0xc4, [0x10, 0, 0, 0, 15] + [UInt8](repeating: 0, count: 12) + (0..<15).map { UInt8($0 << 4) })
    }

    /// The first scan: the mean of every block, of all components; of nothing but its header for arithmetic coding.
    mutating func addMeans(end: UInt8 = 0, isCoded: Bool = true) {
        let selectors: [UInt8] = (1...components).flatMap { [UInt8($0), 0] as [UInt8] }
        file += Self.segment(0xda, [UInt8(components)] + selectors + [0, end, 0])
        if isCoded { file += [UInt8](repeating: 0, count: (blocks * components + 7) / 8) }
    }

    /// A scan that refines all other coefficients of the first component, and says of none that it changes.
    mutating func addRefinement() {
        file += Self.segment(0xda, [1, 1, 0, 1, 63, 0x10])
        var left = blocks, bits: [Bool] = []
        while left > 0 {
            let run = min(left, 32_767), length = run.bitWidth - 1 - run.leadingZeroBitCount
            bits += (0..<4).reversed().map { length >> $0 & 1 == 1 }
            bits += (0..<length).reversed().map { run >> $0 & 1 == 1 }
            left -= run
        }
        while bits.count % 8 != 0 { bits.append(true) }
        for start in stride(from: 0, to: bits.count, by: 8) {
            let byte = bits[start..<start + 8].reduce(UInt8(0)) { $0 << 1 | ($1 ? 1 : 0) }
            file += byte == 0xff ? [0xff, 0] : [byte]
        }
    }

    /// The whole file.
    var bytes: [UInt8] { file + [0xff, 0xd9] }

    private static func segment(_ marker: UInt8, _ body: [UInt8]) -> [UInt8] {
        [0xff, marker, UInt8((body.count + 2) >> 8), UInt8((body.count + 2) & 255)] + body
    }
}
