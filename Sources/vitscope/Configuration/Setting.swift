import JSON
import Platform

/// One setting of `serve`: its value and where that came from.
struct Setting<Value> {
    let value: Value
    let source: Source

    /// The places a value may come from, strongest first.
    enum Source: CustomStringConvertible {
        case flag
        case environment(String)
        case file(String)
        case standard

        var description: String {
            switch self {
            case .flag: "flag"
            case .environment(let name): "environment \(name)"
            case .file(let path): "file \(path)"
            case .standard: "default"
            }
        }
    }
}

/// Flags, then `VITSCOPE_…` environment variables, then a JSON file, then defaults.
struct SettingSources {
    private let environment: [String: String]
    private let file: JSONValue
    private let path: String

    /// - Throws: `Failure` (78) for a file that cannot be read, is no JSON object, or has an unknown key.
    init(configFile: String?, environment: [String: String], known: [String]) throws {
        let path = configFile ?? environment["VITSCOPE_CONFIG"] ?? ""
        self.environment = environment
        self.path = path
        guard !path.isEmpty else {
            file = .object([])
            return
        }
        guard let bytes = try? MappedFile.open(path) else {
            throw Failure("cannot read the configuration file \(path)", .configuration)
        }
        guard let value = try? JSONValue.parse(bytes), let members = value.object else {
            throw Failure("\(path) is no JSON object; write {\"port\": 8080, …}", .configuration)
        }
        let strangers = members.map(\.name).filter { !known.contains($0) }.sorted()
        guard strangers.isEmpty else {
            throw Failure(
                "\(path) has unknown settings: \(strangers.joined(separator: ", ")); "
                    + "known are \(known.joined(separator: ", "))", .configuration)
        }
        file = value
    }

    /// The value of the setting `name`, such as `port`, whose variable is `VITSCOPE_PORT`.
    ///
    /// - Throws: `Failure` (78) for a text that `parse` does not take.
    func resolve<Value>(
        _ name: String, flag: Value?, standard: Value, expected: String, parse: (String) -> Value?
    ) throws -> Setting<Value> {
        if let flag { return Setting(value: flag, source: .flag) }
        let variable = "VITSCOPE_" + name.uppercased()
        if let text = environment[variable] {
            guard let value = parse(text) else {
                throw Failure("\(variable) is “\(text)” where \(expected) is expected", .configuration)
            }
            return Setting(value: value, source: .environment(variable))
        }
        if let found = file[name] {
            let text = (found.list ?? [found]).map(Self.text).joined(separator: ",")
            guard let value = parse(text) else {
                throw Failure("\(name) in \(path) is “\(text)” where \(expected) is expected", .configuration)
            }
            return Setting(value: value, source: .file(path))
        }
        return Setting(value: standard, source: .standard)
    }

    /// A value as one would write it in a variable.
    private static func text(_ value: JSONValue) -> String {
        value.string ?? String(decoding: value.json, as: UTF8.self)
    }
}
