package import HTTPTypes
package import JSON
import Service

/// An error as a client gets it (RFC 9457): a kind, a sentence to act on, and every fault that was found.
package struct Problem: Error, Sendable {
    package let kind: ProblemKind
    package let detail: String
    package var faults: [Fault] = []
    /// Fields that belong to the answer: `Allow`, `Retry-After`.
    package var fields: HTTPFields = [:]
    /// What happened, for the log alone.
    package var cause: String?

    package init(
        _ kind: ProblemKind, _ detail: String, faults: [Fault] = [], fields: HTTPFields = [:],
        cause: String? = nil
    ) {
        self.kind = kind
        self.detail = detail
        self.faults = faults
        self.fields = fields
        self.cause = cause
    }

    /// The body of the answer.
    func payload(requestID: String) -> JSONValue {
        var members: [JSONValue.Member] = [
            .init("type", .string("/problems/\(kind.rawValue)")),
            .init("title", .string(kind.title)),
            .init("status", .int(kind.status.code)),
            .init("detail", .string(detail)),
            .init("request_id", .string(requestID)),
        ]
        if !faults.isEmpty {
            members.append(
                .init(
                    "errors",
                    .list(
                        faults.map {
                            .object([.init("pointer", .string($0.pointer)), .init("detail", .string($0.detail))])
                        })))
        }
        return .object(members)
    }
}
