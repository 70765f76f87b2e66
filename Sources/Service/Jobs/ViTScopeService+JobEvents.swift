public import Catalogue
public import FoundationEssentials
import Jobs
import Runs

/// Something that was told about a job.
public struct JobEventInfo: Sendable {
    /// Counts from 1 in each job.
    public let number: Int
    /// A word of the stream: `state`, `progress`, `metric`, `log`, `checkpoint`, `analysis`, `warning`, `end`.
    public let kind: String
    public let at: Date
    /// A JSON object.
    public let data: String
}

/// A part of what was told about a job.
public struct JobEventPage: Sendable {
    public let events: [JobEventInfo]
    /// Whether the job is at its end and these are the last.
    public let isOver: Bool
    /// Whether the service stops, so that the rest comes from its next start.
    public let isStopping: Bool
}

extension ViTScopeService {
    /// What was told about a job after event `number`, waiting for something to be told where there is nothing yet.
    ///
    /// - Parameters:
    ///   - limit: events at the most.
    ///   - seconds: to wait at the most.
    /// - Throws: `notFound`.
    public func jobEvents(
        _ id: String, after number: Int, limit: Int = 1000, waiting seconds: Double = 0
    ) async throws(ServiceError) -> JobEventPage {
        let queue = try openQueue(), job = try await find(id)
        let limit = min(max(limit, 1), 10_000)
        return try await perform {
            let found = try await queue.feed.wait(for: job.id, seconds: seconds) {
                try await Self.page(job.id, after: number, limit: limit, queue, isLast: false)
            }
            if let found { return found }
            return try await Self.page(job.id, after: number, limit: limit, queue, isLast: true)
                ?? JobEventPage(events: [], isOver: false, isStopping: queue.feed.isOver)
        }
    }

    /// - Parameter isLast: whether an empty page is an answer too.
    private static func page(
        _ id: JobID, after number: Int, limit: Int, _ queue: JobQueue, isLast: Bool
    ) async throws -> JobEventPage? {
        // The state first: what is told with an end is there when the end is.
        let isTerminal = try await queue.store.job(id)?.state.isTerminal ?? true
        let notices = try await queue.store.notices(of: id, after: number, limit: limit)
        guard isLast || isTerminal || !notices.isEmpty else { return nil }
        return JobEventPage(
            events: notices.map {
                JobEventInfo(number: $0.number, kind: $0.notice.kind.rawValue, at: $0.at, data: $0.notice.data)
            }, isOver: isTerminal && notices.count < limit, isStopping: queue.feed.isOver)
    }
}
