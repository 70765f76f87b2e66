import HTTPTypes
import JSON
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
        // Templates take the parts that were given, so that only what can be wrong is compared; paths of as many parts
        // come first.
        let parts = path.split(separator: "/")
        let paths = Set(
            routes.map { route in
                let own = route.operation.path.split(separator: "/")
                let filled = own.enumerated().map { index, name in
                    name.hasPrefix("{") && index < parts.count ? parts[index] : name
                }
                return "/" + filled.joined(separator: "/")
            })
        let wanted = String(path.prefix(200))
        let alike = paths.filter { $0.split(separator: "/").count == parts.count }
        var near = NearestNames.of(wanted, among: alike)
        if near.isEmpty { near = NearestNames.of(wanted, among: paths, count: 1) }
        let advice = near.isEmpty ? "" : " Did you mean \(near.joined(separator: " or "))?"
        return "There is nothing at this path.\(advice) /v1 links to what there is, and /openapi.json lists all of it."
    }
}
