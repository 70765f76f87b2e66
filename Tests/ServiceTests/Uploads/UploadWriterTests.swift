import Platform
import Service
import Testing

@Suite struct UploadWriterTests {
    private func left(_ test: TestService) throws -> [String] {
        try Folder.entries(test.folder + "/data/uploads/sha256").map(\.name)
    }

    @Test func bytesAreKeptUnderTheirDigest() async throws {
        let test = try await TestService()
        let writer = try await test.service.beginUpload(declaredBytes: 6)
        try await writer.append(Array("abc".utf8))
        try await writer.append(Array("def".utf8))
        let upload = try await writer.finish()
        #expect(upload == Upload(sha256: SHA256.hex(of: Array("abcdef".utf8)), sizeBytes: 6))
        #expect(try left(test) == [upload.sha256])
        #expect(await test.service.statistics().uploadedBytes == 6)
    }

    @Test func anAbortedUploadLeavesNothing() async throws {
        let test = try await TestService()
        let writer = try await test.service.beginUpload()
        try await writer.append([1, 2, 3])
        #expect(try left(test).count == 1)
        writer.abort()
        #expect(try left(test).isEmpty)
        guard case .conflict? = await failure({ try await writer.append([4]) }) else {
            return #expect(Bool(false), "the upload is over")
        }
    }

    @Test func aForgottenUploadLeavesNothing() async throws {
        let test = try await TestService()
        do {
            let writer = try await test.service.beginUpload()
            try await writer.append([1, 2, 3])
        }
        #expect(try left(test).isEmpty)
    }

    @Test func anUploadOverTheLimitLeavesNothing() async throws {
        let test = try await TestService { $0.limits.uploadBytes = 5 }
        guard case .tooLarge? = await failure({ _ = try await test.service.beginUpload(declaredBytes: 6) }) else {
            return #expect(Bool(false), "6 bytes are too many")
        }
        let writer = try await test.service.beginUpload()
        try await writer.append([1, 2, 3])
        guard case .tooLarge(_, let alternative)? = await failure({ try await writer.append([4, 5, 6]) }) else {
            return #expect(Bool(false), "6 bytes are too many")
        }
        #expect(!alternative.isEmpty)
        #expect(try left(test).isEmpty)
    }

    @Test func anEmptyUploadIsNone() async throws {
        let test = try await TestService()
        let writer = try await test.service.beginUpload()
        guard case .unreadable? = await failure({ _ = try await writer.finish() }) else {
            return #expect(Bool(false), "no bytes, no upload")
        }
        #expect(try left(test).isEmpty)
    }

    @Test func whatACrashLeftIsRemovedAtTheStart() async throws {
        let test = try await TestService()
        await test.service.shutdown()
        try AtomicFile.write([1], to: test.folder + "/data/uploads/sha256/0011.partial")
        try await TestService.make(test.folder).start()
        #expect(try left(test).isEmpty)
    }
}
