import Catalogue
import Images
import Platform
import Service
import ServiceTestSupport
import Testing
import TestSupport

@Suite struct ImageStoreTests {
    @Test func aPictureIsKnownByItsDigest() async throws {
        let test = try await TestService()
        let bytes = TestService.picture(9)
        let first = try await test.service.addImage(bytes)
        #expect(first == StoredImage(id: "sha256:" + SHA256.hex(of: bytes), width: 40, height: 40, isNew: true))
        #expect(try await test.service.addImage(bytes).isNew == false)
        #expect(try await test.service.originalImage(first.id) == EncodedFile(bytes: bytes, mediaType: "image/png"))
    }

    @Test func uploadsAreTurnedUprightAndDatasetsAreNot() async throws {
        let test = try await TestService()
        let bytes = try MappedFile.open(fixture("images/orientation/6.jpg")).array
        let stored = try await test.service.addImage(bytes)
        let plain = try Image.decode(bytes, orientation: .ignore)
        #expect(stored.width == plain.height && stored.height == plain.width)
        try AtomicFile.write(bytes, to: test.folder + "/datasets/pets/cats/00.jpg")
        let upright = try await test.service.modelView(stored.id, size: 32)
        let asStored = try await test.service.modelView("pets:0", size: 32)
        #expect(upright != asStored)
    }

    /// Wrong pixels are worse than none; the right ones put it right.
    @Test func aDamagedPictureIsRefusedUntilItIsSentAgain() async throws {
        let test = try await TestService()
        let bytes = TestService.picture(9)
        let id = try await test.service.addImage(bytes).id
        /// Turns a bit in the middle of a file.
        func turn(_ path: String) throws {
            var turned = try MappedFile.open(path).array
            turned[turned.count / 2] ^= 1
            try AtomicFile.write(turned, to: path)
        }
        let digest = id.dropFirst(7)
        try turn(test.folder + "/data/images/" + digest)
        guard case .conflict(let sent)? = await failure({ _ = try await test.service.originalImage(id) }) else {
            return #expect(Bool(false), "it is damaged")
        }
        #expect(sent.contains("Send the image again"))
        try turn(test.folder + "/data/pixels/\(digest).png")
        guard case .conflict(let own)? = await failure({ _ = try await test.service.modelView(id, size: 32) }) else {
            return #expect(Bool(false), "its pixels are damaged")
        }
        #expect(own.contains("own copy") && own.contains("Send the image again"))
        #expect(try await test.service.addImage(bytes).isNew)
        #expect(try await test.service.originalImage(id).bytes == bytes)
        _ = try await test.service.modelView(id, size: 32)
    }

    @Test func aTextIsNoPicture() async throws {
        let test = try await TestService()
        guard
            case .unsupportedMedia(let detail)? = await failure({
                _ = try await test.service.addImage(Array("just a text".utf8))
            })
        else { return #expect(Bool(false), "a text is no image") }
        #expect(detail.contains("send a file of JPEG, PNG,"))
    }

    @Test func aTornPictureIsUnreadable() async throws {
        let test = try await TestService()
        guard
            case .unreadable? = await failure({
                _ = try await test.service.addImage(Array(TestService.picture(1).dropLast(30)))
            })
        else { return #expect(Bool(false), "the end is missing") }
        #expect(try Folder.entries(test.folder + "/data/images").isEmpty)
    }

    @Test func aPictureOverTheLimitIsRefused() async throws {
        let test = try await TestService { $0.limits.imageBytes = 100 }
        guard case .tooLarge? = await failure({ _ = try await test.service.addImage(TestService.picture(1)) }) else {
            return #expect(Bool(false), "over 100 bytes")
        }
    }

    @Test func theModelsViewIsWhatItsTransformShows() async throws {
        let test = try await TestService()
        try await test.register("a")
        let view = try await test.service.modelView("pets:1", model: "a")
        let image = try Image.decode(TestService.picture(1), orientation: .ignore)
        #expect(
            try Image.decode(view.bytes, orientation: .ignore)
                == EvaluationTransform(height: 32, width: 32).view(of: image))
    }

    @Test(arguments: ["pets", "pets:x", "pets:-1", ":3", "", "sha256:zz"])
    func whatIsNoReferenceIsSaidToBeNone(ref: String) async throws {
        let test = try await TestService()
        let error = await failure { _ = try await test.service.originalImage(ref) }
        switch error {
        case .invalid?, .notFound(.image, _, _)?: break
        default: Issue.record("\(ref): \(String(describing: error))")
        }
    }

    @Test func anIndexBeyondTheDatasetNamesItsEnds() async throws {
        let test = try await TestService()
        let error = await failure { _ = try await test.service.originalImage("pets:6") }
        #expect(error == .notFound(.image, name: "pets:6", nearest: ["pets:0", "pets:5"]))
        let unknown = await failure { _ = try await test.service.originalImage("pet:0") }
        #expect(unknown == .notFound(.dataset, name: "pet", nearest: ["pets"]))
    }
}
