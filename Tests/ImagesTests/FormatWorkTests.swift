import Images
import Platform
import Testing

/// WebP, TIFF, BMP and GIF files that cost far more than their bytes suggest: each is refused by what it asks for, or
/// costs nothing.
@Suite struct FormatWorkTests {
    private static func error(_ bytes: [UInt8], _ limits: ImageLimits = .standard) -> ImageError? {
        do throws(ImageError) {
            _ = try Image.decode(bytes, orientation: .ignore, limits: limits)
            return nil
        } catch { return error }
    }

    private static func little(_ number: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
    }

    /// A little-endian TIFF of `entries`, each of numbers with two or four bytes, and `tail` behind them.
    private static func tiff(_ entries: [(tag: Int, type: Int, count: Int, value: Int)], tail: [UInt8] = []) -> [UInt8]
    {
        let sorted = entries.sorted { $0.tag < $1.tag }
        return Array("II*\0".utf8) + little(8, 4) + little(sorted.count, 2)
            + sorted.flatMap { little($0.tag, 2) + little($0.type, 2) + little($0.count, 4) + little($0.value, 4) }
            + little(0, 4) + tail
    }

    /// Where the tail of a file with so many entries begins.
    private static func tailStart(_ count: Int) -> Int { 8 + 2 + count * 12 + 4 }

    /// Grey of 8 bits; `compression` by its number, `more` says where pixels lie.
    private static func grey(
        _ width: Int, _ height: Int, compression: Int = 1, _ more: [(tag: Int, type: Int, count: Int, value: Int)],
        tail: [UInt8] = []
    ) -> [UInt8] {
        tiff(
            [
                (256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 8), (259, 3, 1, compression), (262, 3, 1, 1),
                (277, 3, 1, 1),
            ] + more, tail: tail)
    }

    @Test func sizesAreRefusedByTheirHeaders() {
        let strips = [(tag: 273, type: 4, count: 1, value: 8), (279, 4, 1, 1), (278, 4, 1, 1)]
        #expect(Self.error(Self.grey(16_385, 1, strips)) == .tooLong(height: 1, width: 16_385, limit: 16_384))
        #expect(
            Self.error(Self.grey(16_384, 16_384, strips))
                == .tooManyPixels(height: 16_384, width: 16_384, limit: 64 << 20))
        for side in [Int(UInt32.max), 1 << 31, 1 << 24] {
            #expect(Self.error(Self.grey(side, side, strips)) != nil)
            let bmp = Array("BM".utf8) + Self.little(0, 8) + Self.little(54, 4) + Self.little(40, 4)
            let error = Self.error(
                bmp + Self.little(side, 4) + Self.little(side, 4) + Self.little(24 << 16 | 1, 4)
                    + [UInt8](repeating: 0, count: 24))
            #expect(error != nil)
        }
        let gif = Array("GIF89a".utf8) + [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2]
        #expect(Self.error(gif) == .tooLong(height: 65_535, width: 65_535, limit: 16_384))
        let sheet = Array("VP8X".utf8) + Self.little(10, 4) + [0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]
        let webp = Array("RIFF".utf8) + Self.little(22, 4) + Array("WEBP".utf8) + sheet
        #expect(Self.error(webp) == .tooLong(height: 1 << 24, width: 1 << 24, limit: 16_384))
    }

    /// Tiles of one pixel each, and tiles far larger than the image.
    @Test func tilesAreBounded() {
        func tiles(_ side: Int, image: Int) -> [UInt8] {
            Self.grey(
                image, image, [(322, 4, 1, side), (323, 4, 1, side), (324, 4, 1, 8), (325, 4, 1, 1)])
        }
        for file in [tiles(1, image: 8192), tiles(1 << 20, image: 16), tiles(1 << 15, image: 16)] {
            switch Self.error(file) {
            case .tooMuchWork(.tiff, _, _, _)?, .damaged(.tiff, _)?, .noMemory?: break
            case let other: Issue.record("\(String(describing: other))")
            }
        }
    }

    /// Each of many strips names the whole file, which would be read once for each.
    @Test func stripsThatShareTheirBytesAreBounded() {
        let rows = 4096, size = 1 << 20
        let start = Self.tailStart(9)
        let offsets = (0..<rows).flatMap { _ in Self.little(start + rows * 8, 4) }
        let counts = (0..<rows).flatMap { _ in Self.little(size, 4) }
        let file = Self.grey(
            16, rows, compression: 32_773,
            [(273, 4, rows, start), (278, 4, 1, 1), (279, 4, rows, start + rows * 4)],
            tail: offsets + counts + [UInt8](repeating: 0x80, count: size))
        #expect(Self.error(file) == .tooMuchWork(.tiff, height: rows, width: 16, limit: 256 << 20))
        #expect(Self.error(file)?.description.contains("unpacks to more than") == true)
    }

    /// A directory that names itself as the next, and one of tags whose values lie nowhere.
    @Test func circlesAndHolesEnd() {
        var circle = Self.grey(2, 2, [(273, 4, 1, 8), (278, 4, 1, 2), (279, 4, 1, 4)])
        circle.replaceSubrange((circle.count - 4)..., with: Self.little(8, 4))
        #expect(Self.error(circle) == nil)
        let nowhere = Self.grey(2, 2, [(273, 4, 1 << 30, 1 << 30), (278, 4, 1, 2), (279, 4, 1 << 30, 1 << 31)])
        #expect(Self.error(nowhere) != nil)
    }

    @Test func timeAndMemoryAreBounded() throws {
        let tiles = try ImageFixtures.bytes("tiff/tiles-lzw.tif").array
        #expect(Self.error(tiles, ImageLimits(maxCPUSeconds: 0)) == .tooSlow(limit: 0))
        #expect(
            Self.error(tiles, ImageLimits(maxUnpackedBytes: 4096))
                == .tooMuchWork(.tiff, height: 45, width: 67, limit: 4096))
        let webp = try ImageFixtures.bytes("webp/lossless.webp").array
        #expect(Self.error(webp, ImageLimits(maxMemory: 45 * 67 * 8 - 1)) == .noMemory(height: 45, width: 67))
        #expect(Self.error(webp, ImageLimits(maxMemory: 45 * 67 * 8)) == nil)
    }

    /// A million comments before the frame, and runs of nothing that never end.
    @Test func emptyBlocksCostNothing() throws {
        let plain = try ImageFixtures.bytes("gif/plain.gif").array
        let comments = (0..<1_000_000).flatMap { _ in [0x21, 0xfe, 0] as [UInt8] }
        let start = 13 + 768
        #expect(Self.error(Array(plain[..<start] + comments + plain[start...])) == nil)
        #expect(Self.error(Array(plain[..<start]) + comments) == .truncated(.gif))
        let runs = try ImageFixtures.bytes("bmp/runs-8.bmp").array
        let jumps = (0..<500_000).flatMap { _ in [0, 2, 0, 0] as [UInt8] }
        #expect(Self.error(runs[..<(54 + 1024)] + jumps) == .truncated(.bmp))
    }
}
