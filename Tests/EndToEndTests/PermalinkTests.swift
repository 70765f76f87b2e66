import Foundation
import TestSupport
import Testing

/// What was computed in the queue is there afterwards, whoever watched; and it is computed once.
@Suite(.blocking) struct PermalinkTests {
    /// A question that takes its time: 700 images.
    private static func server(_ data: String) throws -> Server {
        let isNew = !FileManager.default.fileExists(atPath: data), server = try Server(["--demo"], data: data)
        let reply = try server.post(
            "/v1/probe-sets", json: #"{"name": "many", "dataset": "shapes-textures", "n_images": 700, "seed": 1}"#)
        guard reply.status == (isNew ? 201 : 200) else { throw UnexpectedReply(status: reply.status, text: reply.text) }
        return server
    }

    private static func question(_ model: String) -> String {
        "/v1/models/\(model)/analyses/token-norms?probe_set=many"
    }

    private static func ask(_ server: Server, _ model: String) throws -> (job: String, analysis: String) {
        let reply = try server.curl(question(model), ["--retry", "5", "--retry-all-errors"])
        guard reply.status == 202, let job = reply.json["job_id"] as? String,
            let analysis = reply.json["analysis_id"] as? String
        else { throw UnexpectedReply(status: reply.status, text: reply.text) }
        return (job, analysis)
    }

    private static func analyses(_ server: Server) throws -> Int {
        (try server.curl("/v1/jobs?kind=analysis").json["jobs"] as? [Any])?.count ?? 0
    }

    @Test func aResultThatNobodyFetchedIsThere() throws {
        let folder = try TemporaryFolder()
        var server = try Self.server(folder.path + "/data")
        let first = try Self.ask(server, "simmim")
        #expect(try server.finished(first.job)["state"] as? String == "succeeded")
        let again = try server.curl(Self.question("simmim"))
        #expect(again.status == 200 && again.json["analysis_id"] as? String == first.analysis, "\(again.text)")
        #expect(try Self.analyses(server) == 1)

        // The server is not there when the work is done.
        let second = try Self.ask(server, "moco_v3")
        server.kill()
        server = try Self.server(folder.path + "/data")
        #expect(try server.finished(second.job)["state"] as? String == "succeeded")
        // What the user deletes is the job, not what it has found.
        for job in [first.job, second.job] {
            #expect(try server.curl("/v1/jobs/\(job)", ["-X", "DELETE"]).status == 204)
        }
        for (model, known) in [("simmim", first), ("moco_v3", second)] {
            #expect(try server.curl("/v1/analyses/\(known.analysis)").status == 200)
            let reply = try server.curl(Self.question(model), ["--retry", "5", "--retry-all-errors"])
            #expect(reply.status == 200, "\(reply.text)")
        }
        #expect(try Self.analyses(server) == 0)
    }

    /// The queue takes what it can do: what never fits is refused at once, and what looks short and is not goes there.
    @Test func whatTheQueueTakes() throws {
        let folder = try TemporaryFolder()
        let server = try Self.server(folder.path + "/data")
        let retry = ["--retry", "5", "--retry-all-errors"]
        let reply = try server.curl(
            "/v1/cka?a=simmim&b=moco_v3&probe_set=many&kernel=rbf&estimator=biased&tokens=patches", retry)
        #expect(reply.status == 413 && reply.text.contains("batch_size"), "\(reply.status) \(reply.text)")
        #expect(try Self.analyses(server) == 0)
        // A thousand other images are drawn for one.
        let bias = try server.curl("/v1/models/simmim/analyses/shape-bias?image=shapes-textures:0", retry)
        #expect(bias.status == 202, "\(bias.status) \(bias.text)")
        #expect(try Self.analyses(server) == 1)
    }

    @Test func whoAsksAtTheSameInstantHasTheSameJob() throws {
        let folder = try TemporaryFolder()
        let server = try Self.server(folder.path + "/data")
        let url = server.url + Self.question("hybrid")
        let many = (0..<16).flatMap { ["-o", "\(folder.path)/answer-\($0)", url] }
        // Until the model has loaded nobody is told to wait for a job.
        _ = try server.curl(
            "/v1/models/hybrid/attention?image=shapes-textures:0", ["--retry", "5", "--retry-all-errors"])
        let answer = try run("curl", ["-sS", "--parallel", "--parallel-immediate", "--parallel-max", "16"] + many)
        #expect(answer.status == 0, "\(answer.errors)")
        let jobs = (0..<16).compactMap { number in
            FileManager.default.contents(atPath: "\(folder.path)/answer-\(number)").flatMap {
                (try? JSONSerialization.jsonObject(with: $0) as? [String: Any])?["job_id"] as? String
            }
        }
        #expect(jobs.count == 16 && Set(jobs).count == 1, "\(jobs)")
        #expect(try Self.analyses(server) == 1)
    }
}
