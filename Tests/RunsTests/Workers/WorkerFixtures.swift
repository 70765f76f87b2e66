import TestSupport
import Foundation
import Jobs
import Platform
import Runs
import ServiceTestSupport
import Testing

/// A folder of jobs with a worker of one's own making: a shell script in the program's place.
final class WorkerFixture: Sendable {
    let path: String
    let script: String

    /// - Parameter body: what the script does; `$dir` is the job's folder, `$attempt` the number of its start, `tell LINE`
    ///   tells something, `state OUTCOME` says how the worker is, and `lock` takes the worker's lock.
    init(_ body: String) throws {
        path = NSTemporaryDirectory() + "vitscope-worker-" + UUID().uuidString
        script = path + "/worker.sh"
        try FileManager.default.createDirectory(atPath: path + "/jobs", withIntermediateDirectories: true)
        let text = """
            #!/bin/sh
            dir=$3 attempt=$5
            tell() { printf '%s\\n' "$1" >> "$dir/events.jsonl"; }
            lock() { exec 9> "$dir/worker.lock"; flock -n 9; }
            state() {
                set -- "$1" $(sed 's/.*) //' /proc/$$/stat)
                outcome=$1; shift 20
                printf '{"pid": %s, "started": %s, "attempt": %s, "beat": 7, "outcome": %s}' \\
                    $$ "$1" "$attempt" "$outcome" > "$dir/state.tmp"
                mv "$dir/state.tmp" "$dir/state.json"
            }
            \(body)
            """
        try Data(text.utf8).write(to: URL(fileURLWithPath: script))
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: script)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Another server on the same folders.
    func executor() -> FolderExecutor {
        FolderExecutor(jobsFolder: path + "/jobs", dataDirectory: path, datasetsDirectory: nil, program: script)
    }

    func folder(_ job: Job) -> JobFolder { JobFolder(job.id, in: path + "/jobs") }

    func text(_ job: Job, _ name: String) -> String {
        String(decoding: FileManager.default.contents(atPath: folder(job).path + "/" + name) ?? Data(), as: UTF8.self)
    }
}

/// A training job that was claimed `attempt` times.
func claimedJob(_ kind: JobKind = .training, config: String = "{}", parent: JobID? = nil, attempt: Int = 1) throws
    -> Job
{
    let date = Date()
    let request = JobRequest(
        kind: kind, method: kind == .training ? "simmim" : "analysis", body: "{\"config\": \(config), \"threads\": 1}",
        parentID: parent)
    var job = Job(id: JobID(at: date), request: request, at: date)
    for number in 1...attempt {
        job = try job.applying(.claimed(owner: "test"), at: date)
        guard number < attempt else { break }
        job = try job.applying(.reported(checkpointed(number)), at: date)
        job = try job.applying(.crashed("for the test"), at: date)
    }
    return job
}

private func checkpointed(_ step: Int) -> JobReport {
    var report = JobReport(offset: 0)
    report.checkpointStep = step
    return report
}

extension FolderExecutor {
    /// The look that shows the worker's end, after all that it said.
    func end(of job: Job) async throws -> WorkerLook {
        try await eventually("the worker ends") {
            let look = await self.look(at: job)
            if case .ended = look.life { return look }
            return nil
        }
    }
}
