package import JSON
import Platform

/// One metric by step.
package struct MetricSeries: Sendable, Equatable {
    package let key: String
    var steps: [Int] = []
    var epochs: [Double] = []
    var values: [Double] = []

    init(key: String) { self.key = key }

    /// The series of `metrics.jsonl`, in order of appearance; none where the file is not there yet.
    package static func read(_ path: String) throws -> [MetricSeries] {
        let bytes: Bytes
        do throws(FileError) { bytes = try MappedFile.open(path) } catch {
            if error.isMissing { return [] }
            throw error
        }
        var all: [MetricSeries] = [], places: [String: Int] = [:]
        for line in bytes.array.split(separator: UInt8(ascii: "\n")) {
            // A worker may be writing the last line.
            guard let value = try? JSONValue.parse(Array(line)), let step = value["step"]?.int else { continue }
            let epoch = value["epoch"]?.double ?? .nan
            for field in value.object ?? [] where field.name != "step" && field.name != "epoch" {
                guard let number = field.value.double else { continue }
                let key = field.name
                let place = places[key] ?? all.count
                if place == all.count {
                    places[key] = place
                    all.append(MetricSeries(key: key))
                }
                all[place].add(step, epoch, number)
            }
        }
        return all
    }

    private mutating func add(_ step: Int, _ epoch: Double, _ value: Double) {
        steps.append(step)
        epochs.append(epoch)
        values.append(value)
    }

    /// At most `count` points that keep the shape of the curve: first and last stay, and each stretch between them gives
    /// the point that spans the largest triangle with its neighbours (Steinarsson 2013).
    package func thinned(to count: Int) -> MetricSeries {
        guard values.count > count, count >= 2 else { return self }
        var kept = [0]
        let inner = count - 2, span = Double(values.count - 2) / Double(max(inner, 1))
        func start(_ stretch: Int) -> Int {
            Int(rounding: 1 + Double(stretch) * span, .down, into: 1...values.count - 1) ?? 1
        }
        for stretch in 0..<inner {
            let own = start(stretch)..<max(start(stretch) + 1, start(stretch + 1))
            let next =
                stretch + 1 < inner
                ? start(stretch + 1)..<max(start(stretch + 1) + 1, start(stretch + 2)) : values.count - 1..<values.count
            let meanStep = next.reduce(0) { $0 + Double(steps[$1]) } / Double(next.count)
            let meanValue = next.reduce(0) { $0 + values[$1] } / Double(next.count)
            let (x, y) = (Double(steps[kept[kept.count - 1]]), values[kept[kept.count - 1]])
            func area(_ place: Int) -> Double {
                abs((x - meanStep) * (values[place] - y) - (x - Double(steps[place])) * (meanValue - y))
            }
            var best = own.lowerBound
            for place in own where area(place) > area(best) { best = place }
            kept.append(best)
        }
        kept.append(values.count - 1)
        var thin = MetricSeries(key: key)
        for place in kept { thin.add(steps[place], epochs[place], values[place]) }
        return thin
    }

    /// `{keys, series: {KEY: {steps, epochs, values}}}`
    package static func field(_ all: [MetricSeries]) -> JSONValue {
        .object([
            .init("keys", .strings(all.map(\.key))),
            .init(
                "series",
                .object(
                    all.map { series in
                        .init(
                            series.key,
                            .object([
                                .init("steps", .ints(series.steps)),
                                .init("epochs", .list(series.epochs.map { .double($0) })),
                                .init("values", .list(series.values.map { .double($0) })),
                            ]))
                    })),
        ])
    }

    /// A line for each point.
    package static func csv(_ all: [MetricSeries]) -> [UInt8] {
        var text = "metric,step,epoch,value\n"
        for series in all {
            for place in series.values.indices {
                text += "\(series.key),\(series.steps[place]),\(series.epochs[place]),\(series.values[place])\n"
            }
        }
        return Array(text.utf8)
    }
}
