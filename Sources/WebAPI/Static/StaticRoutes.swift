import HTTPTypes
import Hummingbird
import NIOCore

/// The dashboard.
struct StaticRoutes {
    let assets: StaticAssets

    var routes: [Route] {
        [
            Route(
                Operation(
                    method: .get, path: "/", id: "page", tag: "page", summary: "The dashboard",
                    answers: [.bytes("The page.", ["text/html"]), .notModified], problems: [.notFound], isOpen: true),
                checksQuery: false
            ) { call in
                guard let page = assets.index else {
                    throw Problem(.notFound, "This server was started without its page; the API is at /v1.")
                }
                return StaticRoutes.answer(page, isVersioned: false, to: call)
            },
            Route(
                Operation(
                    method: .get, path: "/assets/{path}", id: "asset", tag: "page", summary: "A file of the dashboard",
                    parameters: [.path("path", "The file's path; may hold slashes.")],
                    answers: [
                        .bytes(
                            "The file.",
                            [
                                "text/html", "text/javascript", "text/css", "image/svg+xml", "image/png",
                                "application/json",
                            ]),
                        .notModified,
                    ],
                    problems: [.notFound], takesDeepPaths: true, isOpen: true), checksQuery: false
            ) { call in
                let path = try PercentEncoding.decode(
                    call.context.parameters.getCatchAll().joined(separator: "/"), plusIsSpace: false)
                guard let found = assets.file(at: path) else {
                    throw Problem(.notFound, "The page has no file of this name.")
                }
                return StaticRoutes.answer(found.file, isVersioned: found.isVersioned, to: call)
            },
        ]
    }

    private static func answer(_ file: StaticAssets.File, isVersioned: Bool, to call: Call) -> Response {
        let takesGzip = AcceptEncoding.takesGzip(call.request.headers[values: .acceptEncoding])
        let packed = takesGzip ? file.compressed : nil
        // Two encodings are two representations, and a strong tag names exactly one.
        let tag = packed == nil ? "\"\(file.digest)\"" : "\"\(file.digest)-gzip\""
        var headers: HTTPFields = [
            .eTag: tag, .vary: "Accept-Encoding",
            .cacheControl: isVersioned ? "public, max-age=31536000, immutable" : "no-cache",
        ]
        if EntityTag.matches(tag, ifNoneMatch: call.request.headers[values: .ifNoneMatch]) {
            return Response(status: .notModified, headers: headers)
        }
        if packed != nil { headers[.contentEncoding] = "gzip" }
        return call.buffer(packed ?? file.bytes, type: file.type, headers: headers)
    }
}
