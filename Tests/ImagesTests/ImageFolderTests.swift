import TestSupport
import FoundationEssentials
import Images
import Platform
import Testing

@Suite struct ImageFolderTests {
    private func withTree(_ files: [String], _ body: (String) throws -> Void) throws {
        let root = FileManager.default.temporaryDirectory.path + "/images-\(RandomBytes.hex(8))"
        defer { try? FileManager.default.removeItem(atPath: root) }
        let picture = try ImageFixtures.bytes("png/1x1.png").array
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
            #expect(folder.entries.everyOne { $0.label == nil })
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
            try manager.createSymbolicLink(atPath: root + "/set/c", withDestinationPath: "../secret")
            let folder = try ImageFolder("set", beneath: root)
            #expect(folder.entries.map(\.path) == ["a/1.png", "b/1.png"] && folder.classes == ["a", "b"])
            #expect(folder.leftOut.map(\.example) == ["c", "a/out.png"])
            #expect(folder.leftOut.everyOne { $0.reason == .link && $0.count == 1 })
            // A file that becomes a link after it was listed is not followed either.
            try manager.removeItem(atPath: root + "/set/a/1.png")
            try manager.createSymbolicLink(atPath: root + "/set/a/1.png", withDestinationPath: "../../secret/2.png")
            #expect(throws: ImageError.file(.outside(path: "set/a/1.png"))) { try folder.image(at: 0) }
            // Nor is the folder itself, where it has a name below a root.
            try manager.createSymbolicLink(atPath: root + "/alias", withDestinationPath: "set")
            #expect(throws: ImageError.file(.outside(path: "alias"))) { try ImageFolder("alias", beneath: root) }
            #expect(throws: ImageError.file(.outside(path: "../secret"))) {
                try ImageFolder("../secret", beneath: root + "/set")
            }
        }
    }

    @Test func linksInACircleEnd() throws {
        try withTree(["a/1.png"]) { root in
            try FileManager.default.createSymbolicLink(atPath: root + "/a/again", withDestinationPath: ".")
            #expect(try ImageFolder(root).entries.map(\.path) == ["a/1.png"])
        }
    }

    @Test func whatIsNoPictureIsLeftOutAndTold() throws {
        let files = [
            "cat/1.png", "cat/2.ppm", "cat/3.PPM", "cat/Thumbs.db", "cat/.DS_Store", "cat/._1.png", "dog/1.png",
            "dog/notes.txt", "dog/raw.heic", "dog/noending", "__MACOSX/._1.png", ".ipynb_checkpoints/1.png",
            "dog/.ipynb_checkpoints/1.png", "empty/readme.txt", "loose.png",
        ]
        try withTree(files) { root in
            let folder = try ImageFolder(root)
            #expect(folder.classes == ["cat", "dog", "empty"] && folder.emptyClasses == ["empty"])
            #expect(folder.entries.map(\.path) == ["cat/1.png", "dog/1.png"])
            let told = folder.leftOut.map { "\($0.reason.rawValue) \($0.kind) \($0.count) \($0.example)" }
            #expect(
                told == [
                    "format_not_read .heic 1 dog/raw.heic", "format_not_read .ppm 2 cat/2.ppm",
                    "not_a_picture  1 dog/noending", "not_a_picture .txt 2 dog/notes.txt",
                    "system  1 cat/.DS_Store", "system .db 1 cat/Thumbs.db", "system .png 1 cat/._1.png",
                    "system folder 3 .ipynb_checkpoints", "beside_the_classes .png 1 loose.png",
                ])
            #expect(
                folder.leftOut.filter(\.countsForTorchvision).map(\.kind) == [".ppm", ".png", "folder"])
            #expect(folder.leftOut[1].words == "2 × .ppm file in a format that is not read, such as cat/2.ppm")
        }
        try withTree(["a/1.ppm"]) { root in
            let error = #expect(throws: ImageError.self) { try ImageFolder(root) }
            #expect(error?.description.contains("1 × .ppm file in a format that is not read") == true)
        }
    }

    @Test func everyFormatCountsByItsEnding() throws {
        let files = ImageFormat.allCases.flatMap(\.endings).map { "a/1" + $0 } + ["a/2.GIF", "b/1.Tiff"]
        try withTree(files) { root in
            let folder = try ImageFolder(root)
            #expect(folder.count == files.count && folder.leftOut.isEmpty)
            // Torchvision's ImageFolder knows all of them but one.
            #expect(folder.unknownToTorchvision == [".gif": 2])
        }
    }

    @Test func whatIsLeftOutIsNamed() throws {
        try withTree((0..<12).map { "a/\($0 + 10).heic" } + ["a/1.png"]) { root in
            let left = try ImageFolder(root).leftOut
            #expect(left.count == 1 && left[0].count == 12 && left[0].example == "a/10.heic")
            #expect(left[0].examples == (10..<15).map { "a/\($0).heic" })
        }
    }

    @Test(arguments: [
        (["train/a/1.png", "val/a/1.png"], ["train", "val"]), (["train/1.png", "test/1.png"], ["test", "train"]),
        (["Training/a/1.png"], ["Training"]), (["train/a/1.png", "val/a/1.png", "lists/1.txt"], ["train", "val"]),
        (["train/a/1.png", "val/a/1.png", "__MACOSX/1.png"], ["train", "val"]),
        // Classes, one of which is called like a split.
        (["train/1.png", "car/1.png"], []), (["train/1.png"], []), (["train/a/1.png", "car/1.png"], []),
    ])
    func splitsAreNoClasses(_ files: [String], _ splits: [String]) throws {
        try withTree(files.map { "set/" + $0 }) { root in
            guard !splits.isEmpty else {
                let folder = try ImageFolder("set", beneath: root)
                #expect(folder.count == files.count)
                return
            }
            let expected = ImageError.hasSplits(path: "set", splits: splits)
            let error = #expect(throws: expected) { try ImageFolder("set", beneath: root) }
            #expect(error?.description.contains("set/\(splits[0])") == true)
            // A split's own folders are classes whatever they are called.
            let split = try ImageFolder("set/\(splits[0])", beneath: root, findsSplits: false)
            #expect(split.count == 1)
        }
    }
}
