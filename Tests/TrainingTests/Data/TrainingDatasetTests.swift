import FoundationEssentials
import Images
import Platform
import Tensors
import Testing
import Training

@Suite struct TrainingDatasetTests {
    private static let plan = ViewPlan(views: [.simMIM(imgSize: 16)])

    @Test func imagesOfDifferentSizesBecomeOneBatch() throws {
        try DataFixtures.withFolder((0..<9).map { "\($0 % 2)/\($0).png" }) { root in
            let set = TrainingDataset.folder(try ImageFolder(root))
            let batch = try BatchMaker(set, plan: Self.plan, batchSize: 9, seed: 0).batch(epoch: 0, batch: 0)
            #expect(batch.views[0].shape == [9, 3, 16, 16] && batch.views[0].isFinite)
            #expect(Set(batch.labels) == [0, 1] && set.classes == ["0", "1"])
        }
    }

    @Test func foldersWithoutClassesGiveNoLabels() throws {
        try DataFixtures.withFolder(["only.png"]) { root in
            let set = TrainingDataset.folder(try ImageFolder(root))
            let batch = try BatchMaker(set, plan: Self.plan, batchSize: 1, seed: 0).batch(epoch: 0, batch: 0)
            #expect(batch.count == 1 && batch.labels.isEmpty && set.label(at: 0) == nil)
        }
    }

    @Test func emptyClassIsAWarning() throws {
        try DataFixtures.withFolder(["cat/1.png", "dog/1.png"]) { root in
            try Folder.create(root + "/cow")
            let set = TrainingDataset.folder(try ImageFolder(root))
            #expect(set.warnings == [.emptyClass("cow")])
            #expect(set.classes == ["cat", "cow", "dog"] && set.label(at: 1) == 2)
        }
    }

    @Test func corruptFileIsReplacedByTheNextAndNamedOnce() throws {
        try DataFixtures.withFolder((0..<11).map { "a/1\($0)x.png" }, broken: ["a/15y.png"]) { root in
            let set = TrainingDataset.folder(try ImageFolder(root)), warnings = WarningList()
            let bad = try #require((0..<set.count).first { set.name(at: $0) == "a/15y.png" })
            let maker = try BatchMaker(set, plan: Self.plan, batchSize: 12, seed: 4, warn: warnings.add)
            for epoch in 0..<3 {
                let batch = try maker.batch(epoch: epoch, batch: 0)
                #expect(!batch.indices.contains(bad) && batch.count == 12)
                #expect(batch.indices.count { $0 == bad + 1 } == 2)
            }
            #expect(warnings.all.count == 1)
            #expect(warnings.all[0].description.hasPrefix("a/15y.png is skipped: "))
            let again = try BatchMaker(set, plan: Self.plan, batchSize: 12, seed: 4).batch(epoch: 2, batch: 0)
            #expect(DataFixtures.numbers(again) == DataFixtures.numbers(try maker.batch(epoch: 2, batch: 0)))
        }
    }

    @Test func tooManyCorruptFilesAreAnError() throws {
        let broken = (0..<12).map { "b/\($0).png" }
        try DataFixtures.withFolder((0..<30).map { "a/\($0).png" }, broken: broken) { root in
            let set = TrainingDataset.folder(try ImageFolder(root)), warnings = WarningList()
            let maker = try BatchMaker(set, plan: Self.plan, batchSize: 42, seed: 4, warn: warnings.add)
            let error = #expect(throws: DataError.self) { try maker.batch(epoch: 0, batch: 0) }
            #expect(error?.description.hasPrefix("10 of 42 images cannot be read") == true)
            #expect(error?.description.contains("b/") == true)
            #expect(warnings.all.count == 10)
        }
        try DataFixtures.withFolder([], broken: ["a/1.png", "a/2.png"]) { root in
            let maker = try BatchMaker(.folder(try ImageFolder(root)), plan: Self.plan, batchSize: 1, seed: 4)
            #expect(throws: DataError.self) { try maker.batch(epoch: 0, batch: 0) }
        }
    }

    @Test func aRefusedImageEndsTheBatchAtOnce() throws {
        try DataFixtures.withFolder((0..<11).map { "a/1\($0)x.png" }, broken: ["a/15y.png"]) { root in
            let set = TrainingDataset.folder(try ImageFolder(root))
            let warnings = WarningList()
            let maker = try BatchMaker(
                set, plan: Self.plan, batchSize: 12, seed: 4, rule: .refuse, warn: warnings.add)
            let error = #expect(throws: DataError.self) { try maker.batch(epoch: 0, batch: 0) }
            #expect(error?.description.contains("a/15y.png") == true && warnings.all.isEmpty)
            #expect(error?.description.contains("on_error be skip") == true)
            let other = try BatchMaker(set, plan: Self.plan, batchSize: 12, seed: 4)
            #expect(other.skipped.isEmpty)
            _ = try other.batch(epoch: 0, batch: 0)
            #expect(other.skipped.map(\.file) == ["a/15y.png"])
        }
    }

    @Test func aLookNamesWhatCannotBeRead() throws {
        let broken = ["a/03.png", "b/07.png"]
        try DataFixtures.withFolder((10..<20).map { "a/\($0).png" }, broken: broken) { root in
            let png = try MappedFile.open(root + "/a/10.png").array
            try AtomicFile.write(png, to: root + "/b/20.png")
            let set = TrainingDataset.folder(try ImageFolder(root))
            let pool = ThreadPool(threads: 2)
            let all = DatasetInspection(set, atMost: .max, pool: pool)
            #expect(all.checked == 13 && all.count == 13)
            #expect(all.unreadable.map(\.file) == broken && all.odd.isEmpty)
            let error = #expect(throws: DataError.self) { try all.checkAllAreReadable() }
            #expect(error?.description.hasPrefix("2 of 13 images cannot be read") == true)
            #expect(error?.description.contains("a/03.png (") == true)
            // A few, spread over the set.
            #expect(DatasetInspection(set, atMost: 2, pool: pool).checked == 2)
            #expect(DatasetInspection(set, atMost: 0, pool: pool).checked == 0)
            let drawn = DatasetInspection(
                .shapesTextures(try ShapesTextures(count: 5)), atMost: 9, pool: pool)
            #expect(drawn.checked == 0 && drawn.count == 5)
            try drawn.checkAllAreReadable()
        }
    }

    @Test func digestFollowsNamesAndSizes() throws {
        try DataFixtures.withFolder(["a/1.png", "a/sub/1.png", "b/1.png"]) { root in
            let digest = try TrainingDataset.folder(try ImageFolder(root)).digest()
            #expect(digest.utf8.count == 64)
            #expect(try TrainingDataset.folder(try ImageFolder(root)).digest() == digest)
            try AtomicFile.write([1, 2, 3], to: root + "/a/sub/1.png")
            let resized = try TrainingDataset.folder(try ImageFolder(root)).digest()
            #expect(resized != digest)
            try FileManager.default.moveItem(atPath: root + "/b/1.png", toPath: root + "/b/2.png")
            #expect(try TrainingDataset.folder(try ImageFolder(root)).digest() != resized)
        }
        func digest(_ set: ShapesTextures) throws -> String { try TrainingDataset.shapesTextures(set).digest() }
        let sets = [
            try ShapesTextures(), try ShapesTextures(count: 9), try ShapesTextures(imgSize: 50),
            try ShapesTextures(seed: 1), try ShapesTextures(cue: .conflict),
        ]
        #expect(Set(try sets.map(digest)).count == sets.count)
        #expect(try digest(ShapesTextures()) == digest(ShapesTextures()))
    }
}
