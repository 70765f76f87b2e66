import Foundation
import Jobs
import JobsTestSupport
import Platform
import Runs
import Service
import Testing

/// A queue without processes: its workers say what a test says.
struct TestJobs: Sendable {
    let store = MemoryJobStore()
    let executor = ScriptedExecutor()

    /// A training that would take no time.
    static let body = body()

    static func body(_ name: String = "tiny", extra: String = "") -> String {
        #"{"name": "\#(name)", "method": "simmim", "dataset": "shapes-textures", "epochs": 1, "batch_size": 4, "#
            + #""arch": {"img_size": 32, "patch_size": 8, "embed_dim": 32, "depth": 2, "num_heads": 2}, "#
            + #""dataset_options": {"n_images": 8, "img_size": 32, "seed": 0}, "seed": 0, "#
            + #""simmim": {"mask_ratio": 0.5, "mask_patch_size": 8}, "labels": {"team": "a"}\#(extra)}"#
    }

    /// A program that answers what a job would need, without training.
    private static func estimator() -> String {
        let path = NSTemporaryDirectory() + "vitscope-estimator-" + UUID().uuidString
        let script = #"""
            #!/bin/sh
            test -s "$3" && echo '{"parameters": 5, "memory_bytes": 7, "seconds_per_epoch": 0.5}'
            rm -f "$0"
            """#
        _ = FileManager.default.createFile(
            atPath: path, contents: Data(script.utf8), attributes: [.posixPermissions: 0o700])
        return path
    }

    func install(in configuration: inout ServiceConfiguration) {
        configuration.jobs.program = TestJobs.estimator()
        configuration.jobs.openStores = { [store] _ in JobStores(jobs: store, results: store) }
        configuration.jobs.makeExecutor = { [executor] _ in executor }
        configuration.jobs.runner.interval = .milliseconds(5)
        configuration.jobs.drainSeconds = 1
    }

    /// Runs a server with this queue.
    func withServer<R: Sendable>(
        slots: Int = 1, queueLength: Int = 1000, _ body: @escaping @Sendable (RawClient) async throws -> R
    ) async throws -> R {
        await executor.obey(.stop, with: .stopped)
        await executor.obey(.cancel, with: .stopped)
        return try await WebAPITests.withServer(
            starts: true,
            change: { configuration in
                install(in: &configuration)
                configuration.jobs.runner.slots[.training] = slots
                configuration.jobs.queueLength = queueLength
            }, body)
    }

    /// Posts a job.
    ///
    /// - Returns: its id.
    func post(_ client: RawClient, _ body: String = TestJobs.body) async throws -> String {
        let answer = try await client.post("/v1/jobs", json: body)
        #expect(answer.status == 202, "\(answer.body)")
        return try RouteTests.object(answer)["id"] as? String ?? ""
    }

    /// The worker of a job says something.
    func tell(_ id: String, step: Int, _ notices: [JobNotice] = [], life: WorkerLook.Life = .running) async {
        guard let id = JobID(id) else { return }
        var look = WorkerLook(life: life)
        look.report = JobSamples.report(step: step)
        look.findings.notices = notices
        await executor.script(id, [look, WorkerLook(life: life)])
    }

    /// Waits for the end of a job.
    @discardableResult
    func end(of id: String, _ client: RawClient) async throws -> [String: Any] {
        let answer = try await client.get("/v1/jobs/\(id)?wait=60&until=terminal")
        #expect(answer.status == 200, "\(answer.body)")
        return try RouteTests.object(answer)
    }

    /// Waits until a job is in a state.
    func wait(for state: String, of id: String, _ client: RawClient) async throws {
        for _ in 0..<1000 {
            if try RouteTests.object(await client.get("/v1/jobs/\(id)"))["state"] as? String == state { return }
            _ = try await client.get("/v1/jobs/\(id)?wait=1&until=change")
        }
        Issue.record("the job never was \(state)")
    }

    /// Lays down what a run leaves: a file for each checkpoint, and lines of metrics.
    static func writeRun(_ id: String, in data: String, checkpoints: [Int: Data], metrics: [String] = []) throws {
        let run = "\(data)/jobs/\(id)/run"
        try FileManager.default.createDirectory(atPath: run + "/checkpoints", withIntermediateDirectories: true)
        var entries: [String] = []
        for (step, bytes) in checkpoints.sorted(by: { $0.key < $1.key }) {
            try bytes.write(to: URL(fileURLWithPath: "\(run)/checkpoints/step-\(step).safetensors"))
            let digest = SHA256.hex(of: Array(bytes))
            entries.append(#"{"step": \#(step), "size_bytes": \#(bytes.count), "sha256": "\#(digest)"}"#)
        }
        let record =
            #"{"dataset_sha256": "00", "threads": 1, "code_version": "1", "checkpoints": [\#(entries.joined(separator: ", "))]}"#
        try Data(record.utf8).write(to: URL(fileURLWithPath: run + "/state.json"))
        let lines = metrics.map { $0 + "\n" }.joined()
        try Data(lines.utf8).write(to: URL(fileURLWithPath: run + "/metrics.jsonl"))
    }
}
