import HTTPTypes
import Service

/// All routes, found by path: for the guard's limits, for `Allow`, and for advice where nothing is found.
package struct RouteTable: Sendable {
    package let routes: [Route]

    package init(_ routes: [Route]) { self.routes = routes }

    /// The methods a path takes, HEAD and OPTIONS among them; none where nothing is there.
    func methods(at path: String) -> [HTTPRequest.Method] {
        let components = path.split(separator: "/")
        let found = routes.filter { $0.matches(components) }.map(\.operation.method)
        guard !found.isEmpty else { return [] }
        return found + (found.contains(.get) ? [.head] : []) + [.options]
    }

    /// Methods of any path.
    var allMethods: [HTTPRequest.Method] { [.get, .head, .post, .delete, .options] }

    /// How many bytes of body a request may bring. A path that nobody answers takes none worth keeping.
    package func bodyLimit(method: String, components: [Substring]) -> Int {
        routes.first { $0.operation.method.rawValue == method && $0.matches(components) }?.bodyLimit
            ?? Route.smallBody
    }

    /// A sentence for a path that is not there.
    func advice(for path: String) -> String {
        let paths = Set(routes.map(\.operation.path)).sorted()
        let near = NearestNames.of(String(path.prefix(200)), among: paths)
        let advice = near.isEmpty ? "" : " Did you mean \(near.joined(separator: " or "))?"
        return "There is nothing at this path.\(advice) /v1 links to what there is, and /openapi.json lists all of it."
    }
}
