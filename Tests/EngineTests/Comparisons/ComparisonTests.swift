import Catalogue
import Engine
import Foundation
import JobsTestSupport
import Runs
import Service
import ServiceTestSupport
import Testing

@Suite struct ComparisonTests {
    private func service() async throws -> TestService {
        let test = try await TestService { configuration in
            configuration.jobs.openStores = { _ in
                let store = MemoryJobStore()
                return JobStores(jobs: store, results: store)
            }
            configuration.jobs.makeExecutor = { _ in ScriptedExecutor() }
        }
        try await test.register("a")
        try await test.register("b")
        _ = try await test.service.createProbeSet(ProbeSetRequest(name: "all", dataset: "pets", numImages: 6))
        return test
    }

    private func compare(_ test: TestService, _ body: String) async throws -> Comparison? {
        guard case .done(let comparison) = try await test.service.compare(Array(body.utf8)) else { return nil }
        return comparison
    }

    private static let body = #"{"models": ["a", "b"], "probe_set": "all", "metrics": ["attention-nmi", "cka"]}"#

    @Test func differencesAreThoseOfTheTwoModels() async throws {
        let test = try await service()
        let comparison = try #require(try await compare(test, Self.body))
        let a = try await test.analyze(.attentionNMI, "a", ["probe_set": "all"])
        let b = try await test.analyze(.attentionNMI, "b", ["probe_set": "all"])
        let json = try #require(
            try JSONSerialization.jsonObject(with: Data(comparison.encoded(.json))) as? [String: Any])
        let metrics = try #require(json["metrics"] as? [[String: Any]])
        #expect(metrics.map { $0["metric"] as? String } == ["attention-nmi", "cka"])
        let difference = try #require((metrics[0]["differences"] as? [[String: Any]])?.first)
        let mean = try #require(difference["mean"] as? [Double]), sem = try #require(difference["sem"] as? [Double])
        for layer in 0..<3 {
            #expect(abs(mean[layer] - (a.numbers("mean")[layer] - b.numbers("mean")[layer])) < 1e-12)
            let expected = (pow(a.numbers("sem")[layer], 2) + pow(b.numbers("sem")[layer], 2)).squareRoot()
            #expect(abs(sem[layer] - expected) < 1e-12)
        }
        #expect((metrics[1]["results"] as? [[String: Any]])?.first?["models"] as? [String] == ["a", "b"])
        #expect(json["n_images"] as? Int == 6 && (json["probe_set"] as? [String: Any])?["name"] as? String == "all")
    }

    @Test func oneLinkLeadsToItAgain() async throws {
        let test = try await service()
        let comparison = try #require(try await compare(test, Self.body))
        #expect(try await compare(test, Self.body)?.id == comparison.id)
        guard case .done(let found) = try await test.service.comparison(comparison.id) else {
            return #expect(Bool(false), "not done")
        }
        for form in ComparisonForm.allCases { #expect(found.encoded(form) == comparison.encoded(form)) }
        let page = String(decoding: comparison.encoded(.html), as: UTF8.self)
        #expect(page.contains("data:image/png;base64,") && !page.contains("src=\"http") && page.contains(comparison.id))
        let csv = String(decoding: comparison.encoded(.csv), as: UTF8.self).split(separator: "\n")
        #expect(csv[0] == "metric,model,minus,x,value,sem" && csv.contains { $0.hasPrefix("attention-nmi,a,b,2,") })
        #expect(comparison.encoded(.npz).starts(with: Array("PK".utf8)))
    }

    @Test func resultsOfOtherImagesAreRefused() async throws {
        let test = try await service()
        let a = try await test.analyze(.attentionNMI, "a", ["probe_set": "all"])
        let b = try await test.analyze(.attentionNMI, "b", ["probe_set": "all"])
        let other = try await test.analyze(.attentionNMI, "b", ["image": "pets:0", "image": "pets:1"])
        let kind = try await test.analyze(.attentionEntropy, "b", ["probe_set": "all"])
        #expect(try await compare(test, #"{"analyses": ["\#(a.id)", "\#(b.id)"]}"#) != nil)
        for (id, words) in [(other.id, "not of the same images"), (kind.id, "different analyses")] {
            let error = await failure { _ = try await compare(test, #"{"analyses": ["\#(a.id)", "\#(id)"]}"#) }
            #expect(error?.detail.contains(words) == true, "\(error as Any)")
        }
    }

    @Test(arguments: [
        (#"{"models": ["a"], "probe_set": "all"}"#, "2 to"),
        (#"{"models": ["a", "a"], "probe_set": "all"}"#, "different"),
        (#"{"models": ["a", "b"]}"#, "probe_set"),
        (#"{"models": ["a", "b"], "probe_set": "all", "metric": 1}"#, "not known"),
        (#"{"models": ["a", "b"], "probe_set": "all", "metrics": ["forier"]}"#, "fourier"),
        (#"{"models": ["a", "nobody"], "probe_set": "all"}"#, "nobody"),
        (#"{"models": ["a", "b"], "probe_set": "none"}"#, "none"), (#"[]"#, "object"), ("{", "JSON"),
        (#"{"models": [1, "b"], "probe_set": "all"}"#, "list of strings"),
        (
            #"{"models": ["a", "b"], "probe_set": "all", "parameters": {"fourier": {"layers": "99"}}, "metrics": ["fourier"]}"#,
            "99"
        ),
    ])
    func aBodyThatIsWrongSaysWhy(_ body: String, _ words: String) async throws {
        let test = try await service()
        let error = await failure { _ = try await compare(test, body) }
        #expect(error?.detail.contains(words) == true, "\(error as Any)")
    }
}
