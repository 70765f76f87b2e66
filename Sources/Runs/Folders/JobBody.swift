import JSON

/// What a job's request carries for its worker.
package struct JobBody: Sendable, Equatable {
    package let work: JobWork
    /// Threads that compute, fixed when the job is posted: another number gives other sums.
    package let threads: Int
    /// What the worker's log names, so that others find it again; nil for nothing.
    package let trace: String?

    package init(_ work: JobWork, threads: Int, trace: String? = nil) {
        self.work = work
        self.threads = threads
        self.trace = trace
    }

    /// Nil for a text that is no such body.
    package init?(_ text: String) {
        guard let body = try? JSONValue.parse(Array(text.utf8)).decoded(as: JobBody.self) else { return nil }
        self = body
    }

    /// JSON.
    ///
    /// - Throws: never for what was read or posted; a request of ours holds nothing that JSON cannot.
    package func text() throws -> String {
        String(decoding: try JSONValue(encoding: self).json, as: UTF8.self)
    }
}

extension JobBody: Codable {
    private enum CodingKeys: CodingKey { case work, threads, trace }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        work =
            container.contains(.work) ? try container.decode(JobWork.self, forKey: .work) : try JobWork(former: decoder)
        threads = try container.decodeIfPresent(Int.self, forKey: .threads).map { max(1, min($0, 1024)) } ?? 1
        trace = try container.decodeIfPresent(String.self, forKey: .trace)
    }
}
