import Checkpoints
import Platform
import Tensors
import Testing

/// A zip archive of this test's own, whose every field can be made to lie.
struct LyingZip {
    struct Entry {
        var name = "archive/data.pkl"
        var content: [UInt8] = []
        var localName: String?
        var flags = 0x800
        var localFlags: Int?
        var method = 0
        var localMethod: Int?
        var checksum: Int?
        var localChecksum: Int?
        var size: Int?
        var localSize: Int?
        var offset: Int?
        var extra: [UInt8] = []
        var localExtra: [UInt8] = []
        /// What follows the bytes: a descriptor, or a gap.
        var tail: [UInt8] = []
    }

    var entries: [Entry] = []
    var prefix: [UInt8] = []
    var gapBeforeDirectory: [UInt8] = []
    var count: Int?
    var suffix: [UInt8] = []
    var commentLength = 0
    var disk = 0
    var directoryShift = 0

    /// The smallest file of torch.save: a pickle of None.
    static func valid() -> LyingZip {
        var zip = LyingZip()
        zip.entries.append(Entry(content: Pickled(Pickled.none, Pickled.stop).bytes))
        zip.entries.append(Entry(name: "archive/version", content: Array("3\n".utf8)))
        return zip
    }

    func bytes() -> Bytes {
        typealias P = Pickled
        var file = prefix, directory: [UInt8] = []
        for entry in entries {
            let offset = entry.offset ?? file.count
            let checksum = entry.checksum ?? Int(Deflate.crc32(Bytes(entry.content)))
            let size = entry.size ?? entry.content.count, name = entry.localName ?? entry.name
            file += P.little(0x0403_4b50, 4) + P.little(20, 2) + P.little(entry.localFlags ?? entry.flags, 2)
            file += P.little(entry.localMethod ?? entry.method, 2) + P.little(0, 4)
            file += P.little(entry.localChecksum ?? checksum, 4)
            file += P.little(entry.localSize ?? size, 4) + P.little(entry.localSize ?? size, 4)
            file += P.little(name.utf8.count, 2) + P.little(entry.localExtra.count, 2)
            file += Array(name.utf8) + entry.localExtra + entry.content + entry.tail
            directory +=
                P.little(0x0201_4b50, 4) + P.little(0, 4) + P.little(entry.flags, 2) + P.little(entry.method, 2)
            directory += P.little(0, 4) + P.little(checksum, 4) + P.little(size, 4) + P.little(size, 4)
            directory += P.little(entry.name.utf8.count, 2) + P.little(entry.extra.count, 2) + P.little(0, 10)
            directory += P.little(offset, 4) + Array(entry.name.utf8) + entry.extra
        }
        file += gapBeforeDirectory
        let start = file.count
        file += directory + P.little(0x0605_4b50, 4) + P.little(disk, 2) + P.little(disk, 2)
        file += P.little(count ?? entries.count, 2) + P.little(count ?? entries.count, 2)
        file += P.little(directory.count, 4) + P.little(start + directoryShift, 4) + P.little(commentLength, 2)
        return Bytes(file + suffix)
    }
}

@Suite struct ZipArchiveTests {
    private func refusal(_ change: (inout LyingZip) -> Void) -> CheckpointError? {
        var zip = LyingZip.valid()
        change(&zip)
        return #expect(throws: CheckpointError.self) { try Checkpoint.decode(zip.bytes()) }
    }

    private let pickle = "archive/data.pkl"

    @Test func theHonestArchiveOpens() throws {
        #expect(try Checkpoint.decode(LyingZip.valid().bytes()).root.isNone)
    }

    @Test func aTruncatedArchiveIsRefused() throws {
        let bytes = try Fixture.bytes("zip_training.pth")
        for count in [30, 1000, bytes.count - 22, bytes.count - 1] {
            #expect(throws: CheckpointError.zipNoDirectory) {
                try Checkpoint.decode(try #require(bytes.slice(at: 0, count: count)))
            }
        }
    }

    @Test func bytesAroundTheArchiveAreRefused() {
        #expect(refusal { $0.suffix = [0] } == .zipNoDirectory)
        #expect(refusal { ($0.commentLength, $0.suffix) = (1, [0]) } == .zipNoDirectory)
        #expect(refusal { $0.prefix = Array("PK\u{3}\u{4}".utf8) } == .zipGap(entry: pickle))
        #expect(refusal { $0.gapBeforeDirectory = [0] } == .zipGap(entry: "archive/version"))
    }

    @Test func aGapBetweenEntriesIsRefused() {
        #expect(refusal { $0.entries[0].tail = [1, 2, 3] } == .zipGap(entry: "archive/version"))
    }

    @Test func overlappingEntriesAreRefused() {
        #expect(refusal { $0.entries[1] = .init(name: "archive/x", localName: pickle, offset: 0) } != nil)
        #expect(
            refusal {
                let inner = $0.entries[0]
                $0.entries.append(inner)
                $0.entries[2].name = "archive/same"
                $0.entries[2].localName = "archive/same"
                $0.entries[1].size = 60
            } == .zipOverlap(entry: "archive/version"))
    }

    @Test func anEntryTwiceIsRefused() {
        #expect(refusal { $0.entries[1].name = pickle } == .zipDuplicate(entry: pickle))
    }

    @Test func aHeaderThatDisagreesIsRefused() {
        #expect(
            refusal { $0.entries[0].localName = "archive/data.pkx" } == .zipDisagreement(entry: pickle, field: "name"))
        #expect(refusal { $0.entries[0].localFlags = 0 } == .zipDisagreement(entry: pickle, field: "flags"))
        #expect(refusal { $0.entries[0].localMethod = 8 } == .zipDisagreement(entry: pickle, field: "method"))
        #expect(refusal { $0.entries[0].localChecksum = 1 } == .zipDisagreement(entry: pickle, field: "checksum"))
        #expect(refusal { $0.entries[0].localSize = 1 } == .zipDisagreement(entry: pickle, field: "size"))
        // Zeros are for headers with a descriptor only.
        #expect(refusal { $0.entries[0].localSize = 0 } == .zipDisagreement(entry: pickle, field: "size"))
    }

    @Test func aDescriptorThatDisagreesIsRefused() throws {
        func with(_ descriptor: [UInt8]) -> LyingZip {
            var zip = LyingZip.valid()
            zip.entries[0].flags = 0x808
            (zip.entries[0].localChecksum, zip.entries[0].localSize) = (0, 0)
            zip.entries[0].tail = descriptor
            return zip
        }
        let content = LyingZip.valid().entries[0].content
        let checksum = Pickled.little(Int(Deflate.crc32(Bytes(content))), 4), size = Pickled.little(content.count, 4)
        let mark = Pickled.little(0x0807_4b50, 4)
        #expect(try Checkpoint.decode(with(mark + checksum + size + size).bytes()).root.isNone)
        let wide = Pickled.little(content.count, 8)
        #expect(try Checkpoint.decode(with(mark + checksum + wide + wide).bytes()).root.isNone)
        // What miniz writes of a large storage: a zip64 field whose second number only the descriptor will know.
        var large = with(mark + checksum + wide + wide)
        large.entries[0].localExtra = [1, 0, 16, 0] + wide + Pickled.little(0, 8)
        #expect(try Checkpoint.decode(large.bytes()).root.isNone)
        let wrong = [
            mark + checksum + size + Pickled.little(9, 4), mark + Pickled.little(1, 4) + size + size,
            checksum + size + size,
            mark + checksum + size + size + [0], mark,
        ]
        for descriptor in wrong {
            #expect(throws: CheckpointError.self) { try Checkpoint.decode(with(descriptor).bytes()) }
        }
    }

    @Test(arguments: [0x801, 0x802, 0x840, 0x2800, 0x20])
    func flagsThatTorchNeverSetsAreRefused(_ flags: Int) {
        #expect(refusal { $0.entries[0].flags = flags } == .zipFlags(entry: pickle, flags: flags))
    }

    @Test func aWrongChecksumIsRefused() {
        #expect(refusal { $0.entries[0].checksum = 7 } == .zipChecksum(entry: pickle))
        #expect(refusal { $0.entries[1].checksum = 7 } == .zipChecksum(entry: "archive/version"))
    }

    @Test func compressedEntriesAreRefused() {
        #expect(throws: CheckpointError.zipCompressed(entry: "compressed/data.pkl", method: 8)) {
            var writer = ZipWriter()
            writer.add("compressed/data.pkl", [UInt8](repeating: 0, count: 100), deflating: true)
            _ = try Checkpoint.decode(Bytes(writer.finish()))
        }
        #expect(throws: CheckpointError.self) { try Fixture.open("refused/compressed.pth") }
        #expect(refusal { $0.entries[0].method = 12 } == .zipCompressed(entry: pickle, method: 12))
    }

    @Test(arguments: [
        "../data.pkl", "archive/../data.pkl", "/archive/data.pkl", "archive\\data.pkl", "archive/a\nb", "",
    ])
    func unsafeNamesAreRefused(_ name: String) {
        #expect(refusal { $0.entries[1].name = name } == .zipBadName(name))
    }

    @Test func namesThatAreNotUTF8AreRefused() throws {
        var file = try Fixture.bytes("zip_bare.pth").array
        for index in file.indices.dropLast(8) where file[index...].starts(with: Array("zip_bare/version".utf8)) {
            file[index] = 0xff
        }
        #expect(throws: CheckpointError.notUTF8(part: "a zip entry's name")) { try Checkpoint.decode(Bytes(file)) }
    }

    @Test func twoRootFoldersAreRefused() {
        #expect(refusal { $0.entries[1].name = "other/version" } == .zipTwoRoots("archive", "other"))
    }

    @Test func anArchiveWithoutAPickleIsRefused() {
        #expect(refusal { $0.entries.removeFirst() } == .zipMissing(entry: "archive/data.pkl"))
        #expect(refusal { $0.entries.removeAll() } == .zipMissing(entry: "data.pkl"))
        #expect(refusal { $0.entries[1].name = "readme" } == .zipMissing(entry: "data.pkl"))
    }

    @Test func aSplitArchiveIsRefused() {
        #expect(refusal { $0.disk = 1 } == .zipSplit)
    }

    @Test func aDirectoryThatLiesIsRefused() {
        #expect(refusal { $0.count = 1 } != nil)
        #expect(refusal { $0.count = 3 } != nil)
        #expect(refusal { $0.count = 0xffff } != nil)
        #expect(refusal { $0.directoryShift = 1 } == .zipMalformed(entry: "", part: "directory"))
        #expect(refusal { $0.directoryShift = -1 } == .zipMalformed(entry: "", part: "directory"))
        #expect(refusal { $0.entries[0].offset = 0x7fff_0000 } == .zipMalformed(entry: pickle, part: "offset"))
        #expect(refusal { $0.entries[0].offset = 0xffff_ffff } == .zipMalformed(entry: pickle, part: "zip64 field"))
        #expect(refusal { $0.entries[0].offset = 5 } == .zipMalformed(entry: pickle, part: "header"))
        #expect(refusal { $0.entries[0].size = 0x7fff_0000 } != nil)
    }

    @Test func zip64FieldsThatLieAreRefused() {
        func field(_ numbers: [UInt64]) -> [UInt8] {
            [1, 0] + Pickled.little(numbers.count * 8, 2)
                + numbers.flatMap { Pickled.little(Int(bitPattern: UInt($0)), 8) }
        }
        #expect(refusal { $0.entries[0].extra = field([7]) } == .zipMalformed(entry: pickle, part: "zip64 field"))
        #expect(
            refusal { $0.entries[0].localExtra = field([7]) } == .zipDisagreement(entry: pickle, field: "zip64 field"))
        #expect(
            refusal {
                $0.entries[0].extra = field([.max])
                $0.entries[0].offset = 0xffff_ffff
            } == .zipMalformed(entry: pickle, part: "zip64 field"))
        #expect(
            refusal {
                $0.entries[0].extra = field([1 << 62])
                $0.entries[0].offset = 0xffff_ffff
            } == .zipMalformed(entry: pickle, part: "offset"))
        #expect(
            refusal { $0.entries[0].extra = [1, 0, 3, 0, 0, 0, 0] } == .zipMalformed(entry: pickle, part: "zip64 field")
        )
        #expect(refusal { $0.entries[0].extra = [1, 0, 16, 0, 0] } != nil)
    }

    @Test func tooManyEntriesAreRefused() {
        var writer = ZipWriter(zip64From: 1)
        for index in 0..<65_537 { writer.add("a/\(index)", []) }
        #expect(throws: CheckpointError.zipTooManyEntries(65_537, limit: 65_536)) {
            try Checkpoint.decode(Bytes(writer.finish()))
        }
    }

    @Test func namesThatAreDearToCompareAreRefused() {
        var zip = LyingZip.valid()
        zip.entries[1].name = "archive/a" + String(repeating: "\u{301}", count: 31)
        let error = #expect(throws: CheckpointError.self) { try Checkpoint.decode(zip.bytes()) }
        guard case .tooManyMarks? = error else { return #expect(Bool(false), "\(error as Any)") }
    }
}
