import Catalogue
import Hummingbird
import NIOCore
import Service

/// Tells a job's events as they happen (Server-Sent Events), until the job's end, the client's or the server's.
///
/// Only one page of events is in memory at a time: who reads slowly waits, and the guard ends who does not read at all.
struct EventStream: Sendable {
    /// Silence after which a comment shows that the stream lives, seconds.
    private static let heartbeat = 10.0
    static let pageSize = 500
    private static let pieceBytes = 32 << 10

    let service: ViTScopeService
    let job: String
    let first: JobEventPage
    let after: Int

    var body: ResponseBody {
        ResponseBody { writer in
            try await tell(to: &writer)
            try await writer.finish(nil)
        }
    }

    private func tell(to writer: inout any ResponseBodyWriter) async throws {
        var page = first, last = after
        // A browser that lost us comes back after a second.
        try await writer.write(ByteBuffer(string: "retry: 1000\n\n"))
        while true {
            for piece in EventStream.pieces(page.events) { try await writer.write(piece) }
            last = page.events.last?.number ?? last
            if page.isOver { return }
            if page.isStopping {
                return try await writer.write(ByteBuffer(string: ": the server stops; come back for the rest\n\n"))
            }
            if page.events.isEmpty { try await writer.write(ByteBuffer(string: ": still here\n\n")) }
            if ConnectionLife.current?.isOver == true || Task.isCancelled { return }
            do {
                page = try await next(after: last)
            } catch is ServiceError {
                // Who comes back hears what is wrong, for example that the job was deleted.
                return
            }
        }
    }

    private func next(after last: Int) async throws -> JobEventPage {
        try await ConnectionLife.cancellingWhenOver {
            try await service.jobEvents(
                job, after: last, limit: EventStream.pageSize, waiting: EventStream.heartbeat)
        }
    }

    /// The events' text, in buffers of a bounded size.
    private static func pieces(_ events: [JobEventInfo]) -> [ByteBuffer] {
        var pieces: [ByteBuffer] = []
        var piece = ByteBuffer()
        for event in events {
            piece.writeString(text(event))
            if piece.readableBytes > pieceBytes {
                pieces.append(piece)
                piece = ByteBuffer()
            }
        }
        return piece.readableBytes > 0 ? pieces + [piece] : pieces
    }

    /// One event. A line of its data may not hold the end of a line.
    static func text(_ event: JobEventInfo) -> String {
        let data = event.data.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        let lines = data.map { "data: \($0)\n" }.joined()
        return "id: \(event.number)\nevent: \(event.kind)\n\(lines)\n"
    }
}
