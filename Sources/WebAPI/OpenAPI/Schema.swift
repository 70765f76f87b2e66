import Catalogue
package import JSON
import Service

/// A JSON Schema (2020-12, as OpenAPI 3.1 has it).
package struct Schema: Sendable {
    package let value: JSONValue

    /// A schema that somebody else has written.
    init(_ value: JSONValue) { self.value = value }

    init(_ members: [(String, JSONValue)]) {
        value = .object(members.map { JSONValue.Member($0.0, $0.1) })
    }

    /// The schema called `name` among the document's components.
    static func ref(_ name: String) -> Schema { Schema([("$ref", .string("#/components/schemas/\(name)"))]) }

    static let any = Schema([])
    static let string = Schema([("type", .string("string"))])
    static let number = Schema([("type", .string("number"))])
    static let boolean = Schema([("type", .string("boolean"))])
    static let time = Schema([("type", .string("string")), ("format", .string("date-time"))])

    /// A text as addresses carry it: without control characters.
    static let text = string(pattern: #"^[^\x00-\x1F\x7F]*$"#)
    /// A SHA-256.
    static let digest = string(pattern: "^\(digestPattern)$")
    static let digestPattern = "[0-9a-f]{64}"
    /// A whole number that JSON carries exactly.
    static let exact = integer(atLeast: 1 - 1 << 53, atMost: 1 << 53 - 1)
    /// Bytes, one at least.
    static let bytes = Schema([("type", .string("string")), ("format", .string("binary")), ("minLength", .int(1))])

    static func string(pattern: String) -> Schema {
        Schema([("type", .string("string")), ("pattern", .string(pattern))])
    }

    /// Some of `texts`, with commas between.
    static func list(of texts: [String]) -> Schema {
        let one = "(" + texts.joined(separator: "|") + ")"
        return string(pattern: "^\(one)(,\(one))*$")
    }

    static func oneOf(_ texts: [String]) -> Schema {
        Schema([("type", .string("string")), ("enum", .list(texts.map(JSONValue.string)))])
    }

    static func integer(atLeast least: Int? = nil, atMost most: Int? = nil) -> Schema {
        var members: [(String, JSONValue)] = [("type", .string("integer"))]
        if let least { members.append(("minimum", .int(least))) }
        if let most { members.append(("maximum", .int(most))) }
        return Schema(members)
    }

    static let integer = integer()

    static func number(from least: Double, to most: Double) -> Schema {
        Schema([("type", .string("number")), ("minimum", .double(least)), ("maximum", .double(most))])
    }

    static func array(_ items: Schema) -> Schema {
        Schema([("type", .string("array")), ("items", items.value)])
    }

    /// Items of which no two are equal.
    static func set(_ items: Schema, atLeast least: Int, atMost most: Int) -> Schema {
        Schema([
            ("type", .string("array")), ("items", items.value), ("minItems", .int(least)), ("maxItems", .int(most)),
            ("uniqueItems", .bool(true)),
        ])
    }

    /// What fits one of `schemas`.
    static func anyOf(_ schemas: [Schema]) -> Schema { Schema([("anyOf", .list(schemas.map(\.value)))]) }

    /// The schema, or null.
    static func optional(_ schema: Schema) -> Schema {
        anyOf([schema, Schema([("type", .string("null"))])])
    }

    /// An object whose members are all there, unless `required` lists fewer.
    static func object(_ members: [(String, Schema)], required: [String]? = nil) -> Schema {
        let names = required ?? members.map(\.0)
        var value: [(String, JSONValue)] = [
            ("type", .string("object")),
            ("properties", .object(members.map { .init($0.0, $0.1.value) })),
        ]
        if !names.isEmpty { value.append(("required", .list(names.map(JSONValue.string)))) }
        return Schema(value)
    }

    /// An object of which no member is without a meaning, as bodies of requests are.
    static func closed(_ members: [(String, Schema)], required: [String]) -> Schema {
        guard case .object(let open) = object(members, required: required).value else { return .any }
        return Schema(open.map { ($0.name, $0.value) } + [("additionalProperties", .bool(false))])
    }

    /// This schema with a default.
    func defaulting(to standard: JSONValue) -> Schema {
        guard case .object(let members) = value else { return self }
        return Schema(members.map { ($0.name, $0.value) } + [("default", standard)])
    }

    /// This schema with an example.
    func example(_ example: JSONValue) -> Schema {
        guard case .object(let members) = value else { return self }
        return Schema(members.map { ($0.name, $0.value) } + [("examples", .list([example]))])
    }
}
