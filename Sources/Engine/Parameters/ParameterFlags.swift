public import Catalogue
import JSON

/// The parameters of a kind as options of a command line: `--layers 0-3`, `--train-fraction=0.3`, `--map`.
public enum ParameterFlags {
    /// The parameters that `arguments` give, for `ParameterValues` to read.
    ///
    /// - Parameter refusals: what to say of parameters of other kinds, by their names.
    /// - Throws: `invalid` with every argument that is no option of the kind, or lacks its value.
    public static func read(
        _ arguments: [String], of spec: AnalysisSpec, refusals: [String: String] = [:]
    ) throws(ServiceError) -> [AnalysisParameter] {
        var parameters: [AnalysisParameter] = [], faults: [Fault] = []
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let name = parts[0]
            guard let known = spec.parameters.first(where: { flags($0).contains(name) }) else {
                faults.append(
                    .init(
                        pointer: "/" + name.shortened,
                        detail: refusals[String(name.dropFirst(2))] ?? unknown(name, spec)))
                // What follows is probably its value, and no second fault.
                if parts.count == 1, rest.first?.hasPrefix("--") == false { rest.removeFirst() }
                continue
            }
            if parts.count > 1 {
                parameters.append(AnalysisParameter(known.name, parts[1]))
            } else if known.form == .flag, rest.first.map({ !["true", "false"].contains($0) }) ?? true {
                parameters.append(AnalysisParameter(known.name, "true"))
            } else if let value = rest.popFirst() {
                parameters.append(AnalysisParameter(known.name, value))
            } else {
                faults.append(.init(pointer: "/" + known.name, detail: "\(name) is given without a value."))
            }
        }
        guard faults.isEmpty else { throw .invalid(faults) }
        return parameters
    }

    /// What `--help` says of a kind: what it is, and its options with their words, defaults and ranges.
    public static func help(_ spec: AnalysisSpec) -> String {
        var lines = ["\(spec.name): \(spec.summary).", "", spec.reading, spec.cost, "", "OPTIONS OF \(spec.name):"]
        for parameter in spec.parameters {
            let names = flags(parameter).filter { !$0.contains("_") }.joined(separator: ", ")
            lines.append("  \(names) <\(parameter.form.typeName)>")
            lines.append("      \(parameter.detail)")
            let standard = parameter.standard.map { " The default is \($0)." } ?? ""
            let advice = parameter.form.advice
            lines.append("      \(advice.prefix(1).uppercased())\(advice.dropFirst()).\(standard)")
        }
        return lines.joined(separator: "\n")
    }

    /// `--train-fraction`, and as JSON spells it.
    private static func flags(_ parameter: ParameterDeclaration) -> [String] {
        ([parameter.name] + parameter.aliases).flatMap { name in
            let dashed = name.replacing("_", with: "-")
            return dashed == name ? ["--" + name] : ["--" + dashed, "--" + name]
        }
    }

    private static func unknown(_ name: String, _ spec: AnalysisSpec) -> String {
        let known: [String] = spec.parameters.flatMap(flags).filter { !$0.contains("_") }
        let hint =
            NearestNames.of(name, among: known, count: 1).first.map { "Did you mean \($0)?" }
            ?? "There are: \(known.joined(separator: ", "))."
        return "\(spec.name) has no option “\(name.shortened)”. \(hint)"
    }
}
