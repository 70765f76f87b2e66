import Catalogue
import Engine
import Foundation
import JobsTestSupport
import Reproduction
import Runs
import Service
import ServiceTestSupport
import Testing

@Suite struct VerificationTests {
    private func manifest() async throws -> (TestService, String) {
        let test = try await TestService { configuration in
            configuration.jobs.openStores = { _ in
                let store = MemoryJobStore()
                return JobStores(jobs: store, results: store)
            }
            configuration.jobs.makeExecutor = { _ in ScriptedExecutor() }
        }
        try await test.register("a")
        let result = try await test.analyze(
            .attentionNMI, "a", ["image": "pets:0", "image": "pets:4", "layers": "0,2"])
        return (test, try await test.service.manifest(result.id))
    }

    private func places(_ test: TestService) -> Verification.Places {
        var places = Verification.Places()
        places.models = [test.folder + "/models"]
        places.images = [test.folder + "/datasets/pets"]
        places.options = LoadOptions(numHeads: 4)
        return places
    }

    @Test func theSameQuestionGivesTheSameNumbers() async throws {
        let (test, manifest) = try await manifest()
        let found = try await Verification.run(Array(manifest.utf8), places(test), codeVersion: "1")
        #expect(found.isSameQuestion && found.largest == 0)
        #expect(found.differences.map(\.name) == ["mean", "std", "sem", "per_head"])
    }

    @Test func anotherNumberIsFound() async throws {
        let (test, manifest) = try await manifest()
        let place = try #require(manifest.firstRange(of: "\"values\":["))
        let end = try #require(manifest[place.upperBound...].firstIndex(of: ","))
        let number = try #require(Double(manifest[place.upperBound..<end]))
        let changed = manifest.replacingCharacters(in: place.upperBound..<end, with: "\(number + 0.5)")
        let found = try await Verification.run(Array(changed.utf8), places(test), codeVersion: "1")
        #expect(abs((found.largest ?? 0) - 0.5) < 1e-12)
    }

    @Test func whatIsMissingIsNamed() async throws {
        let (test, manifest) = try await manifest()
        var noModels = places(test)
        noModels.models = []
        var noImages = places(test)
        noImages.images = []
        for places in [noModels, noImages] {
            let error = await failure {
                _ = try await Verification.run(Array(manifest.utf8), places, codeVersion: "1")
            }
            #expect(error?.detail.contains("SHA-256") == true, "\(error as Any)")
        }
        let error = await failure { _ = try await Verification.run(Array("{}".utf8), places(test), codeVersion: "1") }
        #expect(error?.detail.contains("no manifest") == true)
    }
}
