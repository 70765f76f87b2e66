public import JSON

/// What is said of a parameter: everything that does not depend on the Swift type of its value.
public struct ParameterDeclaration: Sendable, Equatable {
    public let name: String
    /// Other names under which it is understood.
    public let aliases: [String]
    public let form: ParameterForm
    /// What stands without it, as one would write it; nil where the model, the images or another parameter decide.
    public let standard: String?
    /// A sentence or two: what it means, and what stands without it where `standard` is nil.
    public let detail: String
    public let isRequired: Bool

    package init(
        _ name: String, aliases: [String] = [], form: ParameterForm, standard: String? = nil, detail: String,
        isRequired: Bool = false
    ) {
        self.name = name
        self.aliases = aliases
        self.form = form
        self.standard = standard
        self.detail = detail
        self.isRequired = isRequired
    }

    /// Whether it may come several times.
    public var repeats: Bool { form == .image }

    /// As `GET /v1/analysis-kinds` has it.
    public var value: JSONValue {
        var members: [JSONValue.Member] = [
            .init("name", .string(name)), .init("aliases", .strings(aliases)), .init("type", .string(form.typeName)),
            .init("default", .optional(standard)), .init("required", .bool(isRequired)),
            .init("detail", .string(detail)),
        ]
        switch form {
        case .choice(let words), .indices(let words): members.append(.init("words", .strings(words)))
        case .integer(let range), .integers(let range, _):
            members += [.init("minimum", .int(range.lowerBound)), .init("maximum", .int(range.upperBound))]
        case .number(let range), .numbers(let range, _):
            members += [.init("minimum", .double(range.lowerBound)), .init("maximum", .double(range.upperBound))]
        case .text(_, let example): members.append(.init("example", .string(example)))
        case .flag, .model, .image, .probeSet: break
        }
        return .object(members)
    }
}

extension ParameterDeclaration {
    package static let image = ParameterDeclaration(
        "image", form: .image, detail: "`sha256:…` or `DATASET:INDEX`; may come several times.")
    package static let probeSet = ParameterDeclaration(
        "probe_set", form: .probeSet, detail: "Instead of images: the name of a probe set.")
    package static let a = ParameterDeclaration(
        "a", form: .model, detail: "A model's name; its layers are the rows.", isRequired: true)
    package static let b = ParameterDeclaration(
        "b", form: .model, detail: "A model's name; its layers are the columns.", isRequired: true)
}
