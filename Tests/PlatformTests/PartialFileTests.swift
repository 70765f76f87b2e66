import Foundation
import Platform
import Testing

@Suite struct PartialFileTests {
    private static func withFolder(_ body: (String) throws -> Void) throws {
        let folder = NSTemporaryDirectory() + "vitscope-partial-" + UUID().uuidString
        try Folder.create(folder)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    @Test func roomThatWasTakenDoesNotShowInTheFile() throws {
        try Self.withFolder { folder in
            for (reserved, written) in [(0, 3), (3, 3), (100_000, 3), (2, 3)] {
                let file = try PartialFile(in: folder, suffix: ".partial")
                try file.reserve(reserved)
                try file.append([UInt8](repeating: 7, count: written))
                try file.finish(as: folder + "/whole")
                #expect(try MappedFile.open(folder + "/whole").array == [UInt8](repeating: 7, count: written))
            }
        }
    }

    @Test func moreRoomThanThereIsIsRefusedAndNothingIsLeft() throws {
        try Self.withFolder { folder in
            do {
                let file = try PartialFile(in: folder, suffix: ".partial")
                let error = #expect(throws: FileError.self) { try file.reserve(1 << 60) }
                #expect(error?.isDiskFull == true)
            }
            #expect(try Folder.entries(folder).isEmpty)
        }
    }
}

@Suite struct DiskSpaceTests {
    @Test(arguments: [
        (64 << 20, (64 << 20) / 10), (10 << 30, 1 << 30), (20 << 30, 2 << 30), (30 << 30, 2 << 30),
        (1000 << 30, 50 << 30), (0, 0), (Int.max, Int.max / 20),
    ])
    func reserveFitsTheDisk(total: Int, reserve: Int) {
        #expect(DiskSpace(totalBytes: total, freeBytes: 0).reserveBytes == reserve)
    }

    @Test(arguments: [
        (64 << 20, 2 << 20, false), (64 << 20, 1 << 20, true), (64 << 20, 0, true), (1 << 40, 65 << 20, false),
        (1 << 40, 63 << 20, true),
    ])
    func exhaustionIsLessThanTheReserve(total: Int, free: Int, isExhausted: Bool) {
        #expect(DiskSpace(totalBytes: total, freeBytes: free).isExhausted == isExhausted)
    }

    @Test func realFolderHasSpace() throws {
        let space = try DiskSpace(at: "/")
        #expect(space.totalBytes > space.freeBytes)
        #expect(throws: FileError.self) { try DiskSpace(at: "/nothing/here") }
    }
}
