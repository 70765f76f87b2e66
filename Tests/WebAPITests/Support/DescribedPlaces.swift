import JSON

/// Where a client can write something, as the server's own description says: `/openapi.json`.
struct DescribedPlaces {
    struct Operation {
        let method: String
        let path: String
        /// Names of the query's parameters.
        let query: [String]
        /// Names of the parts of the path.
        let parts: [String]
        /// Of a body of JSON; nil where there is none.
        let body: JSONValue?
    }

    let operations: [Operation]
    private let schemas: JSONValue?

    init(_ client: RawClient) async throws {
        let document = try JSONValue.parse(Array(try await client.get("/openapi.json").body.utf8))
        schemas = document["components"]?["schemas"]
        operations = (document["paths"]?.object ?? []).flatMap { path in
            (path.value.object ?? []).filter { $0.value["operationId"] != nil }.map { operation in
                let parameters = operation.value["parameters"]?.list ?? []
                func names(_ place: String) -> [String] {
                    parameters.filter { $0["in"]?.string == place }.compactMap { $0["name"]?.string }
                }
                return Operation(
                    method: operation.name.uppercased(), path: path.name, query: names("query"), parts: names("path"),
                    body: operation.value["requestBody"]?["content"]?["application/json"]?["schema"])
            }
        }
    }

    /// The paths of members that a body may have, those of objects inside of it as well: `["moco", "dim"]`.
    func members(of schema: JSONValue, depth: Int = 0) -> [[String]] {
        if let name = schema["$ref"]?.string?.split(separator: "/").last {
            return schemas?[String(name)].map { members(of: $0, depth: depth) } ?? []
        }
        guard depth < 6 else { return [] }
        let choices = ["anyOf", "oneOf", "allOf"].flatMap { schema[$0]?.list ?? [] }
        let own = (schema["properties"]?.object ?? []).flatMap { member in
            [[member.name]] + members(of: member.value, depth: depth + 1).map { [member.name] + $0 }
        }
        return own + choices.flatMap { members(of: $0, depth: depth + 1) }
    }
}
