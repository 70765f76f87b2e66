import Catalogue
import Engine
import Foundation
import Jobs
import JSON
import Platform
import Runs
import Testing

@Suite struct JobFolderTests {
    private static func folder() throws -> JobFolder {
        let path = NSTemporaryDirectory() + "vitscope-folder-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return JobFolder(path: path)
    }

    private static func write(_ text: String, _ name: String, in folder: JobFolder) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: folder.path + "/" + name))
    }

    @Test func whatIsWrittenIsRead() throws {
        let folder = try Self.folder()
        defer { try? Folder.removeTree(folder.path) }
        let job = try claimedJob(config: #"{"method": "simmim", "epochs": 3}"#)
        let spec = try JobSpec(job, dataDirectory: "/data", datasetsDirectory: "/sets")
        try folder.write(spec)
        #expect(try folder.spec() == spec)
        let control = JobFolder.Control(attempt: 4, wish: .finish)
        try folder.write(control)
        #expect(folder.control() == control)
        let outcomes: [WorkerLook.Outcome?] = [
            nil, .succeeded, .divided, .stopped, .failed(JobFailure(.lossNotFinite, "“NaN”\n")),
        ]
        for outcome in outcomes {
            let state = JobFolder.WorkerState(
                identifier: 7, startTicks: 8, attempt: 4, beat: 9, outcome: outcome)
            try folder.write(state)
            #expect(folder.state() == state)
        }
        try folder.removeState()
        #expect(folder.state() == nil)
    }

    @Test(arguments: [
        "", "{", "{}", "[]", "null", #"{"attempt": "1"}"#, #"{"attempt": 1e30}"#, #"{"attempt": 99999999999999999999}"#,
        #"{"pid": 1, "started": 2}"#,
        #"{"id": "no-id", "kind": "training", "body": {}, "data_directory": "/d"}"#,
        #"{"id": "01890a5d-ac96-774b-bcce-b302099a8057", "kind": "theft", "body": {}, "data_directory": "/d"}"#,
        #"{"id": "01890a5d-ac96-774b-bcce-b302099a8057", "kind": "training", "body": {}, "data_directory": "d"}"#,
        String(repeating: "[", count: 100_000),
    ]) func foreignFilesAreNothing(text: String) throws {
        let folder = try Self.folder()
        defer { try? Folder.removeTree(folder.path) }
        for name in ["spec.json", "control.json", "state.json"] { try Self.write(text, name, in: folder) }
        #expect(folder.control() == nil && folder.state() == nil)
        #expect(throws: JobFolderError.self) { try folder.spec() }
    }

    @Test(arguments: [
        JobWork.training(TrainingOrder(config: .object([.init("method", .string("mae"))]), initFromPath: "/a.pth")),
        .question(
            AnalysisRequest(
                id: "i", kind: "fourier",
                models: [
                    ModelReference(name: "m", path: "/m", options: LoadOptions(.object([.init("num_heads", .int(3))])))
                ],
                parameters: [AnalysisParameter("image", "pets:1")])),
        .shard(
            ShardRequest(
                AnalysisRequest(
                    id: "i", kind: "fourier", models: [], parameters: [AnalysisParameter("shards", "3")],
                    cut: .init(shards: 3, images: 10, threads: 2)), shard: 1)),
        .snapshot(SnapshotRequest(model: "snapshots/s", step: 1, epoch: 0.5, probeSet: "p", metrics: ["cka"])),
    ]) func workSaysItsKind(work: JobWork) throws {
        let text = try JobBody(work, threads: 3).text()
        let value = try #require(JSONValue(json: text))
        let kind =
            switch work {
            case .training: "training"
            case .question: "question"
            case .shard: "shard"
            case .snapshot: "snapshot"
            }
        #expect(value["work"]?["kind"] == .string(kind))
        #expect(JobBody(text) == JobBody(work, threads: 3))
    }

    /// What was queued before work had a kind still runs.
    @Test func formerJobsAreRead() throws {
        let question =
            #"{"analysis_id": "i", "analysis": "cka", "models": [{"name": "m", "path": "/m"}], "parameters": []}"#
        let snapshot = #"{"model": "snapshots/s", "step": 1, "epoch": 2, "probe_set": "p", "metrics": ["fourier"]}"#
        let id = "01890a5d-ac96-774b-bcce-b302099a8057"
        for (kind, config) in [("training", #"{"method": "mae"}"#), ("analysis", question), ("analysis", snapshot)] {
            let body = try #require(JobBody(#"{"config": \#(config), "init_from_path": "/a", "threads": 2}"#))
            let folder = try Self.folder()
            defer { try? Folder.removeTree(folder.path) }
            try Self.write(
                #"{"id": "\#(id)", "kind": "\#(kind)", "body": \#(config), "parent_id": null, "data_directory": "/d", "threads": 2, "init_from_path": "/a"}"#,
                "spec.json", in: folder)
            let spec = try folder.spec()
            #expect(
                spec.work == body.work && spec.threads == 2 && body.threads == 2 && spec.work.jobKind.rawValue == kind)
            switch spec.work {
            case .training(let order):
                #expect(order.config["method"] == .string("mae") && order.initFromPath == "/a")
            case .shard: Issue.record("there were no shards then")
            case .question(let request): #expect(request.id == "i" && request.models.map(\.path) == ["/m"])
            case .snapshot(let request): #expect(request.metrics == ["fourier"] && request.epoch == 2)
            }
        }
    }

    @Test func unknownOutcomeIsNone() throws {
        let folder = try Self.folder()
        defer { try? Folder.removeTree(folder.path) }
        try Self.write(
            #"{"pid": 1, "started": 2, "attempt": 3, "outcome": {"kind": "whim"}}"#, "state.json", in: folder)
        #expect(folder.state() == nil)
    }

    @Test func lockIsSeen() throws {
        let folder = try Self.folder()
        defer { try? Folder.removeTree(folder.path) }
        #expect(!folder.isLocked)
        let lock = try #require(try LockFile(folder.lock))
        #expect(withExtendedLifetime(lock) { folder.isLocked })
    }

    /// A snapshot lies among the snapshots.
    @Test(arguments: ["/etc/passwd", "snapshots/../../x", "run/model.safetensors"])
    func snapshotElsewhereIsRefused(path: String) throws {
        let request = SnapshotRequest(model: path, step: 1, epoch: 1, probeSet: "p", metrics: [])
        let text = try JobBody(.snapshot(request), threads: 1).text()
        #expect(text.contains("\"snapshot\"") && JobBody(text) == nil)
    }
}
