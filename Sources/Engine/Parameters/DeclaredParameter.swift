import Analysis
package import JSON
import Platform

/// A declaration whose values have one Swift type or another.
package protocol AnyDeclaredParameter: Sendable {
    var declaration: ParameterDeclaration { get }
    /// The name in the answer's echo; nil where the answer tells it in another way.
    var echoName: String? { get }
    /// The canonical text and the echo of `text`, of the default where it is nil; nil where it has no meaning.
    func reading(of text: String?) -> ParameterReading?
}

/// A value that was read: as the id of the result has it, and as the answer repeats it.
package struct ParameterReading: Sendable {
    package var canonical: String
    package var echo: JSONValue

    package init(canonical: String, echo: JSONValue) {
        self.canonical = canonical
        self.echo = echo
    }
}

/// A parameter of an analysis, declared once: its name, form, default and words, and how its text is read.
package struct DeclaredParameter<Value: Sendable>: AnyDeclaredParameter {
    package let declaration: ParameterDeclaration
    let standard: Value
    package let echoName: String?
    private let parse: @Sendable (String) -> Value?
    private let told: @Sendable (Value) -> ParameterReading

    /// - Parameters:
    ///   - parse: nil for a text that has no meaning.
    ///   - told: the canonical text and the echo.
    package init(
        _ declaration: ParameterDeclaration, default standard: Value, echo: String?,
        parse: @escaping @Sendable (String) -> Value?, told: @escaping @Sendable (Value) -> ParameterReading
    ) {
        self.declaration = declaration
        self.standard = standard
        echoName = echo
        self.parse = parse
        self.told = told
    }

    /// The value of `text`, the default where it is nil; nil where it has no meaning.
    func value(of text: String?) -> Value? {
        guard let text else { return standard }
        return parse(text)
    }

    package func reading(of text: String?) -> ParameterReading? { value(of: text).map(told) }
}

extension DeclaredParameter where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
    /// One of the raw values of `Value`.
    ///
    /// - Parameter echo: whether the answer repeats it; not where it tells it in another way.
    package static func choice(_ name: String, default standard: Value, echo: Bool = true, _ detail: String) -> Self {
        Self(
            ParameterDeclaration(
                name, form: .choice(Value.allCases.map(\.rawValue)), standard: standard.rawValue, detail: detail),
            default: standard, echo: echo ? name : nil, parse: { Value(rawValue: $0) },
            told: { ParameterReading(canonical: $0.rawValue, echo: .string($0.rawValue)) })
    }

}

extension DeclaredParameter {
    /// One of the raw values of `Choice`; without it nil, and the model or another parameter decides.
    package static func choice<Choice: RawRepresentable & CaseIterable & Sendable>(
        _ name: String, of _: Choice.Type, _ detail: String
    ) -> Self where Value == Choice?, Choice.RawValue == String {
        Self(
            ParameterDeclaration(name, form: .choice(Choice.allCases.map(\.rawValue)), detail: detail),
            default: nil, echo: name, parse: { text in Choice(rawValue: text).map { .some($0) } },
            told: { ParameterReading(canonical: $0?.rawValue ?? "", echo: .optional($0?.rawValue)) })
    }
}

extension DeclaredParameter<Int> {
    /// A whole number.
    package static func integer(
        _ name: String, in range: ClosedRange<Int>, default standard: Int, echo: Bool = true, _ detail: String
    ) -> Self {
        Self(
            ParameterDeclaration(name, form: .integer(range), standard: "\(standard)", detail: detail),
            default: standard, echo: echo ? name : nil,
            parse: { text in Int(text).flatMap { range.contains($0) ? $0 : nil } },
            told: { ParameterReading(canonical: "\($0)", echo: .int($0)) })
    }
}

extension DeclaredParameter<Int?> {
    /// A whole number; without it nil, and the model or the images decide.
    package static func integer(
        _ name: String, in range: ClosedRange<Int>, echo: Bool = true, _ detail: String
    ) -> Self {
        Self(
            ParameterDeclaration(name, form: .integer(range), detail: detail),
            default: nil, echo: echo ? name : nil,
            parse: { text in Int(text).flatMap { range.contains($0) ? .some($0) : nil } },
            told: { ParameterReading(canonical: $0.map { "\($0)" } ?? "", echo: .optional($0)) })
    }
}

extension DeclaredParameter<Double> {
    /// A number.
    package static func number(
        _ name: String, in range: ClosedRange<Double>, default standard: Double, _ detail: String
    ) -> Self {
        Self(
            ParameterDeclaration(name, form: .number(range), standard: "\(standard)", detail: detail),
            default: standard, echo: name,
            parse: { text in Double(text).flatMap { range.contains($0) ? $0 : nil } },
            told: { ParameterReading(canonical: "\($0)", echo: .double($0)) })
    }
}

extension DeclaredParameter<Double?> {
    /// A number; without it nil, and another parameter or the images decide.
    package static func number(_ name: String, in range: ClosedRange<Double>, _ detail: String) -> Self {
        Self(
            ParameterDeclaration(name, form: .number(range), detail: detail), default: nil, echo: name,
            parse: { text in Double(text).flatMap { range.contains($0) ? .some($0) : nil } },
            told: {
                ParameterReading(
                    canonical: $0.map { "\($0)" } ?? "", echo: $0.map(JSONValue.double) ?? .null)
            })
    }
}

extension DeclaredParameter<Bool> {
    /// `true` or `false`.
    package static func flag(_ name: String, default standard: Bool = false, _ detail: String) -> Self {
        Self(
            ParameterDeclaration(name, form: .flag, standard: "\(standard)", detail: detail), default: standard,
            echo: name, parse: { Bool($0) }, told: { ParameterReading(canonical: "\($0)", echo: .bool($0)) })
    }
}

extension DeclaredParameter<Bool?> {
    /// `true` or `false`; without it nil, and the model decides.
    package static func optionalFlag(_ name: String, _ detail: String) -> Self {
        Self(
            ParameterDeclaration(name, form: .flag, detail: detail), default: nil, echo: name,
            parse: { text in Bool(text).map { .some($0) } },
            told: { ParameterReading(canonical: $0.map { "\($0)" } ?? "", echo: $0.map(JSONValue.bool) ?? .null) })
    }
}

extension DeclaredParameter<[Int]> {
    /// Whole numbers with commas between them.
    package static func integers(
        _ name: String, in range: ClosedRange<Int>, upTo count: Int, default standard: [Int], echo: String,
        _ detail: String
    ) -> Self {
        Self(
            ParameterDeclaration(
                name, form: .integers(range, upTo: count),
                standard: standard.map(String.init).joined(separator: ","), detail: detail),
            default: standard, echo: echo,
            parse: { text in
                separated(text, upTo: count) { Int($0).flatMap { range.contains($0) ? $0 : nil } }
            }, told: { ParameterReading(canonical: "\($0)", echo: .ints($0)) })
    }
}

extension DeclaredParameter<[Double]> {
    /// Numbers with commas between them.
    package static func numbers(
        _ name: String, in range: ClosedRange<Double>, upTo count: Int, default standard: [Double], echo: Bool = true,
        _ detail: String
    ) -> Self {
        Self(
            ParameterDeclaration(
                name, form: .numbers(range, upTo: count),
                standard: standard.map { "\($0)" }.joined(separator: ","), detail: detail),
            default: standard, echo: echo ? name : nil,
            parse: { text in
                separated(text, upTo: count) { Double($0).flatMap { range.contains($0) ? $0 : nil } }
            }, told: { ParameterReading(canonical: "\($0)", echo: .doubles($0)) })
    }
}

/// The parts of `text` between commas; nil where there are too many, or one has no meaning.
private func separated<Number>(_ text: String, upTo count: Int, _ read: (String) -> Number?) -> [Number]? {
    let parts = text.split(separator: ",", maxSplits: count, omittingEmptySubsequences: false)
    let numbers = parts.compactMap { read(String($0)) }
    return parts.count <= count && numbers.count == parts.count ? numbers : nil
}

extension DeclaredParameter<IndexSelection> {
    /// Indices; which of them there are is known when the model is.
    package static func indices(
        _ name: String, aliases: [String] = [], default standard: String, echo: String? = nil, _ detail: String
    ) -> Self {
        Self(
            ParameterDeclaration(
                name, aliases: aliases, form: .indices(words: []), standard: standard, detail: detail),
            default: IndexSelection(standard) ?? .all, echo: echo ?? name, parse: { IndexSelection($0) },
            told: { _ in ParameterReading(canonical: "", echo: .null) })
    }
}

// What many analyses understand.

extension DeclaredParameter<IndexSelection> {
    /// Blocks, from 0.
    package static var layers: Self {
        .indices("layers", default: "all", "Which blocks: `all`, or indices and ranges from 0; -1 is the last.")
    }
}

extension DeclaredParameter<Convention> {
    /// Whose quirks.
    static var convention: Self {
        .choice(
            "convention", default: .corrected, "`reference` reproduces the published notebooks number for number.")
    }
}

extension DeclaredParameter<Double> {
    package static var trainFraction: Self {
        .number(
            "train_fraction", in: 0.01...0.99, default: 0.5,
            "Share of each class that the classifier is fitted to; the others are asked.")
    }
}

extension DeclaredParameter<Int> {
    /// Every seed is a whole number that JSON carries exactly.
    package static var seed: Self {
        .integer(
            "seed", in: 0...(1 << 53 - 1), default: 0, "Of the split and of everything else that is drawn at random.")
    }
}

extension DeclaredParameter<Int?> {
    /// Of a kind whose images can be cut.
    static let shards = integer(
        "shards", in: 2...256,
        "Into how many parts a large set of images is cut, each a task of its own in the queue; without it they are one task."
    )
}
