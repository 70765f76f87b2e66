public import JSON

/// The kinds of analysis that a service answers, in the order in which they are listed.
public struct AnalysisKinds: Sendable {
    public let all: [AnalysisKind]

    package init(_ kinds: [AnalysisKind]) { all = kinds }

    public var names: [String] { all.map(\.name) }

    /// Those that a comparison may have.
    public var comparable: [AnalysisKind] { all.filter(\.spec.isComparable) }

    /// Those that a comparison has unless something else is asked for.
    package var usuallyCompared: [AnalysisKind] { all.filter(\.spec.isUsuallyCompared) }

    public subscript(name: String) -> AnalysisKind? { all.first { $0.name == name } }

    /// A sentence for a name that none of `kinds` has.
    package static func advice(on name: String, among kinds: [AnalysisKind]) -> String {
        let names = kinds.map(\.name)
        return NearestNames.of(name, among: names, count: 1).first.map { "Did you mean “\($0)”?" }
            ?? "There are: \(names.joined(separator: ", "))."
    }

    /// As `GET /v1/analysis-kinds` has them.
    public var value: JSONValue { .object([.init("analysis_kinds", .list(all.map(\.spec.value)))]) }
}
