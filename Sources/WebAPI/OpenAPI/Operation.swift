package import HTTPTypes

/// What is said about a route: to users in the OpenAPI document, to the router, and to the checks of its parameters.
package struct Operation: Sendable {
    package let method: HTTPRequest.Method
    /// With parameters in braces.
    package let path: String
    package let id: String
    package let tag: String
    package let summary: String
    package var parameters: [OperationParameter] = []
    package var body: RequestContent?
    package var answers: [Answer]
    /// Errors besides those that every route can answer with.
    package var problems: [ProblemKind] = []
    /// Whether the last parameter of the path may hold slashes.
    package var takesDeepPaths = false
    /// Whether it answers also who has not signed in.
    package var isOpen = false

    /// The path as the router wants it.
    var routerPath: String {
        guard takesDeepPaths, let brace = path.lastIndex(of: "{") else { return path }
        return path[..<brace] + "**"
    }

    /// Every status this route can answer with.
    package var statuses: [Int] {
        (answers.map(\.status.code) + allProblems.map(\.status.code)).reduce(into: []) { statuses, status in
            if !statuses.contains(status) { statuses.append(status) }
        }
    }

    /// Every kind of error this route can answer with.
    package var allProblems: [ProblemKind] {
        var all: [ProblemKind] = [.unreadable, .tooLarge, .targetTooLong, .unknownHost, .headTooLarge, .internalFault]
        if method != .get { all += [.crossOrigin] }
        if !isOpen { all += [.unauthorized, .tooManyFailures] }
        if body != nil { all += [.timeout, .unsupportedMedia] }
        return all + problems.filter { !all.contains($0) }
    }
}

/// A parameter of an operation.
package struct OperationParameter: Sendable {
    package enum Place: String, Sendable { case path, query, header }

    package let name: String
    package let place: Place
    package let schema: Schema
    package let detail: String
    package var isRequired = false
    /// Whether it may come several times.
    package var repeats = false

    static func path(_ name: String, _ detail: String, schema: Schema = .text) -> OperationParameter {
        OperationParameter(name: name, place: .path, schema: schema, detail: detail, isRequired: true)
    }

    package static func query(
        _ name: String, _ detail: String, schema: Schema = .text, repeats: Bool = false
    ) -> OperationParameter {
        OperationParameter(name: name, place: .query, schema: schema, detail: detail, repeats: repeats)
    }
}

/// What a request's body may be.
package struct RequestContent: Sendable {
    package let types: [String]
    package let schema: Schema
    package let detail: String
}

/// One way an operation answers.
package struct Answer: Sendable {
    package let status: HTTPResponse.Status
    package let detail: String
    /// Media types and what their content is like.
    package var content: [(type: String, schema: Schema)] = []
    package var fields: [(name: String, detail: String)] = []

    static func json(_ detail: String, _ schema: Schema, status: HTTPResponse.Status = .ok) -> Answer {
        Answer(status: status, detail: detail, content: [("application/json", schema)])
    }

    /// Bytes of a media type that no schema describes.
    static func bytes(_ detail: String, _ types: [String], status: HTTPResponse.Status = .ok) -> Answer {
        Answer(status: status, detail: detail, content: types.map { ($0, .any) })
    }

    static func empty(_ detail: String, status: HTTPResponse.Status) -> Answer {
        Answer(status: status, detail: detail)
    }

    static let notModified = Answer(status: .notModified, detail: "What If-None-Match names is still the answer.")
}
