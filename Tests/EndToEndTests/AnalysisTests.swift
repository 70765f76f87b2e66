import Foundation
import TestSupport
import Testing

/// Analyses as users meet them: answered at once or in the queue, kept over a restart, asserted, compared and verified.
@Suite(.blocking) struct AnalysisTests {
    private static let demo = repository.appendingPathComponent("deploy/demo").path

    private func server(_ data: String) throws -> Server { try Server(["--demo"], data: data) }

    private func probeSet(_ server: Server, _ name: String, _ count: Int) throws {
        let reply = try server.post(
            "/v1/probe-sets", json: #"{"name":"\#(name)","dataset":"shapes-textures","n_images":\#(count)}"#)
        #expect(reply.status == 201, "\(reply.text)")
    }

    /// Waits until the queue has the answer.
    private func answer(_ server: Server, at location: String) throws -> Reply {
        for _ in 0..<40 {
            let reply = try server.curl(location, ["-H", "Prefer: wait=15"])
            if reply.status != 202 { return reply }
        }
        return try server.curl(location)
    }

    @Test func theQueueAnswersAndTheDatabaseKeeps() throws {
        let folder = try TemporaryFolder()
        let question = "/v1/models/moco_v3/analyses/lesion?probe_set=many&parts=attn"
        var first: Reply
        do {
            let server = try server(folder.path + "/data")
            try probeSet(server, "many", 200)
            let accepted = try server.curl(question)
            #expect(accepted.status == 202, "\(accepted.text)")
            let location = try #require(accepted.header("Location"))
            #expect(accepted.header("Retry-After") != nil)
            let links = try #require(accepted.json["links"] as? [String: String])
            #expect(links["cancel"]?.hasSuffix("/cancel") == true)
            // The same question does not go into the queue twice.
            let again = try server.curl(question)
            if again.status == 202 { #expect(again.json["job_id"] as? String == accepted.json["job_id"] as? String) }
            first = try answer(server, at: location)
            #expect(first.status == 200, "\(first.text)")
            #expect(location.hasSuffix(first.json["analysis_id"] as? String ?? "?"))
            let tsne = try server.curl(
                "/v1/models/simmim/analyses/tsne?probe_set=many&tokens=patch_mean&iterations=50",
                ["-H", "Prefer: wait=120"])
            #expect(tsne.status == 200 && tsne.json["points"] != nil, "\(tsne.text.prefix(300))")

            // What is cancelled says so, and can be asked again. It is the longest question there is, so that the cancel comes in time.
            try probeSet(server, "most", 1000)
            let other = try server.curl(
                question.replacingOccurrences(of: "attn", with: "both").replacingOccurrences(of: "many", with: "most"))
            #expect(other.status == 202)
            let cancel = try #require((other.json["links"] as? [String: String])?["cancel"])
            #expect(try server.curl(cancel, ["-X", "POST"]).status == 202)
            let cancelled = try answer(server, at: try #require(other.header("Location")))
            #expect(cancelled.status == 409, "\(cancelled.text)")
            #expect(server.stop() == 143)
        }
        let server = try server(folder.path + "/data")
        let kept = try server.curl(question)
        #expect(kept.status == 200 && kept.header("ETag") == first.header("ETag"))
        #expect(kept.json["accuracy"] as? [[Double]] == first.json["accuracy"] as? [[Double]])
        let etag = try #require(kept.header("ETag"))
        #expect(try server.curl(question, ["-H", "If-None-Match: \(etag)"]).status == 304)

        // Computed once more from its manifest alone.
        let id = try #require(kept.json["analysis_id"] as? String)
        let manifest = folder.path + "/manifest.json"
        try server.curl("/v1/analyses/\(id)/manifest").body.write(to: URL(fileURLWithPath: manifest))
        let verified = try run(vitscope, ["verify", manifest, "--models", Self.demo, "--json"])
        #expect(verified.status == 0, "\(verified.errors)\(verified.text)")
        let report = try JSONSerialization.jsonObject(with: verified.output) as? [String: Any]
        #expect(report?["largest_difference"] as? Double == 0, "\(verified.text)")
    }

    @Test func statementsHoldOrEndWithThree() throws {
        let server = try Server(["--demo"])
        try probeSet(server, "few", 16)
        func check(_ statements: String...) throws -> Int32 {
            try run(
                vitscope,
                ["assert", "--server", server.url, "--model", "simmim", "--probe-set", "few"] + statements
            ).status
        }
        #expect(try check("attention_nmi[-1] > 0.05") == 0)
        #expect(try check("attention_nmi[-1] > 0.99") == 3)
        #expect(try check("attention_nmi[-1] > 0.05", "min(attention_distance) > 1000") == 3)
        #expect(try check("attention_fun > 1") != 0)
        let file = try run(
            vitscope,
            [
                "assert", "--model", Self.demo + "/simmim.safetensors", "--images", "shapes-textures:0-15",
                "attention_nmi[-1] > 0.05",
            ])
        #expect(file.status == 0, "\(file.errors)")
    }

    @Test func checkpointsAreComparedInEveryForm() throws {
        func compare(_ form: String) throws -> (status: Int32, output: Data) {
            let answer = try run(
                vitscope,
                [
                    "compare", "--models", Self.demo + "/moco_v3.safetensors", "--models",
                    Self.demo + "/simmim.safetensors", "--images", "shapes-textures:0-7", "--metrics", "attention-nmi",
                    "--metrics", "token-norms", "--format", form,
                ])
            #expect(answer.status == 0, "\(answer.errors)")
            return (answer.status, answer.output)
        }
        let json = try JSONSerialization.jsonObject(with: try compare("json").output) as? [String: Any]
        let metrics = try #require(json?["metrics"] as? [[String: Any]])
        #expect(metrics.count == 2)
        for metric in metrics {
            let differences = try #require(metric["differences"] as? [[String: Any]])
            let means = try #require(differences.first?["mean"] as? [Double])
            #expect((differences.first?["sem"] as? [Double])?.count == means.count)
            let series = try #require((metric["figure"] as? [String: Any])?["series"] as? [[String: Any]])
            let curves = series.compactMap { $0["y"] as? [Double] }
            #expect(curves.count == 2)
            for (place, mean) in means.enumerated() { #expect(abs(curves[0][place] - curves[1][place] - mean) < 1e-12) }
        }
        #expect(String(decoding: try compare("csv").output, as: UTF8.self).hasPrefix("metric,model,minus,x,value,sem"))
        #expect(try compare("npz").output.prefix(2) == Data("PK".utf8))
        let page = String(decoding: try compare("html").output, as: UTF8.self)
        #expect(page.contains("data:image/png;base64,") && !page.contains("<script"))
    }
}
