import Catalogue
import Engine
import TestSupport
import Foundation
import JSON
import Platform
import Service
import ServiceTestSupport
import Testing

/// Datasets as people have them: links, splits, and files that are no images.
@Suite struct FolderTests {
    private static func add(_ files: [String], to test: TestService, _ bytes: [UInt8]? = nil) throws {
        for file in files {
            let path = "\(test.folder)/datasets/\(file)"
            try Folder.create(path.split(separator: "/").dropLast().map { "/" + $0 }.joined())
            try AtomicFile.write(bytes ?? TestService.picture(3), to: path)
        }
    }

    private static func link(_ name: String, to target: String, _ test: TestService) throws {
        try FileManager.default.createSymbolicLink(
            atPath: "\(test.folder)/datasets/\(name)", withDestinationPath: target)
    }

    @Test func aLinkSpoilsNeitherItsDatasetNorOthers() async throws {
        let test = try await TestService()
        try Self.add(["linked/a/1.png"], to: test)
        try Self.link("linked/b", to: "../../models", test)
        try Self.link("linked/a/2.png", to: "/etc/hostname", test)
        try Self.link("outside", to: "../models", test)
        let datasets = try await test.service.datasets()
        #expect(datasets.map(\.name) == ["shapes-textures", "linked", "pets"])
        #expect(datasets[1].classes == ["a"] && datasets[1].numImages == 1 && datasets[1].error == nil)
        #expect(datasets[1].leftOut.map(\.example) == ["b", "a/2.png"])
        #expect(await test.service.linkedDatasets() == ["outside"])
        for name in ["outside", "outside/a"] {
            guard case .conflict(let detail)? = await failure({ _ = try await test.service.datasetImages(name) }) else {
                return #expect(Bool(false), "\(name) is a link")
            }
            #expect(detail.contains("link") && !detail.contains(test.folder))
        }
    }

    @Test func aFrozenFileThatBecomesALinkIsAConflict() async throws {
        let test = try await TestService()
        try await test.register("a")
        _ = try await test.service.createProbeSet(ProbeSetRequest(name: "p", dataset: "pets", numImages: 6))
        try Folder.removeFile(test.folder + "/datasets/pets/cats/1.png")
        try Self.link("pets/cats/1.png", to: "/etc/hostname", test)
        // Listed anew, the folder no longer has what was frozen.
        #expect(try await test.service.datasetImages("pets").items.count == 5)
        let error = await failure { _ = try await test.analyze(.attentionDistance, "a", ["probe_set": "p"]) }
        guard case .conflict(let detail)? = error else {
            return #expect(Bool(false), "\(String(describing: error))")
        }
        #expect(detail.contains("cats/1.png") && !detail.contains(test.folder))
    }

    @Test func splitsAreDatasetsOfTheirOwn() async throws {
        let test = try await TestService()
        try Self.add(["net/train/a/0.png", "net/train/b/0.png", "net/val/a/0.png", "net/val/b/0.png"], to: test)
        let datasets = try await test.service.datasets()
        #expect(datasets.map(\.name) == ["shapes-textures", "net", "net/train", "net/val", "pets"])
        #expect(datasets[1].splits == ["net/train", "net/val"] && datasets[1].numImages == 0)
        #expect(datasets[2].classes == ["a", "b"] && datasets[2].numImages == 2)
        #expect(try await test.service.datasetImages("net/val").items.map(\.ref) == ["net/val:0", "net/val:1"])
        #expect(try await test.service.originalImage("net/val:1").bytes == TestService.picture(3))
        let set = try await test.service.createProbeSet(
            ProbeSetRequest(name: "p", dataset: "net/train", numImages: 2)
        ).probeSet
        #expect(set.images.sorted() == ["net/train:0", "net/train:1"])
        #expect(try await test.service.probeSet("p") == set)
        try await test.register("a")
        let result = try await test.analyze(.attentionDistance, "a", ["probe_set": "p"])
        #expect(!result.numbers("mean").isEmpty)
        // The whole is no dataset of images, and says what is.
        for body in [
            { _ = try await test.service.originalImage("net:0") },
            {
                _ = try await test.service.createProbeSet(ProbeSetRequest(name: "q", dataset: "net", numImages: 1))
            },
        ] as [() async throws -> Void] {
            guard case .invalid(let faults)? = await failure(body) else {
                return #expect(Bool(false), "net has splits")
            }
            #expect(faults.map(\.detail).joined().contains("“net/train” or “net/val”"))
        }
        #expect(
            await failure { _ = try await test.service.datasetImages("net/trian") }
                == .notFound(.dataset, name: "net/trian", nearest: ["net/train"]))
    }

    @Test(arguments: [
        "net/../pets", "../datasets/pets", "net/train/a", "pets/cats", "net/.", "net/..", "net//train", "net/", "/net",
        "/etc", "..", ".", "", "net\\train", "net/train/", "net/\u{0}train",
    ])
    func noOtherNameLeadsAnywhere(_ name: String) async throws {
        let test = try await TestService()
        try Self.add(["net/train/a/0.png", "net/val/a/0.png"], to: test)
        let error = await failure { _ = try await test.service.datasetImages(name) }
        guard case .notFound(.dataset, _, _)? = error else {
            return #expect(Bool(false), "\(name): \(String(describing: error))")
        }
    }

    @Test func theIndexRuleSaysWhereTorchvisionDiffers() async throws {
        let test = try await TestService()
        let before = try await test.service.datasets()[1]
        #expect(before.indexRule.contains("torchvision's ImageFolder") && !before.indexRule.contains("differ"))
        try Self.add(["pets/cats/0.ppm", "pets/dogs/._5.png"], to: test)
        let after = try await test.service.datasets()[1]
        #expect(after.numImages == 6 && after.leftOut.map(\.kind) == [".ppm", ".png"])
        #expect(after.indexRule.contains("differ") && after.indexRule.contains("cats/0.ppm"))
    }

    @Test func filesThatCannotBeReadAreNamed() async throws {
        let test = try await TestService()
        let torn = Array(TestService.picture(2).dropLast(40))
        try Self.add(["pets/cats/7.png"], to: test, torn)
        try Self.add(["pets/cats/8.jpg"], to: test)
        let jpeg = try MappedFile.open(fixture("images/jpeg/420.jpg")).array
        try Self.add(["pets/cats/9.jpg"], to: test, jpeg + Array("tail".utf8))
        let plain = try await test.service.datasetImages("pets")
        #expect(plain.items.everyOne { $0.error == nil && $0.warnings == nil })
        let page = try await test.service.datasetPage("pets", checks: true).images.items
        let found = Dictionary(uniqueKeysWithValues: page.map { ($0.file, $0) })
        #expect(found["cats/7.png"]?.error?.contains("ends before the image does") == true)
        #expect(found["cats/8.jpg"]?.error == nil)
        #expect(found["cats/8.jpg"]?.warnings?.joined().contains("It is a PNG") == true)
        #expect(found["cats/9.jpg"]?.warnings?.joined().contains("4 bytes follow") == true)
        #expect(found["dogs/5.png"]?.warnings == [])
    }

    @Test func aProbeSetRefusesOrSkipsWhatCannotBeRead() async throws {
        let test = try await TestService()
        try Self.add(["pets/cats/7.png"], to: test, Array(TestService.picture(2).dropLast(40)))
        var request = ProbeSetRequest(name: "all", dataset: "pets", numImages: 7)
        guard case .invalid(let faults)? = await failure({ _ = try await test.service.createProbeSet(request) })
        else { return #expect(Bool(false), "one cannot be read") }
        #expect(faults.count == 1 && faults[0].detail.contains("cats/7.png"))
        request.skipsUnreadable = true
        guard case .invalid(let few)? = await failure({ _ = try await test.service.createProbeSet(request) })
        else { return #expect(Bool(false), "too few are left") }
        #expect(few.map(\.pointer) == ["/n_images"] && few[0].detail.contains("Only 6 of the 7"))
        request.numImages = 6
        let set = try await test.service.createProbeSet(request).probeSet
        #expect(set.images.count == 6 && set.skipped?.count == 1)
        #expect(set.skipped?.first?.hasPrefix("cats/7.png: ") == true)
        #expect(set.paths?.contains("cats/7.png") == false)
    }

    @Test func anUploadTellsWhatIsOdd() async throws {
        let test = try await TestService()
        let jpeg = try MappedFile.open(fixture("images/jpeg/420.jpg")).array
        #expect(try await test.service.addImage(jpeg).warnings.isEmpty)
        let stored = try await test.service.addImage(jpeg + [0])
        #expect(stored.warnings == ["1 byte follows the JPEG's end and was not read."])
    }
}
