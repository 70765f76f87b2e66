import JSON

/// The objectives' own settings, resolved: the objects that their descriptors declare, by name.
public struct ObjectiveSettings: Sendable, Equatable {
    let values: JSONValue

    /// Reads the settings of every objective; faults go to the reader.
    init(_ reader: JSONReader, _ context: JobSettingContext) {
        let settings = ObjectiveRegistry.all.flatMap { $0.settings }
        for setting in settings { reader.read(setting, context) }
        values = .object(reader.resolved.filter { member in settings.contains { $0.name == member.name } })
    }

    /// The number of the setting `name` of the object `group`.
    func number(_ group: String, _ name: String) -> Double { found(group, name, \.double) }

    /// The whole number of the setting `name` of the object `group`.
    func int(_ group: String, _ name: String) -> Int { found(group, name, \.int) }

    /// Whether the setting `name` of the object `group` is on.
    func bool(_ group: String, _ name: String) -> Bool { found(group, name, \.bool) }

    private func found<T>(_ group: String, _ name: String, _ value: (JSONValue) -> T?) -> T {
        guard let found = values[group]?[name].flatMap(value) else {
            preconditionFailure("no objective declares \(group).\(name) with a default")
        }
        return found
    }
}
