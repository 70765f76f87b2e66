public import Catalogue
public import Engine
import JSON
import Platform

/// A statement about a result that holds or does not: `attention_nmi[-1] > 0.05`, `mean(fourier.high_frequency) < -2`.
public struct Assertion: Sendable, Equatable {
    enum Relation: String, Sendable, CaseIterable {
        case greaterOrEqual = ">=", lessOrEqual = "<=", equal = "==", different = "!=", greater = ">", less = "<"

        func holds(_ a: Double, _ b: Double) -> Bool {
            switch self {
            case .greaterOrEqual: a >= b
            case .lessOrEqual: a <= b
            case .equal: a == b
            case .different: a != b
            case .greater: a > b
            case .less: a < b
            }
        }
    }

    enum Summary: String, Sendable, CaseIterable {
        case mean, min, max
    }

    /// What came out.
    public struct Verdict: Sendable, Equatable {
        public let text: String
        /// Nil where the number is not defined, and then nothing holds.
        public let actual: Double?
        public let holds: Bool
    }

    /// As written.
    public let text: String
    /// What has to be computed.
    public let kind: AnalysisKind
    let field: String?
    let indices: [Int]
    let summary: Summary?
    let relation: Relation
    let bound: Double

    /// - Throws: `ServiceError.invalid` with a sentence that says what is possible.
    public init(_ text: String) throws(ServiceError) {
        func wrong(_ why: String) -> ServiceError {
            .invalid(
                "/assertion",
                "“\(text.shortened(to: 80))” \(why). Write METRIC[.FIELD][INDEX]… > NUMBER, such as "
                    + "'attention_nmi[-1] > 0.05' or 'mean(fourier.high_frequency) < -2'.")
        }
        self.text = text
        let plain = text.filter { $0 != " " && $0 != "\t" }
        guard let relation = Relation.allCases.first(where: { plain.contains($0.rawValue) }),
            let place = plain.firstRange(of: relation.rawValue)
        else { throw wrong("compares nothing") }
        guard let bound = Double(plain[place.upperBound...]), bound.isFinite else {
            throw wrong("has no number on the right")
        }
        var left = String(plain[..<place.lowerBound])
        var summary: Summary?
        if left.hasSuffix(")"), let open = left.firstIndex(of: "(") {
            summary = Summary(rawValue: String(left[..<open]))
            guard summary != nil else { throw wrong("has a function that is not mean, min or max") }
            left = String(left[left.index(after: open)...].dropLast())
        }
        var indices: [Int] = []
        if let bracket = left.firstIndex(of: "[") {
            for part in left[bracket...].split(separator: "[") {
                guard part.hasSuffix("]"), let index = Int(part.dropLast()), index.magnitude < 1 << 31 else {
                    throw wrong("has an index that is no whole number")
                }
                indices.append(index)
            }
            left = String(left[..<bracket])
        }
        let names = left.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let metric = names[0].replacing("_", with: "-")
        guard let kind = AnalysisKinds.standard[metric] else {
            let near = NearestNames.of(metric, among: AnalysisKinds.standard.names, count: 1).first
            throw wrong(
                "names no analysis" + (near.map { "; did you mean \($0.replacing("-", with: "_"))?" } ?? ""))
        }
        self.kind = kind
        field = names.count > 1 ? names[1] : nil
        self.indices = indices
        self.summary = summary
        self.relation = relation
        self.bound = bound
    }

    /// Looks into the JSON of an answer.
    ///
    /// - Throws: `ServiceError.invalid` where the answer has no such number.
    public func check(_ json: [UInt8]) throws(ServiceError) -> Verdict {
        let answer: JSONValue
        do { answer = try JSONValue.parse(json) } catch { throw .unreadable("The answer is not JSON: \(error).") }
        let name = field ?? answer["figures"]?.list?.first?["values"]?.string ?? "mean"
        var value: JSONValue? = answer
        for part in name.split(separator: ".") { value = value?[String(part)] }
        guard var found = value, name != "reasons" else {
            let known = (answer.object ?? []).compactMap { $0.value.list == nil ? nil : $0.name }
            throw .invalid(
                "/assertion",
                "The answer of \(kind.name) has no “\(name.shortened)”. There are: \(known.joined(separator: ", "))."
            )
        }
        for index in indices {
            guard let list = found.list else {
                throw .invalid(
                    "/assertion", "“\(text.shortened(to: 80))” has more indices than the numbers have extents.")
            }
            let place = index < 0 ? index + list.count : index
            guard list.indices.contains(place) else {
                throw .invalid("/assertion", IndexSelection.outside(index, count: list.count, noun: "index"))
            }
            found = list[place]
        }
        let numbers = Self.numbers(found)
        let actual: Double? =
            switch summary {
            case nil:
                found.list == nil ? numbers.first ?? nil : nil
            case .mean:
                numbers.contains(nil) || numbers.isEmpty
                    ? nil : numbers.compactMap(\.self).reduce(0, +) / Double(numbers.count)
            case .min: numbers.contains(nil) ? nil : numbers.compactMap(\.self).min()
            case .max: numbers.contains(nil) ? nil : numbers.compactMap(\.self).max()
            }
        if summary == nil, found.list != nil {
            throw .invalid(
                "/assertion",
                "“\(text.shortened(to: 80))” means several numbers. Give an index, or take their mean, min or max.")
        }
        return Verdict(text: text, actual: actual, holds: actual.map { relation.holds($0, bound) } ?? false)
    }

    /// All numbers, nil for those that are null.
    private static func numbers(_ value: JSONValue) -> [Double?] {
        if let list = value.list { return list.flatMap(numbers) }
        return [value.double]
    }
}
