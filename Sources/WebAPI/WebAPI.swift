import FoundationEssentials
package import Hummingbird
import JSON
import NIOCore
import Platform
package import Service

/// All routes with the layers around them: what answers a request, without any socket.
package struct WebAPI: Sendable {
    package let table: RouteTable
    let metrics: HTTPMetrics
    private let gate: AccessGate

    /// - Parameters:
    ///   - assets: the page.
    ///   - counter: the open connections, for the metrics.
    ///   - gate: who may use it.
    package init(
        service: ViTScopeService, info: ServerInfo, assets: StaticAssets, counter: ConnectionCounter,
        gate: AccessGate = AccessGate(.open)
    ) {
        let metrics = HTTPMetrics()
        let start = Date().timeIntervalSince1970
        let documentation = Operation(
            method: .get, path: "/openapi.json", id: "openapi", tag: "service",
            summary: "This description of the API (OpenAPI 3.1)",
            answers: [.json("The description.", Schema([("type", .string("object"))])), .notModified],
            problems: [.notAcceptable])
        let routes =
            ServiceRoutes(service: service, info: info) {
                var text = MetricsText()
                metrics.write(to: &text)
                text.write(await service.statistics(), kinds: service.configuration.kinds)
                text.writeProcess(info: info, connections: counter.total, startSeconds: start)
                return text.bytes
            }.routes
            + StaticRoutes(assets: assets).routes
            + SessionRoutes(gate: gate).routes
            + ModelRoutes(service: service).routes
            + UploadRoutes(service: service).routes
            + ImageRoutes(service: service).routes
            + DatasetRoutes(service: service).routes
            + AnalysisRoutes(service: service).routes
            + ResultRoutes(service: service).routes
            + ComparisonRoutes(service: service).routes
            + JobRoutes(service: service).routes
            + TrainingSettingsRoutes().routes
            + JobEventRoutes(service: service).routes
            + JobFileRoutes(service: service).routes
        let operations = routes.map(\.operation) + [documentation]
        let document = OpenAPIDocument.document(of: operations, info: info).json
        let tag = "\"\(SHA256.hex(of: document))\"", shared = ByteBuffer(bytes: document)
        let last = Route(documentation, checksQuery: false) { call in
            try call.accept(["application/json"])
            if EntityTag.matches(tag, ifNoneMatch: call.request.headers[values: .ifNoneMatch]) {
                return Response(status: .notModified, headers: [.eTag: tag])
            }
            return call.buffer(shared, type: "application/json", headers: [.eTag: tag, .cacheControl: "no-cache"])
        }
        metrics.expect(operations)
        self.metrics = metrics
        self.gate = gate
        table = RouteTable(routes + [last])
    }

    /// What answers requests.
    package func responder() -> RouterResponder<APIRequestContext> {
        let router = Router(context: APIRequestContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: RequestLogMiddleware(metrics: metrics))
        router.add(middleware: ProblemMiddleware(table: table))
        router.add(middleware: OriginMiddleware())
        for route in table.routes { route.register(in: router, gate: gate) }
        return router.buildResponder()
    }
}
