import Analysis
import Checkpoints
public import JSON
import Plots

/// The forms of a comparison. Raw values are the words of `format=`.
public enum ComparisonForm: String, Sendable, CaseIterable {
    case json, csv, npz, html

    public var mediaType: String {
        switch self {
        case .json: ResultFormat.json.mediaType
        case .csv: ResultFormat.csv.mediaType
        case .npz: ResultFormat.npz.mediaType
        case .html: "text/html; charset=utf-8"
        }
    }
}

extension Comparison {
    /// - Parameter links: for JSON.
    public func encoded(_ form: ComparisonForm, links: [JSONValue.Member] = []) -> [UInt8] {
        switch form {
        case .json: JSONValue.object(fields + [.init("links", .object(links))]).json
        case .csv: Array(csv.utf8)
        case .npz: Npz.encode(files: files)
        case .html: Array(page.utf8)
        }
    }

    /// A row a point of a model's curve or of a difference.
    private var csv: String {
        var text = "metric,model,minus,x,value,sem\n"
        func rows(_ metric: AnalysisKind, _ a: String, _ b: String, _ x: [String], _ y: [Double], _ sem: [Double]?) {
            for index in y.indices {
                let error = sem.map { $0[index] } ?? .nan
                let cells = [
                    metric.name, a, b, x[index], y[index].isFinite ? "\(y[index])" : "",
                    error.isFinite ? "\(error)" : "",
                ]
                text += cells.map(CSVTable.quoted).joined(separator: ",") + "\n"
            }
        }
        for metric in metrics {
            for curve in metric.curves { rows(metric.kind, curve.name, "", curve.x, curve.y, curve.sem) }
            for difference in metric.differences {
                rows(
                    metric.kind, difference.a.name, difference.b.name, difference.a.x, difference.mean, difference.sem)
            }
        }
        return text
    }

    /// The arrays, and beside those with numbers missing why: (reasons, 2), as a single result has them.
    private var files: [(name: String, npy: [UInt8])] {
        func texts(_ name: String, _ reasons: [Reason]) -> [(name: String, npy: [UInt8])] {
            guard !reasons.isEmpty else { return [] }
            let texts = reasons.flatMap { [$0.pointer, $0.reason] }
            return [(name: name, npy: Npy.encode(shape: [reasons.count, 2], texts))]
        }
        return arrays.map { (name: $0.name, npy: Npy.encode(shape: $0.shape, $0.values)) }
            + metrics.flatMap { metric in
                metric.parts.flatMap { part in
                    texts("\(metric.kind.name)/\(part.models.joined(separator: "+"))/reasons", part.result.reasons)
                }
            } + texts("reasons", reasons)
    }

    /// Every array of every result, and the differences.
    private var arrays: [(name: String, shape: [Int], values: [Double])] {
        var arrays: [(name: String, shape: [Int], values: [Double])] = []
        for metric in metrics {
            for part in metric.parts {
                let name = metric.kind.name + "/" + part.models.joined(separator: "+")
                for (field, array) in part.result.allArrays {
                    arrays.append((name + "/" + field, array.shape, array.doubles))
                }
            }
            for difference in metric.differences {
                let name = "\(metric.kind.name)/\(difference.a.name)-\(difference.b.name)/"
                arrays.append((name + "mean", [difference.mean.count], difference.mean))
                if let sem = difference.sem { arrays.append((name + "sem", [sem.count], sem)) }
            }
        }
        return arrays
    }

    private var page: String {
        var page = HTMLPage(title: "Comparison of \(models.compactMap(Self.name).joined(separator: ", "))")
        let first = metrics.first?.parts.first?.result
        if case .int(let count)? = first?["n_images"] { page.paragraph("\(count) images, the same for every model.") }
        page.link("Permalink:", to: "/v1/analyses/\(id)")
        for metric in metrics {
            page.section(metric.kind.name)
            let curves = metric.curves
            if let figure = curves.first?.figure {
                let series = curves.map { curve in
                    LineChart.Series(
                        name: curve.name,
                        x: curve.x.enumerated().map { Double($1) ?? Double($0) }, y: curve.y, band: curve.sem)
                }
                let chart = LineChart(series, title: figure.title, xLabel: figure.xLabel, yLabel: figure.yLabel)
                page.picture(chart.png(), description: "\(figure.title) of each model")
                page.table(
                    [figure.xLabel.isEmpty ? "point" : figure.xLabel] + curves.map(\.name),
                    rows: curves[0].x.indices.map { row in
                        [curves[0].x[row]]
                            + curves.map { $0.y.indices.contains(row) ? HTMLPage.number($0.y[row], $0.sem?[row]) : "" }
                    })
                for difference in metric.differences {
                    page.table(
                        ["", "\(difference.a.name) − \(difference.b.name)"],
                        rows: difference.mean.indices.map { row in
                            [difference.a.x[row], HTMLPage.number(difference.mean[row], difference.sem?[row])]
                        })
                }
            }
            let sentences = metric.parts.flatMap { part in
                part.result.reasons.map { ["\(part.models.joined(separator: " · "))", $0.pointer, $0.reason] }
            }
            if !sentences.isEmpty {
                page.table(
                    ["Result", "Where", "Why numbers are missing, or how to read them"], rows: sentences, isProse: true)
            }
            for part in metric.parts where part.result.figures.contains(where: { $0.form == .heatMap }) {
                if let png = try? ResultPicture(result: part.result, views: []).png() {
                    page.picture(png, description: "\(metric.kind.name) of \(part.models.joined(separator: ", "))")
                }
            }
        }
        return page.text
    }

    private static func name(_ model: JSONValue) -> String? {
        guard case .object(let members) = model,
            case .string(let text)? = members.first(where: { $0.name == "name" })?.value
        else { return nil }
        return text
    }
}
