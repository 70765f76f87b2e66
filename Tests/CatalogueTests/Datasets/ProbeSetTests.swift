import Catalogue
import Engine
import JSON
import TestSupport
import Platform
import Service
import ServiceTestSupport
import Testing

@Suite struct ProbeSetTests {
    private let request = ProbeSetRequest(name: "four", dataset: "pets", numImages: 4, seed: 3)

    @Test func aDamagedSetSaysHowItComesBack() async throws {
        let test = try await TestService()
        let (set, _) = try await test.service.createProbeSet(request)
        await test.service.shutdown()
        let path = test.folder + "/data/probe-sets/four.json"
        let text = String(decoding: try MappedFile.open(path).array, as: UTF8.self)
        try AtomicFile.write(Array(text.replacing("\"pets\"", with: "\"pett\"").utf8), to: path)
        let again = TestService.make(test.folder)
        try await again.start()
        guard case .conflict(let detail)? = await failure({ _ = try await again.probeSet("four") }) else {
            return #expect(Bool(false), "it is damaged")
        }
        #expect(detail.contains("Make it again"))
        #expect(try await again.createProbeSet(request).probeSet.sha256 == set.sha256)
        #expect(try await again.probeSet("four").images == set.images)
    }

    @Test func aStratifiedSetIsBalancedAsFarAsItGoes() async throws {
        let test = try await TestService()
        let (set, isNew) = try await test.service.createProbeSet(request)
        #expect(isNew && set.images.count == 4 && Set(set.images).count == 4)
        let dogs = set.images.filter { ["pets:4", "pets:5"].contains($0) }
        #expect(dogs.count == 2)
        // The smaller class runs out; the other one fills up.
        let all = try await test.service.createProbeSet(
            ProbeSetRequest(name: "six", dataset: "pets", numImages: 6)
        ).probeSet
        #expect(Set(all.images) == Set((0..<6).map { "pets:\($0)" }))
    }

    @Test func digestsAreThoseOfTheFiles() async throws {
        let test = try await TestService()
        let set = try await test.service.createProbeSet(request).probeSet
        for (ref, digest) in zip(set.images, set.digests) {
            #expect(SHA256.hex(of: try await test.service.originalImage(ref).bytes) == digest)
        }
        #expect(set.sha256 == SHA256.hex(of: Array(set.digests.map { $0 + "\n" }.joined().utf8)))
    }

    @Test func theSameRequestAnswersTheSameSetAndAnotherIsAConflict() async throws {
        let test = try await TestService()
        let set = try await test.service.createProbeSet(request).probeSet
        let again = try await test.service.createProbeSet(request)
        #expect(again.probeSet == set && !again.isNew)
        var other = request
        other.seed = 4
        guard case .conflict? = await failure({ _ = try await test.service.createProbeSet(other) }) else {
            return #expect(Bool(false), "a probe set never changes")
        }
    }

    @Test func aSetOutlivesARestart() async throws {
        let test = try await TestService()
        let set = try await test.service.createProbeSet(request).probeSet
        await test.service.shutdown()
        let again = TestService.make(test.folder)
        try await again.start()
        #expect(await again.probeSets() == [set])
    }

    @Test func aSetFollowsItsFilesWhenOthersCome() async throws {
        let test = try await TestService()
        try await test.register("a")
        let all = try await test.service.createProbeSet(
            ProbeSetRequest(name: "all", dataset: "pets", numImages: 6)
        ).probeSet
        try AtomicFile.write(TestService.picture(50), to: test.folder + "/datasets/pets/cats/00.png")
        // Folders are listed anew after a second.
        let now = try await eventually("the set has followed") {
            _ = try await test.analyze(.attentionDistance, "a", ["probe_set": "all"])
            let now = try await test.service.probeSet("all")
            return now.images != all.images ? now : nil
        }
        #expect(now.digests == all.digests)
        for (ref, digest) in zip(now.images, now.digests) {
            #expect(SHA256.hex(of: try await test.service.originalImage(ref).bytes) == digest)
        }
        try Folder.removeFile(test.folder + "/datasets/pets/cats/1.png")
        let detail = try await eventually("the file is missed") { () -> String? in
            let error = await failure { _ = try await test.prepare(.fourier, "a", ["probe_set": "all"]) }
            guard case .conflict(let detail)? = error else { return nil }
            return detail
        }
        #expect(detail.contains("cats/1.png"))
    }

    @Test func aSetWithAnUnreadableImageIsNotMade() async throws {
        let test = try await TestService()
        try AtomicFile.write([1, 2, 3], to: test.folder + "/datasets/pets/cats/2.png")
        guard
            case .invalid(let faults)? = await failure({
                _ = try await test.service.createProbeSet(ProbeSetRequest(name: "x", dataset: "pets", numImages: 6))
            })
        else { return #expect(Bool(false), "an image is torn") }
        #expect(faults.count == 1 && faults[0].detail.contains("cats/2.png"))
        #expect(await test.service.probeSets().isEmpty)
    }

    @Test func aChangedFileIsNoticed() async throws {
        let test = try await TestService()
        try await test.register("a")
        _ = try await test.service.createProbeSet(
            ProbeSetRequest(name: "all", dataset: "pets", numImages: 6))
        _ = try await test.analyze(.fourier, "a", ["probe_set": "all"])
        try AtomicFile.write(TestService.picture(77), to: test.folder + "/datasets/pets/cats/2.png")
        // What was computed stands; what must be read again does not.
        guard
            case .conflict(let detail)? = await failure({
                _ = try await test.service.originalImage("pets:2")
                _ = try await test.service.createProbeSet(ProbeSetRequest(name: "all", dataset: "pets", numImages: 6))
                let again = try await TestService()
                _ = again
                let fresh = TestService.make(test.folder)
                await test.service.shutdown()
                try await fresh.start()
                let analysis = try await fresh.prepare(.fourier, model: "a", parameters: [.init("probe_set", "all")])
                _ = try await fresh.run(analysis)
            })
        else { return #expect(Bool(false), "pets:2 has changed") }
        #expect(detail.contains("pets:2"))
    }

    @Test func faultsAreToldAtOnceAndUnknownNamesHelp() async throws {
        let test = try await TestService()
        guard
            case .invalid(let faults)? = await failure({
                _ = try await test.service.createProbeSet(ProbeSetRequest(name: "a b", dataset: "pets", numImages: 0))
            })
        else { return #expect(Bool(false), "two faults") }
        #expect(faults.map(\.pointer) == ["/name", "/n_images"])
        guard
            case .invalid? = await failure({
                _ = try await test.service.createProbeSet(ProbeSetRequest(name: "x", dataset: "pets", numImages: 7))
            })
        else { return #expect(Bool(false), "there are six") }
        let error = await failure { _ = try await test.service.probeSet("fou") }
        #expect(error == .notFound(.probeSet, name: "fou", nearest: []))
    }
}
