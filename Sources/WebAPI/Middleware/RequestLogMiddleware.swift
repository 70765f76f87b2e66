import Engine
import HTTPTypes
package import Hummingbird
import Logging
import NIOCore
import Platform

/// The outermost layer: gives every request an id, counts and times it, logs it, and finishes the answer's head.
package struct RequestLogMiddleware: RouterMiddleware {
    package typealias Context = APIRequestContext

    let metrics: HTTPMetrics

    package init(metrics: HTTPMetrics) { self.metrics = metrics }

    package func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let life = ConnectionLife.current
        if life?.hasLastAnswer == true { return Response(status: .serviceUnavailable) }
        let clock = ContinuousClock()
        let start = clock.now
        let id = RequestLogMiddleware.requestID(request.headers[.requestID])
        var context = context
        context.notes.requestID = id
        context.logger[metadataKey: "request_id"] = .string(id)
        context.logger[metadataKey: "hb.request.id"] = nil
        if let trace = TraceParent(request.headers[values: .traceParent]) {
            context.logger[metadataKey: "trace_id"] = .string(trace.traceID)
            context.logger[metadataKey: "traceparent"] = .string(trace.text)
        }
        metrics.begin()

        var response = try await next(request, context)

        let seconds = (clock.now - start) / .seconds(1)
        let route = context.notes.route ?? "unmatched"
        metrics.end(method: request.method.rawValue, route: route, status: response.status.code, seconds: seconds)
        response.headers[.requestID] = id
        response.headers[.serverTiming] = timing(context.notes.timing, total: seconds)
        SecurityHeaders.add(to: &response.headers)
        if response.headers[.connection]?.lowercased() == "close" { life?.hasLastAnswer = true }
        log(request, response, route, seconds, context)
        return request.method == .head ? response.createHeadResponse() : response
    }

    private func timing(_ entries: String?, total seconds: Double) -> String {
        let total = "http;dur=\((seconds * 1_000_000).rounded() / 1000)"
        return entries.map { $0.isEmpty ? total : "\($0), \(total)" } ?? total
    }

    private func log(
        _ request: Request, _ response: Response, _ route: String, _ seconds: Double, _ context: Context
    ) {
        var metadata: Logger.Metadata = [
            "method": .string(request.method.rawValue),
            // The guard lets visible ASCII through and nothing else, so a target cannot forge a line of the log.
            "target": .string(RequestLogMiddleware.redacted(request.head.path ?? "")),
            "route": .string(route),
            "status": .stringConvertible(response.status.code),
            "duration_seconds": .stringConvertible((seconds * 1_000_000).rounded() / 1_000_000),
            "response_bytes": .stringConvertible(response.body.contentLength ?? 0),
            "client": .string(context.remoteAddress),
        ]
        if let cause = context.notes.cause { metadata["cause"] = .string(cause) }
        let level: Logger.Level = response.status.code == 500 ? .error : route == "/livez" ? .debug : .info
        context.logger.log(level: level, "request", metadata: metadata)
    }

    /// The target without what people write into addresses though it belongs into a field of the head.
    private static func redacted(_ target: String) -> String {
        guard let mark = target.firstIndex(of: "?") else { return target }
        let items = target[target.index(after: mark)...].split(separator: "&", omittingEmptySubsequences: false)
        let shown = items.map { item in
            let name = item.prefix { $0 != "=" }
            let isSecret = name.lowercased().contains("token") && name != "page_token"
            return isSecret ? "\(name)=REDACTED" : String(item)
        }
        return target[...mark] + shown.joined(separator: "&")
    }

    /// The client's own id where it is short and printable, otherwise a new one.
    private static func requestID(_ offered: String?) -> String {
        guard let offered, (1...128).contains(offered.utf8.count), offered.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { return RandomBytes.hex(8) }
        return offered
    }
}

/// What keeps a browser from doing with our answers what they are not for.
enum SecurityHeaders {
    private static let fields: [(name: HTTPField.Name, value: String)] = [
        (
            .contentSecurityPolicy,
            "default-src 'self'; style-src 'self' '\(HTMLPage.styleDigest)'; img-src 'self' data: blob:; object-src 'none'; base-uri 'self'; form-action 'self'; "
                + "frame-ancestors 'none'"
        ),
        (.xContentTypeOptions, "nosniff"),
        (.xFrameOptions, "DENY"),
        (.referrerPolicy, "no-referrer"),
        (.crossOriginResourcePolicy, "same-origin"),
        (.crossOriginOpenerPolicy, "same-origin"),
    ]

    static func add(to headers: inout HTTPFields) {
        for field in fields { headers[field.name] = field.value }
    }
}

extension HTTPField.Name {
    package static let traceParent = HTTPField.Name("traceparent")!
    package static let requestID = HTTPField.Name("X-Request-Id")!
    package static let serverTiming = HTTPField.Name("Server-Timing")!
    package static let prefer = HTTPField.Name("Prefer")!
    package static let xFrameOptions = HTTPField.Name("X-Frame-Options")!
    package static let referrerPolicy = HTTPField.Name("Referrer-Policy")!
    package static let crossOriginResourcePolicy = HTTPField.Name("Cross-Origin-Resource-Policy")!
    package static let crossOriginOpenerPolicy = HTTPField.Name("Cross-Origin-Opener-Policy")!
    package static let secFetchSite = HTTPField.Name("Sec-Fetch-Site")!
    package static let refusal = HTTPField.Name(Refusal.fieldName)!
    package static let tensorShape = HTTPField.Name("X-Tensor-Shape")!
    package static let tensorDtype = HTTPField.Name("X-Tensor-Dtype")!
    package static let tensorAxes = HTTPField.Name("X-Tensor-Axes")!
    /// Numbers of an NPY file that are not finite.
    package static let tensorMissing = HTTPField.Name("X-Tensor-Missing")!
}
