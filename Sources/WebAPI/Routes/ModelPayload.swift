import Catalogue
import Engine
import FoundationEssentials
import JSON
import Service

extension JSONValue {
    /// A text, or null.
    static func text(_ text: String?) -> JSONValue { text.map(JSONValue.string) ?? .null }

    /// A whole number, or null.
    static func number(_ number: Int?) -> JSONValue { number.map(JSONValue.int) ?? .null }

    /// A time as RFC 3339 writes it, UTC.
    static func time(_ date: Date) -> JSONValue { .string(date.ISO8601Format()) }
}

extension ModelInfo {
    /// - Parameter kinds: what can be asked of it.
    func payload(_ kinds: AnalysisKinds) -> JSONValue {
        let encoded = PercentEncoding.encode(name), path = "/v1/models/\(encoded)"
        let links: [(String, String)] =
            [("self", path), ("load_report", path + "/load-report")]
            + kinds.all.compactMap { kind in
                kind.spec.linkName.map { ($0, kind.spec.path.replacing("{name}", with: encoded)) }
            }
        return .object([
            .init("name", .string(name)),
            .init("state", .string(state.rawValue)),
            .init("sha256", .text(sha256)),
            .init("path", .string(self.path)),
            .init("arch", .text(arch)),
            .init("recognised_as", .text(recognisedAs)),
            .init("format", .text(format)),
            .init("parameters", .number(parameters)),
            .init("memory_bytes", .int(memoryBytes)),
            .init("precision", .string(precision)),
            .init("config", config?.field ?? .null),
            .init("preprocess", preprocess?.payload ?? .null),
            .init("error", .text(error)),
            .init("created_at", .time(createdAt)),
            .init("links", .object(links.map { .init($0.0, .string($0.1)) })),
        ])
    }
}

extension PreprocessInfo {
    fileprivate var payload: JSONValue {
        .object([
            .init("crop_pct", .double(cropPct)),
            .init("crop_mode", .string(cropMode)),
            .init("interpolation", .string(interpolation)),
            .init("mean", .list(mean.map(JSONValue.double))),
            .init("std", .list(std.map(JSONValue.double))),
        ])
    }
}
