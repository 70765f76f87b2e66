import FoundationEssentials
import Images
import Platform
import Testing

@Suite struct ImageFolderTests {
    private func withTree(_ files: [String], _ body: (String) throws -> Void) throws {
        let root = FileManager.default.temporaryDirectory.path + "/images-\(RandomBytes.hex(8))"
        defer { try? FileManager.default.removeItem(atPath: root) }
        let picture = try ImageFixtures.bytes("png-1x1.png").array
        try Folder.create(root)
        for file in files {
            let path = "\(root)/\(file)"
            try Folder.create(path.split(separator: "/").dropLast().map { "/" + $0 }.joined())
            try AtomicFile.write(picture, to: path)
        }
        try body(root)
    }

    @Test func orderIsThatOfTorchvision() throws {
        let tree = ImageFixtures.all.folder
        try withTree(tree.files) { root in
            let folder = try ImageFolder(root)
            #expect(folder.classes == tree.classes)
            #expect(folder.entries.map(\.path) == tree.samples.map(\.path))
            #expect(folder.entries.map(\.label) == tree.samples.map(\.label))
            #expect(folder.count == tree.samples.count)
            let image = try folder.image(at: folder.count - 1)
            #expect(image.pixels == [200, 100, 50])
        }
    }

    @Test func flatFoldersHaveNoClasses() throws {
        try withTree(["b.jpg", "a.png", "B.jpeg", "notes.txt", "empty/readme.txt", ".hidden.png"]) { root in
            let folder = try ImageFolder(root)
            #expect(folder.classes.isEmpty)
            #expect(folder.entries.map(\.path) == ["B.jpeg", "a.png", "b.jpg"])
            #expect(folder.entries.allSatisfy { $0.label == nil })
        }
    }

    @Test func nothingToSeeIsAnError() throws {
        try withTree(["a/readme.txt"]) { root in
            #expect(throws: ImageError.noImages(path: root)) { try ImageFolder(root) }
            let error = #expect(throws: ImageError.self) { try ImageFolder(root + "/missing") }
            #expect(error?.description.contains("missing") == true)
        }
    }

    @Test func linksMayNotLeadOutside() throws {
        try withTree(["set/a/1.png", "set/b/1.png", "secret/2.png"]) { root in
            let manager = FileManager.default
            try manager.createSymbolicLink(atPath: root + "/set/a/out.png", withDestinationPath: "../../secret/2.png")
            let folder = try ImageFolder(root + "/set")
            #expect(folder.entries.map(\.path) == ["a/1.png", "a/out.png", "b/1.png"])
            #expect(throws: ImageError.file(.outside(path: "a/out.png"))) { try folder.image(at: 1) }
            try manager.createSymbolicLink(atPath: root + "/set/c", withDestinationPath: "../secret")
            #expect(throws: ImageError.file(.outside(path: "c"))) { try ImageFolder(root + "/set") }
        }
    }

    @Test func linksInACircleEnd() throws {
        try withTree(["a/1.png"]) { root in
            try FileManager.default.createSymbolicLink(atPath: root + "/a/again", withDestinationPath: ".")
            #expect(throws: ImageError.self) { try ImageFolder(root) }
        }
    }
}
