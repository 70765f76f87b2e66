import JSON
import Training

/// The declarations as the table of docs/training.md.
struct SettingTable {
    let text: String

    init(_ settings: JobSettingList) {
        let head = ["| setting | type | range or choices | meaning |", "| --- | --- | --- | --- |"]
        text = (head + settings.all.flatMap { Self.rows($0, []) }).joined(separator: "\n")
    }

    private static func rows(_ setting: JobSetting, _ path: [String]) -> [String] {
        let name = (path + [setting.name]).joined(separator: ".")
        var words = setting.words
        if let methods = setting.methods { words += " Of the method \(methods.joined(separator: ", "))." }
        if setting.isRequired { words += " Required." }
        if case .value(let value) = setting.standard {
            words += " \(String(decoding: value.canonical, as: UTF8.self)) in silence."
        }
        return ["| `\(name)` | \(setting.typeName) | \(range(setting.kind)) | \(words) |"]
            + setting.inner.flatMap { rows($0, path + [setting.name]) }
    }

    private static func range(_ kind: JobSetting.Kind) -> String {
        func number(_ number: Double) -> String { Int(exactly: number).map { "\($0)" } ?? "\(number)" }
        switch kind {
        case .int(let range):
            return range.upperBound == .max
                ? "\(range.lowerBound) or more" : "\(range.lowerBound) to \(range.upperBound)"
        case .number(let range), .perView(let range), .numbers(_, let range):
            return "\(number(range.lowerBound)) to \(number(range.upperBound))"
        case .choice(let words), .choices(let words): return words.map { "`\($0)`" }.joined(separator: ", ")
        default: return ""
        }
    }
}
