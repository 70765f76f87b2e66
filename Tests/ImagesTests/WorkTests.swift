import Images
import Platform
import Testing

/// Files that cost far more than their bytes suggest: each is refused by the work that it asks for, with the clock out of
/// the game, or costs nothing.
@Suite struct WorkTests {
    /// The standard limits without the one on time, which would hide that the others do not hold.
    private static func timeless() -> ImageLimits {
        var limits = ImageLimits.standard
        limits.maxCPUSeconds = .infinity
        return limits
    }

    private static func error(_ bytes: [UInt8], _ limits: ImageLimits = timeless()) -> ImageError? {
        do throws(ImageError) {
            _ = try Image.decode(bytes, orientation: .ignore, limits: limits)
            return nil
        } catch { return error }
    }

    private static func progressive(scans: Int, side: Int, components: Int = 3) -> [UInt8] {
        var scanned = CheapScans(height: side, width: side, components: components)
        scanned.addMeans()
        for _ in 1..<scans { scanned.addRefinement() }
        return scanned.bytes
    }

    /// Seven bytes a scan: a real one has about ten scans, and all of these are legal.
    @Test func hundredsOfCheapScansAreRefused() {
        #expect(Self.progressive(scans: 300, side: 256).count < 10_000)
        #expect(Self.error(Self.progressive(scans: 300, side: 256)) == .tooManyScans(limit: 64))
        #expect(Self.error(Self.progressive(scans: 65, side: 256)) == .tooManyScans(limit: 64))
        #expect(Self.error(Self.progressive(scans: 64, side: 256)) == nil)
    }

    /// What counts is scans × pixels, so a large image may have fewer scans: 16 over 64 megapixels.
    @Test func cheapScansOverManyPixelsAreRefused() {
        let side = 256
        var limits = Self.timeless()
        limits.maxScanPixels = 16 * side * side
        #expect(Self.error(Self.progressive(scans: 16, side: side), limits) == nil)
        let error = Self.error(Self.progressive(scans: 17, side: side), limits)
        #expect(error == .tooMuchWork(.jpeg, height: side, width: side, limit: 16 * side * side))
        #expect(error?.description.contains("more than 16 scans over 256 × 256 pixels") == true)
    }

    /// Arithmetic coding decodes any number of blocks out of no bytes at all, and takes 50 times longer for a byte.
    @Test(arguments: [(0xc9, 3, 63), (0xca, 1, 0)] as [(UInt8, Int, UInt8)])
    func arithmeticCodingIsBounded(frame: UInt8, components: Int, end: UInt8) {
        func file(side: Int, scans: Int = 1, trailing: Int = 0) -> [UInt8] {
            var scanned = CheapScans(height: side, width: side, components: components, frame: frame)
            for _ in 0..<scans { scanned.addMeans(end: end, isCoded: false) }
            return scanned.bytes + [UInt8](repeating: 0, count: trailing)
        }
        let many = file(side: 8192, scans: components == 1 ? 3 : 1)
        #expect(many.count < 400)
        let error = Self.error(many)
        #expect(
            error == .unsupported(.jpeg, kind: "arithmetic coding of 8192 × 8192 pixels, which takes too long"))
        #expect(Self.error(file(side: 64)) == nil)
        #expect(Self.error(file(side: 64, trailing: 17 << 20)) != nil)
    }

    /// A progressive image is kept as coefficients until its last scan: six bytes a pixel beside its three.
    @Test func coefficientsAreBounded() {
        var scanned = CheapScans(height: 8192, width: 8192, components: 3)
        scanned.addMeans(isCoded: false)
        #expect(Self.error(scanned.bytes) == .noMemory(height: 8192, width: 8192))
        var limits = Self.timeless()
        limits.maxMemory = 1 << 20
        #expect(Self.error(Self.progressive(scans: 2, side: 256)) == nil)
        #expect(Self.error(Self.progressive(scans: 2, side: 512), limits) == .noMemory(height: 512, width: 512))
    }

    // MARK: PNG

    private static let small = Image(height: 8, width: 8, pixels: (0..<192).map { UInt8($0) })

    private static func chunk(_ type: String, _ body: [UInt8]) -> [UInt8] {
        let content = Array(type.utf8) + body
        return big(UInt32(body.count)) + content + big(Deflate.crc32(Bytes(content)))
    }

    private static func big(_ number: UInt32) -> [UInt8] {
        (0..<4).reversed().map { UInt8(truncatingIfNeeded: number >> (UInt32($0) * 8)) }
    }

    /// `chunks` between the header and the pixels of a small image.
    private static func png(with chunks: [UInt8]) -> [UInt8] {
        var file = PNG.encode(small)
        file.insert(contentsOf: chunks, at: 8 + 25)
        return file
    }

    /// Text and profiles are never unpacked: what is no zlib stream at all raises no complaint.
    @Test(arguments: ["zTXt", "iTXt", "iCCP", "sPLT", "pCAL", "tEXt", "eXIf", "tRNS", "hIST", "prIv"])
    func otherChunksAreNotRead(_ type: String) throws {
        let bomb = Array("name\0\0".utf8) + [0x78, 0x9c] + [UInt8](repeating: 0xff, count: 5_000)
        let chunks = (0..<200).flatMap { _ in Self.chunk(type, bomb) }
        #expect(try Image.decode(Self.png(with: chunks), orientation: .ignore) == Self.small)
    }

    /// Pixels in as many pieces as there are bytes, and pieces of nothing between them.
    @Test func piecesOfPixelsCostNothing() throws {
        let file = PNG.encode(Self.small)
        let length = file[33..<37].reduce(0) { $0 << 8 | Int($1) }
        let pieces = file[41..<41 + length].flatMap { Self.chunk("IDAT", [$0]) + Self.chunk("IDAT", []) }
        let cut = file[..<33] + pieces + file[(41 + length + 4)...]
        #expect(try Image.decode(Array(cut), orientation: .ignore) == Self.small)
        let empty = (0..<100_000).flatMap { _ in Self.chunk("IDAT", []) }
        #expect(try Image.decode(Self.png(with: empty), orientation: .ignore) == Self.small)
    }
}
