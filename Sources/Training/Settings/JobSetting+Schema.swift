public import JSON

extension JobSetting {
    /// The setting as JSON Schema (2020-12). Null says nothing, as silence does, but for what a job must have.
    public var schema: JSONValue {
        var members = Self.members(of: kind, allowsNull: !isRequired)
        members.append(.init("description", .string(description)))
        if case .value(let value) = standard { members.append(.init("default", value)) }
        return .object(members)
    }

    /// The words, and the methods it belongs to.
    private var description: String {
        methods.map { "\(words) Of the method \($0.joined(separator: ", "))." } ?? words
    }

    private static func members(of kind: Kind, allowsNull: Bool) -> [JSONValue.Member] {
        func type(_ name: String) -> JSONValue.Member {
            .init("type", allowsNull ? .strings([name, "null"]) : .string(name))
        }
        func either(_ kinds: [[JSONValue.Member]]) -> [JSONValue.Member] {
            let null: [[JSONValue.Member]] = allowsNull ? [[.init("type", .string("null"))]] : []
            return [.init("anyOf", .list((kinds + null).map(JSONValue.object)))]
        }
        switch kind {
        case .int(let range):
            return [
                type("integer"), .init("minimum", .int(range.lowerBound)), .init("maximum", .int(range.upperBound)),
            ]
        case .number(let range): return [type("number")] + bounds(range)
        case .bool: return [type("boolean")]
        case .text(let longest):
            return [type("string"), .init("minLength", .int(1)), .init("maxLength", .int(longest))]
        case .choice(let words):
            return [type("string"), .init("enum", .list(words.map(JSONValue.string) + (allowsNull ? [.null] : [])))]
        case .choices(let words):
            let item: [JSONValue.Member] = [.init("type", .string("string")), .init("enum", .strings(words))]
            return [type("array"), .init("items", .object(item)), .init("minItems", .int(1))] + [unique]
        case .numbers(let count, let range): return [type("array")] + list(range, count)
        case .perView(let range):
            let number: [JSONValue.Member] = [.init("type", .string("number"))]
            let array: [JSONValue.Member] = [.init("type", .string("array"))]
            return either([number + bounds(range), array + list(range, 1...16)])
        case .depths(let range):
            let depth = members(of: .int(range), allowsNull: false)
            return either([
                [.init("const", .string("all"))],
                [
                    .init("type", .string("array")), .init("items", .object(depth)), .init("minItems", .int(1)), unique,
                ],
            ])
        case .texts(let most):
            return [
                type("object"), .init("additionalProperties", .object([.init("type", .string("string"))])),
                .init("maxProperties", .int(most)),
            ]
        case .object(let inner): return [type("object")] + properties(inner)
        case .objects(let inner, let most):
            return [
                type("array"), .init("maxItems", .int(most)),
                .init("items", .object([.init("type", .string("object"))] + properties(inner))),
            ]
        case .arch(let inner):
            return either([
                [.init("type", .string("string"))], [.init("type", .string("object"))] + properties(inner),
            ])
        }
    }

    private static let unique = JSONValue.Member("uniqueItems", .bool(true))

    private static func bounds(_ range: ClosedRange<Double>) -> [JSONValue.Member] {
        [.init("minimum", .double(range.lowerBound)), .init("maximum", .double(range.upperBound))]
    }

    private static func list(_ range: ClosedRange<Double>, _ count: ClosedRange<Int>) -> [JSONValue.Member] {
        let number = [JSONValue.Member("type", .string("number"))] + bounds(range)
        return [
            .init("items", .object(number)), .init("minItems", .int(count.lowerBound)),
            .init("maxItems", .int(count.upperBound)),
        ]
    }

    /// The members of an object that has these settings and no others.
    static func properties(_ settings: [JobSetting]) -> [JSONValue.Member] {
        let required = settings.filter(\.isRequired).map(\.name)
        return [.init("properties", .object(settings.map { .init($0.name, $0.schema) }))]
            + (required.isEmpty ? [] : [.init("required", .strings(required))])
            + [.init("additionalProperties", .bool(false))]
    }
}
