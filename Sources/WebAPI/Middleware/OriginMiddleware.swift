import HTTPTypes
package import Hummingbird

/// Takes requests that change something from our own page and from programs, never from pages of other sites.
///
/// Browsers name the site a request comes from, on every method; programs send neither field.
package struct OriginMiddleware: RouterMiddleware {
    package typealias Context = APIRequestContext

    package init() {}

    package func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        guard ![.get, .head, .options].contains(request.method) else { return try await next(request, context) }
        for origin in request.headers[values: .origin] {
            let authority = (request.head.authority ?? "").lowercased()
            guard ["http://" + authority, "https://" + authority].contains(origin.lowercased()) else {
                throw refusal(origin)
            }
        }
        for site in request.headers[values: .secFetchSite] {
            guard ["same-origin", "none"].contains(site.lowercased()) else { throw refusal(site) }
        }
        return try await next(request, context)
    }

    private func refusal(_ source: String) -> Problem {
        Problem(
            .crossOrigin,
            "This came from another site (\(source.prefix(100))). Use the server's own page, or a program.")
    }
}
