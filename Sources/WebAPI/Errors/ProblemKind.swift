package import HTTPTypes

/// Every kind of error there is. Raw values end the relative reference in `type`, which the server answers with a page.
package enum ProblemKind: String, Sendable, CaseIterable {
    case unreadable
    case unauthorized
    case crossOrigin = "cross-origin"
    case notFound = "not-found"
    case unknownRoute = "unknown-route"
    case methodNotAllowed = "method-not-allowed"
    case notAcceptable = "not-acceptable"
    case timeout
    case conflict
    case gone
    case tooLarge = "too-large"
    case targetTooLong = "target-too-long"
    case rangeNotSatisfiable = "range-not-satisfiable"
    case unsupportedMedia = "unsupported-media"
    case unknownHost = "unknown-host"
    case invalid
    case headTooLarge = "head-too-large"
    case tooManyFailures = "too-many-failures"
    case queueFull = "queue-full"
    case cancelled
    case internalFault = "internal"
    case fatal
    case busy
    case unavailable
    case diskFull = "disk-full"

    package var status: HTTPResponse.Status {
        switch self {
        case .unreadable: .badRequest
        case .unauthorized: .unauthorized
        case .crossOrigin: .forbidden
        case .notFound, .unknownRoute: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .notAcceptable: .notAcceptable
        case .timeout: .requestTimeout
        case .conflict: .conflict
        case .gone: .gone
        case .tooLarge: .contentTooLarge
        case .targetTooLong: .uriTooLong
        case .rangeNotSatisfiable: .rangeNotSatisfiable
        case .unsupportedMedia: .unsupportedMediaType
        case .unknownHost: .misdirectedRequest
        case .invalid: .unprocessableContent
        case .headTooLarge: .requestHeaderFieldsTooLarge
        case .tooManyFailures, .queueFull: .tooManyRequests
        case .cancelled: HTTPResponse.Status(code: 499, reasonPhrase: "Client Closed Request")
        case .internalFault, .fatal: .internalServerError
        case .busy, .unavailable: .serviceUnavailable
        case .diskFull: HTTPResponse.Status(code: 507, reasonPhrase: "Insufficient Storage")
        }
    }

    /// The same for every occurrence.
    package var title: String {
        switch self {
        case .unreadable: "The request cannot be read"
        case .unauthorized: "The server wants a token"
        case .crossOrigin: "Requests of another site are not taken"
        case .notFound: "There is nothing of this name"
        case .unknownRoute: "There is nothing at this path"
        case .methodNotAllowed: "This path does not take this method"
        case .notAcceptable: "This form of answer is not made"
        case .timeout: "The request came too slowly"
        case .conflict: "The request does not go with the present state"
        case .gone: "It was there, and is not any more"
        case .tooLarge: "More than the limits allow"
        case .targetTooLong: "The address is too long"
        case .rangeNotSatisfiable: "There are no bytes in this range"
        case .unsupportedMedia: "This kind of content is not taken"
        case .unknownHost: "This server does not go by this name"
        case .invalid: "The request is readable but wrong"
        case .headTooLarge: "The header fields are too large"
        case .tooManyFailures: "Too many wrong tokens"
        case .queueFull: "The queue is full"
        case .cancelled: "The client left"
        case .internalFault: "A fault of this server"
        case .fatal: "This question ends the process that computes"
        case .busy: "Too much to do at the moment"
        case .unavailable: "The server does not take requests now"
        case .diskFull: "The server's disk is full"
        }
    }

    /// What to do about it, for the page behind `type`.
    package var explanation: String {
        switch self {
        case .unreadable:
            "The bytes are not what they should be: torn JSON or a torn image, an escape that is none, a page token "
                + "that this server did not make, two Host fields. The detail says which. Mend the request; sending it "
                + "again as it is will not help."
        case .unauthorized:
            "Programs send the token in the field Authorization: Bearer TOKEN. The page signs in with it. Whoever "
                + "started the server knows it."
        case .crossOrigin:
            "Browsers say which site a request comes from. Requests that change something are taken from this "
                + "server's own page and from programs, never from pages of other sites."
        case .notFound: "The detail names what was looked for, and the known names most like it."
        case .unknownRoute: "The paths of this server are listed in /openapi.json and linked from /v1."
        case .methodNotAllowed: "The Allow field of the answer lists the methods of this path."
        case .notAcceptable: "The detail lists the forms there are. Choose one with format= or with the Accept field."
        case .timeout: "A body must keep coming while the server reads it, 1 KiB a second at least. Send it again."
        case .conflict:
            "The name is taken by something else, or the thing is not in the state that the request needs. The detail "
                + "says which."
        case .gone: "The detail says what has replaced it, or why it was removed."
        case .tooLarge: "The detail names the limit, and what to ask for instead."
        case .targetTooLong:
            "A request's path and query together are limited to 8 KiB. A probe set names many images at once."
        case .rangeNotSatisfiable: "The Content-Range field of the answer says how many bytes there are."
        case .unsupportedMedia: "The detail lists the kinds of content that this path takes."
        case .unknownHost:
            "The Host field names neither this machine nor a name in the server's configuration. Use the address that "
                + "the server printed at its start, or add the name to its configuration."
        case .invalid:
            "Every fault that was found is listed in errors: pointer says where (?name in the query, /name in the "
                + "body), detail what to do."
        case .headTooLarge: "A request's head is limited to 32 KiB and 100 fields."
        case .tooManyFailures:
            "Ten wrong tokens in a minute are all that one address may send. Wait the seconds in the Retry-After field."
        case .queueFull:
            "As many jobs wait as may. Cancel some, or ask again after the seconds in the Retry-After field."
        case .cancelled: "The client closed the connection before the answer was ready."
        case .internalFault:
            "It is not your fault. The request_id finds the cause in the server's log; please report it."
        case .fatal:
            "It is not your fault: twice the process that computes ended while it worked on this. Everything else is "
                + "answered as before; this is refused until the program changes. Please report it with the request_id."
        case .busy: "Ask again after the seconds in the Retry-After field."
        case .unavailable:
            "The server is starting or stopping, or cannot write its data directory. /readyz says when it is ready."
        case .diskFull: "Delete models or uploads, or ask the server's administrator for room."
        }
    }
}
