import Catalogue
import JSON
import Service

extension LoadOption {
    /// The schema of its values.
    var schema: Schema {
        switch kind {
        case .text(let most):
            Schema.text.bounded(from: 1, to: most).described(words)
        case .integer(let range):
            .integer(atLeast: range.lowerBound, atMost: range.upperBound).described(words)
        case .number(let range): .number(range).described(words)
        case .channels(let range):
            Schema([
                ("type", .string("array")), ("items", Schema.number(range).value), ("minItems", .int(3)),
                ("maxItems", .int(3)),
            ]).described(words)
        case .choice(let texts): .oneOf(texts).described(words)
        case .size(let range):
            Schema([
                (
                    "anyOf",
                    .list([
                        Schema.integer(atLeast: range.lowerBound, atMost: range.upperBound).value,
                        Schema([
                            ("type", .string("array")),
                            ("items", Schema.integer(atLeast: range.lowerBound, atMost: range.upperBound).value),
                            ("minItems", .int(2)), ("maxItems", .int(2)),
                        ]).value,
                    ])
                )
            ]).described(words)
        }
    }

    /// As the page asks for it.
    var payload: JSONValue {
        func bounds(_ low: JSONValue, _ high: JSONValue) -> [JSONValue.Member] {
            [.init("minimum", low), .init("maximum", high)]
        }
        let type: String, more: [JSONValue.Member]
        switch kind {
        case .text: (type, more) = ("text", [])
        case .integer(let range): (type, more) = ("integer", bounds(.int(range.lowerBound), .int(range.upperBound)))
        case .number(let range):
            (type, more) = ("number", bounds(.double(range.lowerBound), .double(range.upperBound)))
        case .channels(let range):
            (type, more) = ("channels", bounds(.double(range.lowerBound), .double(range.upperBound)))
        case .choice(let texts): (type, more) = ("choice", [.init("choices", .strings(texts))])
        case .size(let range): (type, more) = ("size", bounds(.int(range.lowerBound), .int(range.upperBound)))
        }
        return .object(
            [
                .init("name", .string(name)), .init("group", .string(group.rawValue)), .init("title", .string(title)),
                .init("words", .string(words)), .init("rule", .string(rule)), .init("type", .string(type)),
            ] + more + (example.map { [.init("example", .string($0))] } ?? []))
    }
}

extension Schema {
    fileprivate static func number(_ range: ClosedRange<Double>) -> Schema {
        Schema([
            ("type", .string("number")), ("minimum", .double(range.lowerBound)),
            ("maximum", .double(range.upperBound)),
        ])
    }

    /// This schema of texts, of so many characters.
    fileprivate func bounded(from least: Int, to most: Int) -> Schema {
        guard case .object(let members) = value else { return self }
        return Schema(members.map { ($0.name, $0.value) } + [("minLength", .int(least)), ("maxLength", .int(most))])
    }

    /// This schema with words about what it is.
    fileprivate func described(_ words: String) -> Schema {
        guard case .object(let members) = value else { return self }
        return Schema(members.map { ($0.name, $0.value) } + [("description", .string(words))])
    }
}
