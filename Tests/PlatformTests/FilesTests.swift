import Foundation
import Platform
import Testing

@Suite struct FilesTests {
    @Test func aFileIsWrittenWholeAndMapped() throws {
        try withFolder { folder in
            let path = folder + "/numbers"
            try AtomicFile.write([1, 2, 3], to: path)
            #expect(try MappedFile.open(path).array == [1, 2, 3])
            try AtomicFile.write([4], to: path)
            #expect(try MappedFile.open(path).array == [4])
            #expect(try Folder.entries(folder).map(\.name) == ["numbers"], "nothing temporary is left")
        }
    }

    @Test func theOldBytesLiveWhileSomebodyHoldsThem() throws {
        try withFolder { folder in
            try AtomicFile.write([1, 2, 3], to: folder + "/a")
            let old = try MappedFile.open(folder + "/a")
            try AtomicFile.write([9], to: folder + "/a")
            #expect(old.array == [1, 2, 3])
        }
    }

    @Test func namesCannotLeaveTheirFolder() throws {
        try withFolder { folder in
            try Folder.create(folder + "/inside")
            try AtomicFile.write([7], to: folder + "/secret")
            try AtomicFile.write([1], to: folder + "/inside/open")
            try FileManager.default.createSymbolicLink(
                atPath: folder + "/inside/link", withDestinationPath: "../secret")
            #expect(try MappedFile.open("open", beneath: folder + "/inside").array == [1])
            for name in ["../secret", "/etc/passwd", "link", "./../secret"] {
                #expect(throws: FileError.outside(path: name)) {
                    try MappedFile.open(name, beneath: folder + "/inside")
                }
            }
            #expect(throws: FileError.self) { try MappedFile.open("missing", beneath: folder + "/inside") }
            #expect(try ContainedFile.kind("inside", beneath: folder) == .folder)
        }
    }

    @Test func aFolderIsNoFile() throws {
        try withFolder { folder in
            #expect(throws: FileError.notRegular(path: folder)) { try MappedFile.open(folder) }
        }
    }

    @Test func namesSortByCodePointAndHiddenOnesAreLeftOut() throws {
        try withFolder { folder in
            for name in ["b", "B", "a10", "a9", "ä", ".hidden"] {
                try AtomicFile.write([UInt8](), to: folder + "/" + name)
            }
            #expect(try Folder.entries(folder).map(\.name) == ["B", "a10", "a9", "b", "ä"])
        }
    }
}

func withFolder(_ body: (String) throws -> Void) throws {
    let folder = NSTemporaryDirectory() + "vitscope-" + UUID().uuidString
    try Folder.create(folder)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
}
