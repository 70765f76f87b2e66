import Catalogue
import Engine
import Foundation
import JobsTestSupport
import JSON
import Platform
import Runs
import Service
import ServiceTestSupport
import TestSupport
import Testing

/// Results outlive the process.
@Suite struct ResultArchiveTests {
    private func service(_ store: MemoryJobStore) async throws -> TestService {
        try await TestService { configuration in
            configuration.jobs.openStores = { _ in JobStores(jobs: store, results: store) }
            configuration.jobs.makeExecutor = { _ in ScriptedExecutor() }
        }
    }

    @Test func theSameQuestionIsAnsweredFromTheDiskAfterARestart() async throws {
        let store = MemoryJobStore(), test = try await service(store)
        try await test.register("a")
        let questions: [(AnalysisKind, KeyValuePairs<String, String>)] = [
            (.attentionNMI, ["image": "pets:0", "image": "pets:1"]), (.fourier, ["image": "pets:2"]),
            (.pca, ["image": "pets:1"]), (.tokenDisplacement, ["image": "pets:4"]),
            (.tsne, ["image": "pets:5", "iterations": "20"]),
        ]
        var first: [AnalysisResult] = []
        for (kind, parameters) in questions { first.append(try await test.analyze(kind, "a", parameters)) }
        await test.service.shutdown()

        let again = TestService.make(test.folder) { configuration in
            configuration.jobs.openStores = { _ in JobStores(jobs: store, results: store) }
            configuration.jobs.makeExecutor = { _ in ScriptedExecutor() }
        }
        try await again.start()
        for ((kind, parameters), known) in zip(questions, first) {
            let prepared = try await again.prepare(
                kind, model: "a", parameters: parameters.map { AnalysisParameter($0.key, $0.value) })
            #expect(prepared.id == known.id)
            let found = try #require(try await again.known(prepared))
            for format in [ResultFormat.json, .csv, .npy, .npz, .png] {
                #expect(try await again.encode(found, as: format).bytes == test.service.encode(known, as: format).bytes)
            }
            guard case .done(let named) = try await again.analysis(known.id) else {
                return #expect(Bool(false), "it is not done")
            }
            #expect(try await again.encode(named, as: .json).bytes == test.service.encode(known, as: .json).bytes)
        }
        #expect(await again.statistics().imagesForwarded == 0)
        let page = try await again.results()
        #expect(page.items.count == 5 && page.items[0]["analysis"] == .string("tsne"))
        #expect(try await again.results(kind: "fourier").items.count == 1)
        await again.shutdown()
    }

    /// Of the bytes of the array, as an NPY file has them: hashing printed numbers held up every large answer.
    @Test func aManifestHasTheDigestOfTheNumbersBytes() async throws {
        let test = try await service(MemoryJobStore())
        try await test.register("a")
        for kind in [AnalysisKind.attention, .attentionNMI] {
            let result = try await test.analyze(kind, "a", ["image": "pets:3"])
            let text = try await test.service.manifest(result.id)
            let manifest = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
            let results = try #require(manifest["results"] as? [String: [String: Any]])
            let main = try #require(results[result.mainField])
            let file = try await test.service.encode(result, as: .npy).bytes
            let body = file.dropFirst(10 + Int(file[8]) + 256 * Int(file[9]))
            #expect(main["sha256"] as? String == SHA256.hex(of: Array(body)))
            #expect(main["dtype"] as? String == (kind == .attention ? "<f4" : "<f8"))
            #expect((main["values"] as? [Double])?.count == result.array(result.mainField)?.shape.reduce(1, *))
        }
    }

    /// The numbers of a set that skipped an image are of other images than without it.
    @Test func aManifestSaysWhatTheProbeSetSkipped() async throws {
        let test = try await service(MemoryJobStore())
        try await test.register("a")
        // The same images have one result, so each set is asked another question.
        for (name, skipped, kind) in [("whole", 0, AnalysisKind.attentionNMI), ("less", 1, .attentionDistance)] {
            if skipped > 0 {
                try AtomicFile.write(
                    Array(TestService.picture(2).dropLast(40)), to: test.folder + "/datasets/pets/cats/7.png")
            }
            _ = try await test.service.createProbeSet(
                ProbeSetRequest(name: name, dataset: "pets", numImages: 6, skipsUnreadable: true))
            let result = try await test.analyze(kind, "a", ["probe_set": name])
            let manifest = try JSONValue.parse(Array(try await test.service.manifest(result.id).utf8))
            let set = try #require(manifest["probe_set"])
            #expect(set["name"]?.string == name && set["n_skipped"]?.int == (skipped == 0 ? nil : 1))
            if skipped > 0 {
                #expect(set["skipped"]?.list?.first?.string?.hasPrefix("cats/7.png: ") == true)
            }
        }
    }

    /// Maps of a small model are computed faster than they are found on the disk, and are found by their name all the same.
    @Test func mapsOfASmallModelAreNotKept() async throws {
        let store = MemoryJobStore(), test = try await service(store)
        try await test.register("a")
        let result = try await test.analyze(.attention, "a", ["image": "pets:3", "head": "all"])
        #expect(try await test.service.results().items.isEmpty)
        guard case .done(let found) = try await test.service.analysis(result.id) else {
            return #expect(Bool(false), "it is not done")
        }
        #expect(try await test.service.encode(found, as: .npy).bytes == test.service.encode(result, as: .npy).bytes)
        #expect(try await test.service.manifest(result.id).contains("\"analysis\":\"attention\""))
    }

    @Test func whatIsNotThereIsNotFound() async throws {
        let test = try await service(MemoryJobStore())
        for id in [String(repeating: "0", count: 64), "nonsense", ""] {
            let error = await failure { _ = try await test.service.analysis(id) }
            guard case .notFound(.analysis, _, _)? = error else {
                return #expect(Bool(false), "\(id): \(error as Any)")
            }
        }
        let error = await failure { _ = try await test.service.results(kind: "fourrier") }
        #expect(error?.detail.contains("fourier") == true)
    }

    @Test func aResultThatWasLetGoOfIsGoneAndKeepsItsManifest() async throws {
        let store = MemoryJobStore(), test = try await service(store)
        try await test.register("a")
        let result = try await test.analyze(.attentionNMI, "a", ["image": "pets:0"])
        await test.service.shutdown()
        await store.prune(to: 0)
        let again = TestService.make(test.folder) {
            $0.jobs.openStores = { _ in JobStores(jobs: store, results: store) }
        }
        try await again.start()
        let error = await failure { _ = try await again.analysis(result.id) }
        guard case .gone? = error else { return #expect(Bool(false), "\(error as Any)") }
        #expect(try await again.manifest(result.id).contains("\"analysis\":\"attention-nmi\""))
        await again.shutdown()
    }

    /// What is computed again sooner than it is read is found by its name as long as its model is there.
    @Test func aQuickQuestionIsForgottenWithItsModel() async throws {
        let test = try await service(MemoryJobStore())
        try await test.register("a")
        let result = try await test.analyze(.attention, "a", ["image": "pets:0", "layer": "1"])
        guard case .done(let named) = try await test.service.analysis(result.id) else {
            return #expect(Bool(false), "it is not done")
        }
        #expect(named.numbers("attention") == result.numbers("attention"))
        #expect((await test.service.statistics().cache("questions")?.bytes ?? 0) > 0)
        try await test.service.deleteModel("a")
        _ = try await eventually("its question is forgotten") {
            await test.service.statistics().cache("questions")?.bytes == 0 ? true : nil
        }
    }
}
