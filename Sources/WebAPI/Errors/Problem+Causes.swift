package import Catalogue
import HTTPTypes
import Hummingbird
import NIOCore
import Service

// The one place where errors become answers.
extension Problem {
    /// The answer to what the service threw.
    package init(_ error: ServiceError) {
        switch error {
        case .invalid(let faults): self.init(.invalid, error.detail, faults: faults)
        case .unreadable(let detail): self.init(.unreadable, detail)
        case .notFound: self.init(.notFound, error.detail)
        case .conflict(let detail): self.init(.conflict, detail)
        case .tooLarge: self.init(.tooLarge, error.detail)
        case .gone(let detail): self.init(.gone, detail)
        case .busy(let detail, let seconds): self.init(.busy, detail, fields: [.retryAfter: String(max(1, seconds))])
        case .queueFull(let detail, let seconds):
            self.init(.queueFull, detail, fields: [.retryAfter: String(max(1, seconds))])
        case .unsupportedMedia(let detail): self.init(.unsupportedMedia, detail)
        case .diskFull: self.init(.diskFull, error.detail)
        case .unavailable(let detail): self.init(.unavailable, detail, fields: [.retryAfter: "5"])
        case .dataDirectoryLocked: self.init(.unavailable, error.detail, fields: [.retryAfter: "5"])
        case .cancelled: self.init(.cancelled, error.detail)
        case .fatal(let detail): self.init(.fatal, detail)
        case .internalFault(let cause): self.init(.internalFault, error.detail, cause: cause)
        }
    }

    /// The answer to a request that the guard did not let pass.
    package init(_ refusal: Refusal) {
        switch refusal {
        case .malformed: self.init(.unreadable, "This is not an HTTP/1.1 request that can be read safely.")
        case .headTooLarge:
            self.init(.headTooLarge, "Send fewer or shorter header fields: 32 KiB and 100 fields at most.")
        case .targetTooLong:
            self.init(.targetTooLong, "Shorten the path and query to 8 KiB; a probe set names many images at once.")
        case .targetMalformed: self.init(.unreadable, "The target must be a path; escape what is not ASCII.")
        case .transferEncoding: self.init(.unreadable, "The only Transfer-Encoding is chunked, once, in HTTP/1.1.")
        case .framing: self.init(.unreadable, "Say the body's length once: a Content-Length in digits, or chunked.")
        case .hostMissing: self.init(.unreadable, "A request names its server in exactly one Host field.")
        case .hostMalformed: self.init(.unreadable, "The Host field is no host name or address.")
        case .hostUnknown:
            self.init(
                .unknownHost,
                "Use the address this server printed at its start, or allow the name in its configuration.")
        case .bodyTooLarge: self.init(BodyFailure.tooLarge)
        }
    }

    /// The answer to a body that ended badly.
    init(_ failure: BodyFailure) {
        switch failure {
        case .tooLarge:
            self.init(.tooLarge, "The body is larger than this path takes. /v1 lists the limits.")
        case .tooSlow: self.init(.timeout, "The body came too slowly. Send it again on a better connection.")
        case .malformed: self.init(.unreadable, "The body is not framed as the head says, or was torn off.")
        }
    }

    /// The answer to a body larger than the `limit` of its path, bytes.
    init(tooLargeFor limit: Int) {
        self.init(
            .tooLarge,
            "This path takes a body of at most \(limit) bytes. Send less, or give the server the file in its models or "
                + "datasets directory.")
    }

    /// The answer to anything that was thrown on the way.
    package init(cause error: any Error) {
        switch error {
        case let problem as Problem: self = problem
        case let error as ServiceError: self.init(error)
        case let failure as BodyFailure: self.init(failure)
        case is NIOTooManyBytesError: self.init(BodyFailure.tooLarge)
        case is CancellationError: self.init(ServiceError.cancelled)
        case let error as any HTTPResponseError where error.status == .notFound:
            self.init(.unknownRoute, "There is nothing at this path.")
        default:
            self.init(ServiceError.internalFault(String(reflecting: error)))
        }
    }
}
