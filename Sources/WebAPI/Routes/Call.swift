import Catalogue
import HTTPTypes
import Hummingbird
import JSON
import NIOCore
import Service

/// One request, decoded as far as its route's description allows.
struct Call: Sendable {
    let request: Request
    let context: APIRequestContext
    let query: Query
    private let path: [String: String]

    /// - Throws: a problem where the target's escapes are broken or the form asked for is not made here.
    init(request: Request, context: APIRequestContext, operation: Operation) throws {
        self.request = request
        self.context = context
        query = try Query(request.uri.query ?? "", known: operation.parameters.filter { $0.place == .query })
        var path: [String: String] = [:]
        for parameter in operation.parameters where parameter.place == .path && !operation.takesDeepPaths {
            guard let text = context.parameters.get(parameter.name) else { continue }
            path[parameter.name] = try PercentEncoding.decode(text, plusIsSpace: false)
        }
        self.path = path
    }

    /// A part of the path.
    func name(_ parameter: String) -> String { path[parameter] ?? "" }

    /// Refuses what the query has too much or wrong.
    func checkQuery() throws {
        if !query.faults.isEmpty { throw ServiceError.invalid(query.faults) }
    }

    /// The whole body, which the guard keeps below the route's limit.
    func body(upTo limit: Int) async throws -> ByteBuffer { try await request.body.collect(upTo: limit) }

    /// The page that is asked for.
    func page() throws -> (size: Int?, token: String?) {
        var query = query
        let size = query.integer("page_size", atLeast: 1)
        if !query.faults.isEmpty { throw ServiceError.invalid(query.faults) }
        return (size, query.text("page_token").flatMap { $0.isEmpty ? nil : $0 })
    }

    // Answers

    /// JSON, unless the client wants nothing of the kind.
    func json(
        _ value: JSONValue, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]
    ) throws -> Response {
        try accept(["application/json"])
        var headers = headers
        if headers[.cacheControl] == nil { headers[.cacheControl] = "no-cache" }
        return bytes(value.json, type: "application/json", status: status, headers: headers)
    }

    /// Bytes of a media type.
    func bytes(
        _ bytes: [UInt8], type: String, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]
    ) -> Response {
        buffer(ByteBuffer(bytes: bytes), type: type, status: status, headers: headers)
    }

    /// The body of a large answer, which others may be taking, too: written piece by piece as the client takes it, and held
    /// until then.
    func body(_ body: AnswerBody, headers: HTTPFields) -> Response {
        let bytes = body.bytes
        guard bytes.count > Self.piece else { return self.bytes(bytes, type: body.mediaType, headers: headers) }
        var headers = headers
        headers[.contentType] = body.mediaType
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody(contentLength: bytes.count) { writer in
                for start in stride(from: 0, to: bytes.count, by: Self.piece) {
                    try await writer.write(ByteBuffer(bytes: bytes[start..<min(start + Self.piece, bytes.count)]))
                    try await ConnectionLife.settle()
                }
                try await writer.finish(nil)
                withExtendedLifetime(body) {}
            })
    }

    private static let piece = 256 << 10

    /// Bytes of a media type that several answers may share.
    func buffer(
        _ bytes: ByteBuffer, type: String, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]
    ) -> Response {
        var headers = headers
        headers[.contentType] = type
        return Response(status: status, headers: headers, body: .init(byteBuffer: bytes))
    }

    /// Refuses a client that takes none of `types`.
    func accept(_ types: [String]) throws {
        guard Accept(request.headers[values: .accept]).best(of: types) == nil else { return }
        throw Problem(.notAcceptable, "This path answers \(types.joined(separator: ", ")); accept that.")
    }
}
