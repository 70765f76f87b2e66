import Catalogue
import Platform
import Service
import ServiceTestSupport
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
        #expect(upload == Upload(sha256: SHA256.hex(of: Array("abcdef".utf8)), sizeBytes: 6, isNew: true))
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

    private func upload(_ bytes: [UInt8], sha256: String? = nil, to test: TestService) async throws -> Upload {
        let writer = try await test.service.beginUpload(declaredBytes: bytes.count, sha256: sha256)
        try await writer.append(bytes)
        return try await writer.finish()
    }

    @Test func theSameAgainIsKnown() async throws {
        let test = try await TestService()
        let first = try await upload([1, 2, 3], to: test), second = try await upload([1, 2, 3], to: test)
        #expect(first.isNew)
        #expect(!second.isNew)
        #expect(try left(test) == [first.sha256])
        #expect(try await test.service.upload(first.sha256).sizeBytes == 3)
        #expect(try await test.service.allUploads().items.map(\.sha256) == [first.sha256])
    }

    @Test func aDamagedFileIsReplaced() async throws {
        let test = try await TestService()
        let first = try await upload([1, 2, 3], to: test)
        let path = test.folder + "/data/uploads/sha256/" + first.sha256
        try AtomicFile.write([1], to: path)
        #expect(try await upload([1, 2, 3], to: test).isNew)
        #expect(try MappedFile.open(path).array == [1, 2, 3])
    }

    @Test func bytesAreWhatWasAnnouncedOrNothingIsKept() async throws {
        let test = try await TestService()
        let digest = SHA256.hex(of: [1, 2, 3])
        #expect(try await upload([1, 2, 3], sha256: digest, to: test).sha256 == digest)
        guard case .invalid? = await failure({ _ = try await upload([1, 2, 4], sha256: digest, to: test) }) else {
            return #expect(Bool(false), "these are other bytes")
        }
        #expect(try left(test) == [digest])
    }

    @Test func anUploadGoesWhenNoModelIsMadeOfIt() async throws {
        let test = try await TestService()
        let bytes = try MappedFile.open(test.folder + "/models/a.safetensors").array
        let digest = try await upload(bytes, to: test).sha256
        try await test.register("m", "upload:" + digest)
        guard case .conflict(let detail)? = await failure({ try await test.service.deleteUpload(digest) }) else {
            return #expect(Bool(false), "a model is made of it")
        }
        #expect(detail.contains("m"))
        try await test.service.deleteModel("m")
        try await test.service.deleteUpload(digest)
        #expect(try left(test).isEmpty)
        for name in [digest, "x", "../../models.json"] {
            guard case .notFound? = await failure({ try await test.service.deleteUpload(name) }) else {
                return #expect(Bool(false), "\(name)")
            }
        }
    }
}
