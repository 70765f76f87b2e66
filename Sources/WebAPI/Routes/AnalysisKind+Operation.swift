import Engine
import HTTPTypes
import JSON
import Platform
import Service

// What OpenAPI says of each analysis, which its spec says.
extension AnalysisKind {
    var operation: Operation {
        let name: [OperationParameter] = spec.comparesTwo ? [] : [.modelName]
        let encoding: [OperationParameter] =
            [
                .query(
                    "format", "Which form; decides over Accept.", schema: .oneOf(ResultFormat.allCases.map(\.rawValue))),
                .query("figure", "PNG and CSV: which figure, by its `values`; the first without."),
            ]
            + (spec.givesMaps
                ? [
                    .query("overlay", "PNG: the map over the image.", schema: .boolean),
                    .query(
                        "dtype",
                        "NPZ: `u8` gives maps as bytes, with the scale of each under the array's name and `_scale`.",
                        schema: .oneOf(["f32", "u8"]).defaulting(to: .string("f32"))),
                ] : [])
        return Operation(
            method: .get, path: spec.path, id: operationID, tag: "analyses", summary: spec.summary,
            parameters: name + (spec.subjects + spec.parameters).flatMap(OperationParameter.queries) + encoding
                + [.analysisPreferences],
            answers: [
                Answer(
                    status: .ok, detail: "The numbers, or a figure of them.",
                    content: [("application/json", .ref("AnalysisResult"))]
                        + ResultFormat.allCases.dropFirst().map { ($0.bareMediaType, .any) },
                    fields: [
                        ("ETag", "Names the result for ever."),
                        ("Server-Timing", "Where the time went."),
                        ("X-Tensor-Shape", "NPY only: extents, outermost first."),
                        ("X-Tensor-Dtype", "NPY only: number format."),
                        ("X-Tensor-Axes", "NPY only: names of the extents."),
                    ]),
                .notModified,
                Answer(
                    status: .accepted, detail: "It takes over two seconds and runs in the queue.",
                    content: [("application/json", .any)],
                    fields: [("Location", "Where the answer will be."), ("Retry-After", "Seconds.")]),
            ],
            problems: [
                .queueFull, .diskFull, .gone,
                .notFound, .notAcceptable, .conflict, .invalid, .unsupportedMedia, .busy, .unavailable, .cancelled,
            ])
    }

    private var operationID: String {
        let acronyms = ["nmi", "cka"]
        return "get"
            + name.split(separator: "-").map { word in
                acronyms.contains(String(word))
                    ? word.uppercased() : word.prefix(1).uppercased() + String(word.dropFirst())
            }.joined()
    }
}

extension OperationParameter {
    /// A declared parameter, and its aliases.
    fileprivate static func queries(_ declaration: ParameterDeclaration) -> [OperationParameter] {
        ([declaration.name] + declaration.aliases).map { name in
            var parameter = OperationParameter.query(
                name, name == declaration.name ? declaration.detail : "The same as `\(declaration.name)`.",
                schema: Schema(declaration), repeats: declaration.repeats)
            parameter.isRequired = declaration.isRequired
            return parameter
        }
    }
}

extension Schema {
    /// Of a declared parameter's values in a JSON body, where flags are written as texts.
    static func inBody(_ declaration: ParameterDeclaration) -> Schema {
        if case .flag = declaration.form { return .oneOf(["true", "false"]) }
        return Schema(declaration)
    }

    /// Of the values of a declared parameter.
    init(_ declaration: ParameterDeclaration) {
        let standard = declaration.standard
        func defaulting(_ schema: Schema, _ value: (String) -> JSONValue?) -> Schema {
            standard.flatMap(value).map { schema.defaulting(to: $0) } ?? schema
        }
        self =
            switch declaration.form {
            case .choice(let words): defaulting(.oneOf(words)) { .string($0) }
            case .integer(let range):
                defaulting(.integer(atLeast: range.lowerBound, atMost: range.upperBound)) {
                    Int($0).map(JSONValue.int)
                }
            case .number(let range):
                defaulting(.number(from: range.lowerBound, to: range.upperBound)) {
                    Double($0).map(JSONValue.double)
                }
            case .flag: defaulting(.boolean) { .bool($0 == "true") }
            case .integers(_, let count): defaulting(.commas("[0-9]{1,9}", upTo: count)) { .string($0) }
            case .numbers(_, let count):
                defaulting(.commas(#"-?[0-9]{1,9}(\.[0-9]{1,9})?"#, upTo: count)) { .string($0) }
            case .indices(let words): defaulting(.indices(words).example(.string("0-3,7,-1"))) { .string($0) }
            case .text(_, let example): defaulting(Schema.text.example(.string(example))) { .string($0) }
            case .model: .ref("ModelName")
            case .image: .ref("ImageRef")
            case .probeSet: .ref("Name")
            }
    }
}

extension Schema {
    /// Up to `count` of `item` with commas between.
    fileprivate static func commas(_ item: String, upTo count: Int) -> Schema {
        string(pattern: "^\(item)(,\(item)){0,\(max(count - 1, 0))}$")
    }

    /// Indices and ranges as `IndexSelection` reads them, or one of `words`.
    fileprivate static func indices(_ words: [String]) -> Schema {
        let stretch = #"-?[0-9]{1,6}((-|\.\.)-?[0-9]{1,6})?"#
        let named = (["all"] + words).joined(separator: "|")
        return string(pattern: "^(\(named)|\(stretch)(,\(stretch)){0,1023})$")
    }
}

extension ResultFormat {
    /// Without parameters.
    var bareMediaType: String { String(mediaType.prefix { $0 != ";" }) }
}
