import Catalogue
import HTTPTypes
package import JSON
import Service

/// The OpenAPI 3.1 document, made from the routes themselves.
package enum OpenAPIDocument {
    package static func document(of operations: [Operation], info: ServerInfo) -> JSONValue {
        .object([
            .init("openapi", .string("3.1.0")),
            .init(
                "info",
                .object([
                    .init("title", .string(info.name)),
                    .init("version", .string(info.version)),
                    .init(
                        "summary",
                        .string("What self-supervised Vision Transformers learn: attention, frequencies, similarity.")),
                    .init("license", .object([.init("name", .string("MIT")), .init("identifier", .string("MIT"))])),
                ])),
            .init("servers", .list([.object([.init("url", .string("/"))])])),
            .init("tags", tags(of: operations)),
            .init("paths", paths(of: operations)),
            .init(
                "components",
                .object([
                    .init("schemas", .object(Schemas.all.map { .init($0.name, $0.schema.value) })),
                    .init("responses", .object(ProblemKind.byStatus.map { .init(name(of: $0), problem($0.kinds)) })),
                    .init("securitySchemes", schemes),
                ])),
            // A server without a token wants neither.
            .init(
                "security",
                .list([
                    .object([]), .object([.init("token", .list([]))]), .object([.init("session", .list([]))]),
                ])),
        ])
    }

    private static var schemes: JSONValue {
        .object([
            .init(
                "token",
                .object([
                    .init("type", .string("http")), .init("scheme", .string("bearer")),
                    .init("description", .string("The server's token, where it was started with one.")),
                ])),
            .init(
                "session",
                .object([
                    .init("type", .string("apiKey")), .init("in", .string("cookie")),
                    .init("name", .string(SessionCookie.name)),
                    .init("description", .string("What POST /v1/session gives a browser.")),
                ])),
        ])
    }

    private static func tags(of operations: [Operation]) -> JSONValue {
        var names: [String] = []
        for operation in operations where !names.contains(operation.tag) { names.append(operation.tag) }
        return .list(names.map { .object([.init("name", .string($0))]) })
    }

    private static func paths(of operations: [Operation]) -> JSONValue {
        var paths: [String] = []
        for operation in operations where !paths.contains(operation.path) { paths.append(operation.path) }
        return .object(
            paths.map { path in
                let own = operations.filter { $0.path == path }
                return .init(path, .object(own.map { .init($0.method.rawValue.lowercased(), description(of: $0)) }))
            })
    }

    private static func description(of operation: Operation) -> JSONValue {
        var members: [JSONValue.Member] = [
            .init("operationId", .string(operation.id)),
            .init("tags", .list([.string(operation.tag)])),
            .init("summary", .string(operation.summary)),
        ]
        if operation.isOpen { members.append(.init("security", .list([]))) }
        if !operation.parameters.isEmpty {
            members.append(.init("parameters", .list(operation.parameters.map(description))))
        }
        if let body = operation.body {
            members.append(
                .init(
                    "requestBody",
                    .object([
                        .init("description", .string(body.detail)),
                        .init("required", .bool(true)),
                        .init("content", content(body.types.map { ($0, body.schema) })),
                    ])))
        }
        let answers: [JSONValue.Member] = operation.answers.map { answer in
            .init(String(answer.status.code), description(of: answer))
        }
        let own = Set(operation.answers.map(\.status.code))
        let codes = Set(operation.allProblems.map(\.status.code)).subtracting(own).sorted()
        members.append(
            .init(
                "responses",
                .object(
                    answers
                        + codes.map { code in
                            let name = ProblemKind.byStatus.first { $0.status.code == code }.map(name) ?? ""
                            return .init(
                                String(code), .object([.init("$ref", .string("#/components/responses/\(name)"))]))
                        })))
        return .object(members)
    }

    private static func description(of parameter: OperationParameter) -> JSONValue {
        let schema = parameter.repeats ? Schema.array(parameter.schema) : parameter.schema
        var members: [JSONValue.Member] = [
            .init("name", .string(parameter.name)),
            .init("in", .string(parameter.place.rawValue)),
            .init("description", .string(parameter.detail)),
            .init("required", .bool(parameter.isRequired)),
            .init("schema", schema.value),
        ]
        if parameter.repeats {
            members += [.init("style", .string("form")), .init("explode", .bool(true))]
        }
        return .object(members)
    }

    private static func description(of answer: Answer) -> JSONValue {
        var members: [JSONValue.Member] = [.init("description", .string(answer.detail))]
        if !answer.fields.isEmpty {
            members.append(
                .init(
                    "headers",
                    .object(
                        answer.fields.map {
                            .init(
                                $0.name,
                                .object([
                                    .init("description", .string($0.detail)), .init("schema", Schema.string.value),
                                ])
                            )
                        })))
        }
        if !answer.content.isEmpty { members.append(.init("content", content(answer.content))) }
        return .object(members)
    }

    private static func content(_ content: [(type: String, schema: Schema)]) -> JSONValue {
        .object(content.map { .init($0.type, .object([.init("schema", $0.schema.value)])) })
    }

    private static func problem(_ kinds: [ProblemKind]) -> JSONValue {
        .object([
            .init("description", .string(kinds.map(\.title).joined(separator: "; ") + ".")),
            .init("content", content([("application/problem+json", .ref("Problem"))])),
        ])
    }

    private static func name(of group: ProblemKind.Group) -> String { group.name }
}

extension ProblemKind {
    /// The kinds that share a status, as one response of the document.
    struct Group {
        let status: HTTPResponse.Status
        let kinds: [ProblemKind]
        /// A name in the document: `Problem404`.
        var name: String { "Problem\(status.code)" }
    }

    static var byStatus: [Group] {
        let codes = Set(allCases.map(\.status.code)).sorted()
        return codes.compactMap { code in
            let kinds = allCases.filter { $0.status.code == code }
            return kinds.first.map { Group(status: $0.status, kinds: kinds) }
        }
    }
}
