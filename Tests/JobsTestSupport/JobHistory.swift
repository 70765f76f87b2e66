import Foundation
public import Jobs

/// All that was told about one job, to be checked against what must hold in any history.
public struct JobHistory: Sendable {
    /// A notice, as the store keeps it or the API tells it.
    public struct Entry: Sendable {
        public let number: Int
        public let kind: String
        /// A JSON object.
        public let data: String

        public init(number: Int, kind: String, data: String) {
            self.number = number
            self.kind = kind
            self.data = data
        }
    }

    public let id: String
    public let entries: [Entry]

    public init(id: String, entries: [Entry]) {
        self.id = id
        self.entries = entries
    }

    public init(id: JobID, notices: [NumberedNotice]) {
        self.init(
            id: id.text,
            entries: notices.map { Entry(number: $0.number, kind: $0.notice.kind.rawValue, data: $0.notice.data) })
    }

    /// What breaks an invariant, in words; nothing if all is well.
    public var problems: [String] {
        var checker = Checker()
        for entry in entries { checker.take(entry) }
        checker.end()
        return checker.problems.map { "job \(id): \($0)" }
    }

    /// The state that was told last.
    public var lastState: String? {
        entries.last { $0.kind == "state" }.flatMap { Facts($0.data)?.state }
    }

    /// What breaks an invariant in a store to which `submitted` jobs were taken in and none was deleted.
    public static func problems(in store: any JobStore, submitted: [JobID]) async throws -> [String] {
        var problems: [String] = []
        var count = 0
        let jobs = try await store.jobs(JobFilter(), before: nil, limit: .max)
        for state in JobState.allCases {
            for kind in JobKind.allCases { count += try await store.count(kind, state) }
        }
        if count != jobs.count { problems.append("I8: \(jobs.count) jobs are listed, and \(count) counted by state") }
        let known = Set(jobs.map(\.id))
        problems += submitted.filter { !known.contains($0) }.map { "I1: job \($0) was acknowledged and is lost" }
        for job in jobs {
            let history = JobHistory(
                id: job.id, notices: try await store.notices(of: job.id, after: 0, limit: .max))
            problems += history.problems
            if history.lastState != job.state.rawValue {
                problems.append(
                    "I2: job \(job.id) is \(job.state) and was told to be \(history.lastState ?? "nothing")")
            }
            let starts = history.entries.count { $0.kind == "state" && Facts($0.data)?.state == "running" }
            if job.attempt > job.leaseToken || starts > 0 && job.leaseToken == 0 {
                problems.append("I3: job \(job.id) was started more often than it was leased")
            }
        }
        return problems
    }
}

/// What a `state` or `end` notice says.
private struct Facts: Decodable, Equatable {
    let state: String
    let attempt: Int
    let held: Bool
    let step: Int

    init?(_ data: String) {
        guard let facts = try? JSONDecoder().decode(Facts.self, from: Data(data.utf8)) else { return nil }
        self = facts
    }
}

/// Reads a history once.
private struct Checker {
    var problems: [String] = []
    private var last: Facts?
    private var number = 0
    private var ends = 0
    private var metricLine = -1
    private var progress = -1

    private struct Position: Decodable {
        let step: Int?
        let line: Int?
    }

    mutating func take(_ entry: JobHistory.Entry) {
        if entry.number != number + 1 { problems.append("I2: notice \(entry.number) follows notice \(number)") }
        number = entry.number
        if ends > 0 { problems.append("I2: notice \(number) (\(entry.kind)) follows the end") }
        switch entry.kind {
        case "state": state(Facts(entry.data))
        case "end":
            ends += 1
            if Facts(entry.data) != last { problems.append("I2: the end tells of another state than the last one") }
        case "metric": metric(position(entry.data)?.line)
        case "progress": progressed(position(entry.data)?.step)
        default: break
        }
    }

    mutating func end() {
        guard let last else { return problems.append("I1: nothing was told of a state") }
        let isTerminal = JobState(rawValue: last.state)?.isTerminal ?? false
        if ends != (isTerminal ? 1 : 0) { problems.append("I2: a job that is \(last.state) has \(ends) ends") }
    }

    private func position(_ data: String) -> Position? {
        try? JSONDecoder().decode(Position.self, from: Data(data.utf8))
    }

    /// I2 and I3: states follow one another, and an attempt never comes after a later one.
    private mutating func state(_ facts: Facts?) {
        guard let facts, let state = JobState(rawValue: facts.state) else {
            return problems.append("I2: notice \(number) tells of no state")
        }
        defer { last = facts }
        guard let last, let before = JobState(rawValue: last.state) else {
            if facts != Facts.first { problems.append("I2: the first notice is not of a new job") }
            return
        }
        switch (before, state) {
        case (.queued, .running):
            if facts.attempt != last.attempt + 1 {
                problems.append("I3: attempt \(facts.attempt) after \(last.attempt)")
            }
            if last.held { problems.append("I2: a held job was started") }
            progress = -1
        case (.running, .queued):
            if facts.attempt != last.attempt, facts.attempt != last.attempt - 1 {
                problems.append("I3: attempt \(facts.attempt) after \(last.attempt)")
            }
        case (.queued, .queued), (.running, .running), (.queued, .cancelled), (.running, .succeeded),
            (.running, .failed), (.running, .cancelled):
            if facts.attempt != last.attempt { problems.append("I3: attempt \(facts.attempt) after \(last.attempt)") }
        case (_, .succeeded), (_, .failed), (_, .cancelled), (.succeeded, _), (.failed, _), (.cancelled, _):
            problems.append("I2: \(state) after \(before)")
        }
    }

    /// What was recorded is recorded once.
    private mutating func metric(_ line: Int?) {
        guard let line else { return }
        if line <= metricLine { problems.append("I6: line \(line) of the metrics after line \(metricLine)") }
        metricLine = line
    }

    /// I6: within one attempt a run only goes on.
    private mutating func progressed(_ step: Int?) {
        guard let step else { return }
        if step < progress { problems.append("I6: step \(step) after step \(progress)") }
        progress = step
    }
}

extension Facts {
    fileprivate static let first = Facts(#"{"state":"queued","attempt":0,"held":false,"step":0}"#)
}
