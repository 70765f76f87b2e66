import Catalogue
import Foundation
import Platform
import Service
import ServiceTestSupport
import Testing

/// What happens on a disk of 64 MiB. Making one is root's privilege; where we are not root, nothing is tried.
@Suite(.enabled(if: SmallDisk.isPossible, "only root can mount a small file system")) struct UploadSpaceTests {
    private static let piece = [UInt8](repeating: 1, count: 1 << 20)

    private func left(_ disk: SmallDisk) throws -> [String] {
        try Folder.entries(disk.path + "/data/uploads/sha256").map(\.name)
    }

    @Test func whatDoesNotFitIsRefusedBeforeItIsWritten() async throws {
        let disk = try SmallDisk()
        let test = try await TestService { $0.dataDirectory = disk.path + "/data" }
        guard case .diskFull? = await failure({ _ = try await test.service.beginUpload(declaredBytes: 60 << 20) })
        else { return #expect(Bool(false), "60 MiB leave less than a tenth") }
        #expect(try left(disk).isEmpty)
        // Two that would fit one at a time are not promised the same room.
        let first = try await test.service.beginUpload(declaredBytes: 40 << 20)
        guard case .diskFull? = await failure({ _ = try await test.service.beginUpload(declaredBytes: 40 << 20) })
        else { return #expect(Bool(false), "there is no room for a second one") }
        first.abort()
        let second = try await test.service.beginUpload(declaredBytes: 40 << 20)
        second.abort()
        #expect(try left(disk).isEmpty)
    }

    @Test func whoDoesNotSayHowLongIsStoppedInTimeAndLeavesNothing() async throws {
        let disk = try SmallDisk()
        let test = try await TestService { $0.dataDirectory = disk.path + "/data" }
        let writer = try await test.service.beginUpload()
        var written = 0
        let error = await failure {
            while written < 100 {
                try await writer.append(Self.piece)
                written += 1
            }
        }
        #expect(error == .diskFull)
        #expect((50..<60).contains(written), "\(written) MiB")
        #expect(try left(disk).isEmpty)
        let small = try await test.service.beginUpload(declaredBytes: 1 << 20)
        try await small.append(Self.piece)
        #expect(try await small.finish().isNew)
    }

    @Test func readinessFollowsTheDisk() async throws {
        let disk = try SmallDisk()
        let test = try await TestService { $0.dataDirectory = disk.path + "/data" }
        #expect(test.service.readiness == .ready)
        let filler = disk.path + "/filler"
        #expect(FileManager.default.createFile(atPath: filler, contents: nil))
        let handle = try #require(FileHandle(forWritingAtPath: filler))
        while (try? handle.write(contentsOf: Self.piece)) != nil {}
        #expect(test.service.readiness == .diskFull)
        try FileManager.default.removeItem(atPath: filler)
        try handle.close()
        #expect(test.service.readiness == .ready)
    }
}

/// A file system of 64 MiB in memory, for as long as it is held.
final class SmallDisk {
    let path = NSTemporaryDirectory() + "vitscope-disk-" + UUID().uuidString

    struct NotMade: Error {}

    static let isPossible: Bool = (try? SmallDisk()) != nil

    init() throws {
        try Folder.create(path)
        guard Self.run("mount", ["-t", "tmpfs", "-o", "size=64m", "tmpfs", path]) else {
            try FileManager.default.removeItem(atPath: path)
            throw NotMade()
        }
    }

    deinit {
        _ = Self.run("umount", ["-l", path])
        try? FileManager.default.removeItem(atPath: path)
    }

    private static func run(_ command: String, _ arguments: [String]) -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [command] + arguments
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }
}
