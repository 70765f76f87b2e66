import Catalogue
import Platform
import Service
import ServiceTestSupport
import Testing

@Suite struct DatasetTests {
    @Test func foldersAndTheBuiltInSetAreListed() async throws {
        let test = try await TestService()
        try Folder.create(test.folder + "/datasets/empty")
        let datasets = try await test.service.datasets()
        #expect(datasets.map(\.name) == ["shapes-textures", "pets"])
        #expect(datasets[0].isBuiltIn && datasets[0].classes.count == 10)
        #expect(datasets[1].numImages == 6 && datasets[1].classes == ["cats", "dogs"] && !datasets[1].isBuiltIn)
    }

    @Test func imagesComeInPagesInOrder() async throws {
        let test = try await TestService()
        var refs: [String] = [], token: String?
        repeat {
            let page = try await test.service.datasetImages("pets", pageSize: 4, pageToken: token)
            refs += page.items.map(\.ref)
            token = page.nextPageToken
        } while token != nil
        #expect(refs == (0..<6).map { "pets:\($0)" })
        let last = try await test.service.datasetImages("pets", pageToken: "o5").items
        #expect(last == [DatasetImage(ref: "pets:5", className: "dogs", file: "dogs/5.png")])
    }

    @Test(arguments: ["o99", "5", "o-1", ""])
    func aForeignTokenIsRefused(token: String) async throws {
        let test = try await TestService()
        guard case .unreadable? = await failure({ _ = try await test.service.datasetImages("pets", pageToken: token) })
        else { return #expect(Bool(false), "\(token) is no token") }
    }

    @Test func anImpossiblePageSizeIsRefused() async throws {
        let test = try await TestService()
        for size in [0, -1, 1_000_000] {
            guard case .invalid? = await failure({ _ = try await test.service.datasetImages("pets", pageSize: size) })
            else { return #expect(Bool(false), "\(size) is no size") }
        }
    }

    @Test func builtInImagesAreDrawnTheSameEveryTime() async throws {
        let test = try await TestService()
        let first = try await test.service.originalImage("shapes-textures:7")
        #expect(first == (try await test.service.originalImage("shapes-textures:7")))
        #expect(first.mediaType == "image/png")
    }

    @Test func anIndexFollowsTheFolder() async throws {
        let test = try await TestService()
        #expect(try await test.service.originalImage("pets:0").bytes == TestService.picture(0))
        try Folder.removeFile(test.folder + "/datasets/pets/cats/0.png")
        #expect(try await test.service.originalImage("pets:0").bytes == TestService.picture(1))
        let error = await failure { _ = try await test.service.originalImage("pets:5") }
        #expect(error?.detail == "There is no image “pets:5”: the dataset “pets” has 5 images, 0 to 4.")
    }

    @Test func newFilesAreFound() async throws {
        let test = try await TestService()
        _ = try await test.service.datasetImages("pets")
        try AtomicFile.write(TestService.picture(7), to: test.folder + "/datasets/pets/dogs/9.png")
        #expect(try await test.service.originalImage("pets:6").bytes == TestService.picture(7))
    }
}
