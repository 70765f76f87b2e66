import Analysis
import JSON
import Platform

/// Results of the same question about several models, side by side.
public struct Comparison: Sendable {
    /// One result, and of which models.
    package struct Part: Sendable {
        package let models: [String]
        package let result: AnalysisResult

        package init(models: [String], result: AnalysisResult) {
            self.models = models
            self.result = result
        }
    }

    /// A metric's results.
    package struct Metric: Sendable {
        let kind: AnalysisKind
        let parts: [Part]

        package init(kind: AnalysisKind, parts: [Part]) {
            self.kind = kind
            self.parts = parts
        }
    }

    /// SHA-256 over the ids of all results: the comparison's permanent name.
    public let id: String
    let metrics: [Metric]

    package init(metrics: [Metric]) {
        self.metrics = metrics
        id = Self.id(metrics.flatMap { $0.parts.map(\.result.id) })
    }

    /// - Parameter results: ids, in order.
    package static func id(_ results: [String]) -> String {
        SHA256.hex(of: Array(("vitscope comparison\n" + results.joined(separator: "\n")).utf8))
    }

    /// The model names, each once.
    var models: [JSONValue] {
        var seen: Set<String> = [], fields: [JSONValue] = []
        for part in metrics.flatMap(\.parts) {
            for name in ["model", "a", "b"] {
                guard let field = part.result[name], case .object(let members) = field,
                    case .string(let text)? = members.first(where: { $0.name == "name" })?.value,
                    seen.insert(text).inserted
                else { continue }
                fields.append(field)
            }
        }
        return fields
    }

    /// Why numbers of curves and differences are missing. The results have reasons of their own.
    var reasons: [Reason] {
        var reasons: [Reason] = []
        for (place, metric) in metrics.enumerated() {
            func note(_ values: [Double]?, _ pointer: String, _ reason: String) {
                guard values?.allSatisfy(\.isFinite) == false else { return }
                reasons.append(Reason(pointer: "/metrics/\(place)/\(pointer)", reason: reason))
            }
            for (index, difference) in metric.differences.enumerated() {
                let reason =
                    "Where there is no number, “\(difference.a.name)” or “\(difference.b.name)” has none; its result "
                    + "says why."
                note(difference.mean, "differences/\(index)/mean", reason)
                note(difference.sem, "differences/\(index)/sem", reason)
            }
            for (index, curve) in metric.curves.enumerated() {
                let reason = "Where there is no number, the result of “\(curve.name)” says why."
                note(curve.y, "figure/series/\(index)/y", reason)
                note(curve.sem, "figure/series/\(index)/sem", reason)
            }
        }
        return reasons
    }

    /// As JSON has it.
    var fields: [JSONValue.Member] {
        let first = metrics.first?.parts.first?.result
        return [
            .init("analysis", .string("comparison")), .init("analysis_id", .string(id)), .init("models", .list(models)),
            .init("probe_set", first?["probe_set"] ?? .null), .init("n_images", first?["n_images"] ?? .null),
            .init("standard_errors", .string("of a difference: √(sem_a² + sem_b²), as of independent images")),
            .init("metrics", .list(metrics.map(\.value))),
            .init(
                "reasons",
                .list(
                    reasons.map {
                        .object([.init("pointer", .string($0.pointer)), .init("reason", .string($0.reason))])
                    })),
        ]
    }
}

/// The curve of one result: what its first figure of single lines shows.
struct ComparisonCurve: Sendable {
    let name: String
    let figure: ResultFigure
    let x: [String]
    let y: [Double]
    /// Standard errors over images; nil where the analysis has none.
    let sem: [Double]?

    /// Nil for a result without such a figure.
    init?(_ part: Comparison.Part) {
        let arrays = part.result.allArrays
        for figure in part.result.figures where figure.form == .lines {
            guard let array = arrays.first(where: { $0.name == figure.values })?.array, array.shape.count == 1 else {
                continue
            }
            self.figure = figure
            name = part.models.joined(separator: " · ")
            y = array.doubles
            let names = figure.x.map { name in
                let listed = part.result.names(name)
                return listed.isEmpty ? part.result.doubles(name).map { "\($0)" } : listed
            }
            x = names?.count == y.count ? names ?? [] : y.indices.map(String.init)
            let errors = [figure.values == "mean" ? "sem" : figure.values + "_sem"]
            sem = arrays.first { errors.contains($0.name) && $0.array.shape == array.shape }?.array.doubles
            return
        }
        return nil
    }
}

extension Comparison.Metric {
    var curves: [ComparisonCurve] { parts.compactMap(ComparisonCurve.init) }

    /// Between every two curves over the same places, the first less the second.
    var differences: [(a: ComparisonCurve, b: ComparisonCurve, mean: [Double], sem: [Double]?)] {
        let curves = curves
        var found: [(a: ComparisonCurve, b: ComparisonCurve, mean: [Double], sem: [Double]?)] = []
        for first in curves.indices {
            for second in curves.indices where second > first && curves[first].x == curves[second].x {
                let (a, b) = (curves[first], curves[second])
                let sem: [Double]? =
                    if let left = a.sem, let right = b.sem {
                        zip(left, right).map { ($0 * $0 + $1 * $1).squareRoot() }
                    } else { nil }
                found.append((a, b, zip(a.y, b.y).map { $0 - $1 }, sem))
            }
        }
        return found
    }

    fileprivate var value: JSONValue {
        func numbers(_ values: [Double]?) -> JSONValue {
            values.map {
                .array(NamedArray(shape: [$0.count], axes: ["point"], numbers: .float64($0)))
            } ?? .null
        }
        let curves = curves, figure = curves.first?.figure
        return .object([
            .init("metric", .string(kind.name)),
            .init(
                "results",
                .list(
                    parts.map { part in
                        .object(
                            [
                                .init("models", .strings(part.models)),
                                .init("model", .optional(part.models.count == 1 ? part.models[0] : nil)),
                                .init("analysis_id", .string(part.result.id)),
                            ]
                                + part.result.fields.filter { field in
                                    !["analysis", "analysis_id", "model", "images", "figures"].contains(field.name)
                                }.map { .init($0.name, $0.value) })
                    })),
            .init(
                "differences",
                .list(
                    differences.map {
                        .object([
                            .init("a", .string($0.a.name)), .init("b", .string($0.b.name)),
                            .init("x", .strings($0.a.x)), .init("mean", numbers($0.mean)),
                            .init("sem", numbers($0.sem)),
                        ])
                    })),
            .init(
                "figure",
                figure.map { figure in
                    .object([
                        .init("title", .string(figure.title)), .init("x", .strings(curves[0].x)),
                        .init("x_label", .string(figure.xLabel)), .init("y_label", .string(figure.yLabel)),
                        .init(
                            "series",
                            .list(
                                curves.map {
                                    .object([
                                        .init("name", .string($0.name)), .init("x", .strings($0.x)),
                                        .init("y", numbers($0.y)), .init("sem", numbers($0.sem)),
                                    ])
                                })),
                    ])
                } ?? .null),
        ])
    }
}
