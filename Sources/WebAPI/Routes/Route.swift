import HTTPTypes
import Hummingbird
import Service

/// One route: what is said about it, and what answers. The router, the guard, the metrics and the OpenAPI document are
/// all made from the same list of these, so none of them can say something else than the others.
package struct Route: Sendable {
    /// The body limit of routes that expect none, or a small one, bytes.
    static let smallBody = 64 << 10

    package let operation: Operation
    package let bodyLimit: Int
    /// Whether what a query has too much or wrong is refused before `respond` is asked; not where it tells that with
    /// other faults together, or where any query is welcome.
    private let checksQuery: Bool
    let respond: @Sendable (Call) async throws -> Response

    init(
        _ operation: Operation, bodyLimit: Int = Route.smallBody, checksQuery: Bool = true,
        respond: @escaping @Sendable (Call) async throws -> Response
    ) {
        self.operation = operation
        self.bodyLimit = bodyLimit
        self.checksQuery = checksQuery
        self.respond = respond
    }

    /// Whether a path of these components is this route's.
    func matches(_ components: [Substring]) -> Bool {
        let own = operation.path.split(separator: "/")
        let isDeep = operation.takesDeepPaths
        guard isDeep ? components.count >= own.count : components.count == own.count else { return false }
        return zip(own, components).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
    }

    /// Adds the route to the router. Unless it is open, `gate` is asked first.
    func register(in router: Router<APIRequestContext>, gate: AccessGate) {
        router.on(RouterPath(operation.routerPath), method: operation.method) { request, context in
            context.notes.route = operation.path
            if !operation.isOpen { try gate.check(request, context) }
            let call = try Call(request: request, context: context, operation: operation)
            if checksQuery { try call.checkQuery() }
            return try await respond(call)
        }
    }
}
