import Foundation
import TestSupport
import Testing

/// The main job, as a user does it: a checkpoint as its project writes it, asked over HTTP, against PyTorch.
@Suite(.serialized, .blocking) struct ReferenceModelTests {
    struct Case: CustomTestStringConvertible {
        let fields: [String: Any]
        var name: String { fields["name"] as? String ?? "" }
        var testDescription: String { name }
    }

    /// Every layout that the fixtures' script wrote with the real libraries.
    static var cases: [Case] {
        let data = FileManager.default.contents(atPath: fixture("models/cases.json")) ?? Data()
        let list = (try? JSONSerialization.jsonObject(with: data)) as? [[String: Any]] ?? []
        return list.map { Case(fields: $0) }
    }

    @Test func everyLayoutLoadsOverHTTP() throws {
        let server = try Server(models: fixture("models/files"))
        let cases = Self.cases
        #expect(cases.count >= 40)
        for test in cases {
            let expect = test.fields["expect"] as? [String: Any] ?? [:]
            let model = try server.load(test.name, path: test.fields["file"] as? String ?? "", test.fields["user"])
            #expect(model["state"] as? String == "ready", "\(test.name): \(model["error"] ?? "")")
            let report = try server.curl("/v1/models/\(test.name)/load-report").json
            #expect(report["verdict"] as? String == expect["verdict"] as? String, "\(test.name)")
            if let recognised = expect["recognised_as"] as? String {
                #expect(report["recognised_as"] as? String == recognised, "\(test.name)")
            }
            let config = model["config"] as? [String: Any] ?? [:]
            for key in ["embed_dim", "depth", "num_heads", "patch_size"] {
                #expect(config[key] as? Int == expect[key] as? Int, "\(test.name): \(key)")
            }
        }
        let listed = try server.curl("/v1/models?page_size=1000").json["models"] as? [[String: Any]] ?? []
        #expect(Set(listed.compactMap { $0["name"] as? String }) == Set(cases.map(\.name)))
    }
}
