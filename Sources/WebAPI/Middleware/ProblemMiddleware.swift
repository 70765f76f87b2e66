import HTTPTypes
package import Hummingbird
import JSON
import NIOCore
import Platform
import Service

/// Turns everything that is thrown, and every path that is not there, into an answer.
package struct ProblemMiddleware: RouterMiddleware {
    package typealias Context = APIRequestContext

    let table: RouteTable

    package init(table: RouteTable) { self.table = table }

    package func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            if let mark = request.headers[.refusal] {
                context.notes.route = "refused"
                let refusal = Refusal(rawValue: mark) ?? .malformed
                if refusal == .bodyTooLarge { throw BodyFailure.tooLarge }
                throw Problem(refusal)
            }
            return try await next(request, context)
        } catch {
            var problem = Problem(cause: error)
            if error as? BodyFailure == .tooLarge {
                problem = Problem(
                    tooLargeFor: table.bodyLimit(
                        method: request.method.rawValue, components: request.uri.path.split(separator: "/")))
            }
            if problem.kind == .unknownRoute {
                let methods = table.methods(at: request.uri.path)
                if !methods.isEmpty || request.method == .options {
                    let allow = (methods.isEmpty ? table.allMethods : methods).map(\.rawValue).joined(separator: ", ")
                    if request.method == .options {
                        return Response(status: .noContent, headers: [.allow: allow])
                    }
                    problem = Problem(
                        .methodNotAllowed, "This path takes \(allow), not \(request.method.rawValue).",
                        fields: [.allow: allow])
                } else {
                    problem = Problem(.unknownRoute, table.advice(for: request.uri.path))
                }
            }
            context.notes.cause = problem.cause
            var response = ProblemMiddleware.response(problem, requestID: context.notes.requestID)
            // What is still on its way is not worth reading: the answer is the connection's last.
            if ProblemMiddleware.hasLargeBody(request) { response.headers[.connection] = "close" }
            return response
        }
    }

    private static func hasLargeBody(_ request: Request) -> Bool {
        if request.headers.contains(.transferEncoding) { return true }
        return (request.headers[.contentLength].flatMap { Int($0) } ?? 0) > Route.smallBody
    }

    private static func response(_ problem: Problem, requestID: String) -> Response {
        var headers = problem.fields
        headers[.contentType] = "application/problem+json"
        headers[.cacheControl] = "no-store"
        let body = problem.payload(requestID: requestID).json
        return Response(status: problem.kind.status, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: body)))
    }
}
