import Engine

/// Texts at the ends of what a parameter takes.
struct ParameterExtremes {
    /// What costs the more the larger it is and behaves alike beyond this.
    private static let dear = ["epochs": 40, "iterations": 60, "n_train": 40]

    let texts: [String]

    init(_ parameter: ParameterDeclaration) {
        func bounds<Number: Comparable>(_ range: ClosedRange<Number>, _ most: Number? = nil) -> [Number] {
            [range.lowerBound, min(range.upperBound, most ?? range.upperBound)]
        }
        texts =
            switch parameter.form {
            case .choice(let words): words
            case .integer(let range): bounds(range, Self.dear[parameter.name]).map(String.init)
            case .number(let range): bounds(range).map { "\($0)" } + ["\(range.lowerBound.nextUp)"]
            case .integers(let range, let count):
                bounds(range).map(String.init)
                    + [(0..<count).map { "\(range.lowerBound + $0)" }.joined(separator: ",")]
            case .numbers(let range, let count):
                bounds(range).map { "\($0)" }
                    + [[String](repeating: "\(range.upperBound)", count: count).joined(separator: ",")]
            case .flag: ["true", "false"]
            case .indices(let words):
                words + ["all", "0", "-1", "\(Int.min)", "\(Int.max)", "0-\(Int.max)", "\(Int.min)..-1"]
            case .text(_, let example): [example, "\(Int.min)", "\(Int.min),\(Int.max)"]
            case .model, .image, .probeSet: []
            }
    }
}
