import Catalogue
import Engine
import JSON
import Platform
import Service
import ServiceTestSupport
import Testing

/// The same pixels in other classes are another question.
@Suite struct SameImagesOtherClassesTests {
    /// A service whose dataset “other” has the images of “pets” in other folders.
    private func service() async throws -> TestService {
        let test = try await TestService()
        for (index, name) in [(0, "left"), (1, "right"), (2, "left"), (3, "right"), (4, "left"), (5, "right")] {
            try Folder.create("\(test.folder)/datasets/other/\(name)")
            try AtomicFile.write(
                TestService.picture(index), to: "\(test.folder)/datasets/other/\(name)/\(index).png")
        }
        try await test.register("a")
        return test
    }

    @Test(arguments: [AnalysisKind.knn, .linearProbe, .lesion, .frequencyRobustness])
    func classesDecideTheResult(_ kind: AnalysisKind) async throws {
        let test = try await service()
        var found: [AnalysisResult] = []
        for dataset in ["pets", "other"] {
            let images = (0..<6).map { AnalysisParameter("image", "\(dataset):\($0)") }
            let prepared = try await test.service.prepare(kind, model: "a", parameters: images)
            found.append(try await test.service.run(prepared))
        }
        #expect(found[0].id != found[1].id)
        #expect(
            found[0]["classes"] == .strings(["cats", "dogs"]) && found[1]["classes"] == .strings(["left", "right"]))
    }

    @Test func pointsAreCalledByTheClassesThatWereAskedFor() async throws {
        let test = try await service()
        var labels: [[String]] = []
        for dataset in ["pets", "other"] {
            let images = (0..<6).map { AnalysisParameter("image", "\(dataset):\($0)") }
            let prepared = try await test.service.prepare(
                .pca, model: "a", parameters: images + [AnalysisParameter("tokens", "patch_mean")])
            let result = try await test.service.run(prepared)
            labels.append(result["labels"]?.list?.compactMap(\.string) ?? [])
        }
        #expect(labels[0] == ["cats", "cats", "cats", "cats", "dogs", "dogs"])
        #expect(labels[1] == ["left", "left", "left", "right", "right", "right"])
    }
}
