public import Foundation

/// Jobs as users of curl meet them.
extension Server {
    /// Posts a job and hands back its id.
    public func submit(_ body: String, key: String? = nil) throws -> String {
        let reply = try curl(
            "/v1/jobs",
            ["-H", "Content-Type: application/json", "-d", body] + (key.map { ["-H", "Idempotency-Key: \($0)"] } ?? []))
        guard reply.status == 202, let id = reply.json["id"] as? String else {
            throw UnexpectedReply(status: reply.status, text: reply.text)
        }
        return id
    }

    public func job(_ id: String) throws -> [String: Any] { try curl("/v1/jobs/\(id)").json }

    /// Waits until `isRight` says so of the job, ten minutes at the most, because a machine may be busy.
    public func job(_ id: String, until isRight: ([String: Any]) -> Bool) throws -> [String: Any] {
        let end = Date().addingTimeInterval(600)
        var job = try job(id)
        while !isRight(job), Date() < end { job = try curl("/v1/jobs/\(id)?wait=5&until=change").json }
        return job
    }

    /// The job at its end.
    public func finished(_ id: String) throws -> [String: Any] {
        try job(id) { ["succeeded", "failed", "cancelled"].contains($0["state"] as? String) }
    }

    /// Everything that was told about a job.
    public func events(_ id: String) throws -> [[String: Any]] {
        var all: [[String: Any]] = []
        while true {
            let page = try curl("/v1/jobs/\(id)/events?after=\(all.count)", ["-H", "Accept: application/json"]).json
            guard let events = page["events"] as? [[String: Any]], !events.isEmpty else { return all }
            all += events
        }
    }

    /// Where the job's files lie.
    public func folder(_ id: String) -> String { data + "/jobs/" + id }

    /// The process that works on a job, if one does.
    public func worker(_ id: String) -> pid_t? {
        let state = FileManager.default.contents(atPath: folder(id) + "/state.json")
        let fields = state.flatMap { try? JSONSerialization.jsonObject(with: $0) } as? [String: Any]
        // One whose parent is gone is a corpse until the first process of the machine has collected it.
        guard let pid = fields?["pid"] as? Int, let stat = FileManager.default.contents(atPath: "/proc/\(pid)/stat"),
            let kind = String(decoding: stat, as: UTF8.self).split(separator: ")").last?.first(where: { $0 != " " }),
            kind != "Z", kind != "X"
        else { return nil }
        return pid_t(pid)
    }
}

/// An answer that is not the wanted one.
public struct UnexpectedReply: Error {
    public let status: Int
    public let text: String

    public init(status: Int, text: String) {
        self.status = status
        self.text = text
    }
}
