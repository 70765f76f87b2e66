import JSON
import Models
import Tensors

/// What became of a checkpoint, for the load report.
struct LoadSummary: Sendable {
    let format: String
    let report: LoadReport
    let opaqueGlobals: [String]
    /// Who says how images are prepared, where that was asked.
    var images: String?
    /// Of the model that was made; nil where there is none.
    var precision: Precision?

    /// As JSON has it.
    var field: JSONValue { .object(members) }

    var members: [JSONValue.Member] {
        [
            .init("verdict", .string(report.verdict.rawValue)),
            .init("reason", .optional(report.reason.map(ServiceError.sentence))),
            .init("format", .string(format)),
            .init("recognised_as", .optional(report.recognisedAs?.name)),
            .init("checkpoint_key", .optional(report.checkpointKey)),
            .init("prefix_removed", .optional(report.prefixRemoved)),
            .init("n_matched", .int(report.matched.count)),
            .init("matched", .list(report.matched.map(Self.match))),
            .init("missing", .strings(report.missing)),
            .init("unexpected", .strings(report.unexpected)),
            .init("reshaped", .list(report.reshaped.map(Self.reshape))),
            .init("ignored", .list(report.ignored.map(Self.ignored))),
            .init("notes", .strings((report.notes + [images].compactMap(\.self)).map(ServiceError.sentence))),
            .init("assumptions", .strings(report.assumptions.map { ServiceError.sentence($0.sentence) })),
            .init("not_finite", .strings(report.notFinite)),
            .init("others", .strings(report.others)),
            .init("opaque_globals", .strings(opaqueGlobals)),
        ] + (precision.map { [.init("precision", .string($0.rawValue))] } ?? [])
    }

    private static func match(_ match: LoadReport.Match) -> JSONValue {
        .object([
            .init("name", .string(match.name)), .init("canonical", .string(match.canonical)),
            .init("shape", .ints(match.shape)), .init("dtype", .string(match.dtype.rawValue)),
        ])
    }

    private static func reshape(_ reshape: LoadReport.Reshape) -> JSONValue {
        .object([
            .init("name", .string(reshape.name)), .init("from", .ints(reshape.from)), .init("to", .ints(reshape.to)),
            .init("how", .string(reshape.how)),
        ])
    }

    private static func ignored(_ ignored: LoadReport.Ignored) -> JSONValue {
        .object([.init("name", .string(ignored.name)), .init("why", .string(ignored.why))])
    }
}
