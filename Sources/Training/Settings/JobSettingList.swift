public import JSON

/// The settings that jobs may have, in the order in which they are written down.
public struct JobSettingList: Sendable {
    public let all: [JobSetting]

    /// Those of every job, and those of the objectives.
    public static let standard = JobSettingList(
        all: JobSetting.source + JobSetting.optimization + [.augmentation]
            + TrainingMethod.allCases.flatMap(\.descriptor.settings) + JobSetting.course)

    /// These and `setting`, which is read, written down and published as the others are.
    public func adding(_ setting: JobSetting) -> JobSettingList { JobSettingList(all: all + [setting]) }

    /// The schema of a job's body (JSON Schema 2020-12).
    public var schema: JSONValue {
        .object([.init("type", .string("object"))] + JobSetting.properties(all))
    }

    /// What a form needs: the methods with their defaults, and every setting.
    public var description: JSONValue {
        .object([
            .init("methods", .list(TrainingMethod.allCases.map { $0.description(self) })),
            .init("settings", .list(all.map(\.field))),
        ])
    }
}

extension JobSetting {
    /// As JSON: `name`, `type`, `words`, and what belongs to the type.
    var field: JSONValue {
        var members: [JSONValue.Member] = [
            .init("name", .string(name)), .init("type", .string(typeName)), .init("words", .string(words)),
            .init("required", .bool(isRequired)), .init("methods", methods.map(JSONValue.strings) ?? .null),
        ]
        switch kind {
        case .int(let range):
            members += [.init("minimum", .int(range.lowerBound)), .init("maximum", .int(range.upperBound))]
        case .number(let range), .perView(let range):
            members += [.init("minimum", .double(range.lowerBound)), .init("maximum", .double(range.upperBound))]
        case .choice(let words), .choices(let words): members.append(.init("choices", .strings(words)))
        case .text(let longest): members.append(.init("longest", .int(longest)))
        case .numbers(let count, let range):
            members += [
                .init("minimum", .double(range.lowerBound)), .init("maximum", .double(range.upperBound)),
                .init("count", .ints([count.lowerBound, count.upperBound])),
            ]
        default: break
        }
        if case .value(let value) = standard { members.append(.init("default", value)) }
        if !inner.isEmpty { members.append(.init("settings", .list(inner.map(\.field)))) }
        return .object(members)
    }

    /// The kind in one word.
    public var typeName: String {
        switch kind {
        case .int: "integer"
        case .number: "number"
        case .bool: "boolean"
        case .text: "text"
        case .choice: "choice"
        case .choices: "choices"
        case .numbers: "numbers"
        case .perView: "per view"
        case .depths: "depths"
        case .texts: "texts"
        case .object: "object"
        case .objects: "list of objects"
        case .arch: "name or object"
        }
    }
}
