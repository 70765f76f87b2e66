/// How the text of a parameter is written: what a form on the page, a flag of the command line and an OpenAPI schema
/// need to know of it.
public enum ParameterForm: Sendable, Equatable {
    /// One of these words.
    case choice([String])
    case integer(ClosedRange<Int>)
    case number(ClosedRange<Double>)
    /// Up to so many whole numbers with commas between them.
    case integers(ClosedRange<Int>, upTo: Int)
    /// Up to so many numbers with commas between them.
    case numbers(ClosedRange<Double>, upTo: Int)
    /// `true` or `false`.
    case flag
    /// Indices as `IndexSelection` writes them, or one of `words`.
    case indices(words: [String])
    /// Text of a grammar of its own, which `forms` describes, with an example.
    case text(forms: String, example: String)
    /// The name of a model.
    case model
    /// A reference to an image; may be given several times.
    case image
    /// The name of a probe set.
    case probeSet

    /// JSON's name of the type of the value.
    public var typeName: String {
        switch self {
        case .choice: "choice"
        case .integer: "integer"
        case .number: "number"
        case .integers: "integers"
        case .numbers: "numbers"
        case .flag: "boolean"
        case .indices: "indices"
        case .text: "text"
        case .model: "model"
        case .image: "image"
        case .probeSet: "probe_set"
        }
    }

    /// What to write, for a sentence about a value that does not fit.
    public var advice: String {
        switch self {
        case .choice(let words): "There are: \(words.joined(separator: ", "))"
        case .integer(let range): "write a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .number(let range): "write a number from \(range.lowerBound) to \(range.upperBound)"
        case .integers(let range, let count):
            "write up to \(count) whole numbers from \(range.lowerBound) to \(range.upperBound), with commas between "
                + "them"
        case .numbers(let range, let count):
            "write up to \(count) numbers from \(range.lowerBound) to \(range.upperBound), with commas between them"
        case .flag: "write true or false"
        case .indices(let words): "write \((words + [IndexSelection.forms]).joined(separator: ", "))"
        case .text(let forms, _): "write \(forms)"
        case .model: "write the name of a model"
        case .image: "write sha256:… or DATASET:INDEX"
        case .probeSet: "write the name of a probe set"
        }
    }
}
