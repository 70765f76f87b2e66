import Foundation

/// Checks JSON against the part of JSON Schema that our document uses.
public struct SchemaCheck {
    let document: [String: Any]

    public init(document: [String: Any] = [:]) { self.document = document }

    /// What does not fit, with where.
    public func faults(of value: Any, against schema: [String: Any], at path: String = "") -> [String] {
        if let reference = schema["$ref"] as? String {
            return self.faults(of: value, against: resolve(reference), at: path)
        }
        if let choices = schema["anyOf"] as? [[String: Any]] {
            let fits = choices.contains { self.faults(of: value, against: $0, at: path).isEmpty }
            return fits ? [] : ["\(path) fits none of its schemas"]
        }
        let types = schema["type"] as? [String] ?? (schema["type"] as? String).map { [$0] } ?? []
        if !types.isEmpty, !types.contains(where: { SchemaCheck.isOf($0, value) }) {
            return ["\(path) is no \(types.joined(separator: " or "))"]
        }
        var faults: [String] = SchemaCheck.bounds(of: value, schema).map { "\(path) \($0)" }
        let words = (schema["enum"] as? [Any] ?? []) + (schema["const"].map { [$0] } ?? [])
        if !words.isEmpty, !words.contains(where: { ($0 as? NSObject) == (value as? NSObject) }) {
            faults.append("\(path) is none of \(words)")
        }
        if let pattern = schema["pattern"] as? String, let text = value as? String,
            text.range(of: pattern, options: .regularExpression) == nil
        {
            faults.append("\(path) does not match \(pattern)")
        }
        if let object = value as? [String: Any] {
            for name in schema["required"] as? [String] ?? [] where object[name] == nil {
                faults.append("\(path)/\(name) is missing")
            }
            let members = schema["properties"] as? [String: [String: Any]] ?? [:]
            for (name, schema) in members {
                if let member = object[name] {
                    faults += self.faults(of: member, against: schema, at: "\(path)/\(name)")
                }
            }
            if schema["additionalProperties"] as? Bool == false {
                faults += object.keys.sorted().filter { members[$0] == nil }.map { "\(path)/\($0) is not known" }
            }
            if let rest = schema["additionalProperties"] as? [String: Any] {
                for (name, member) in object where members[name] == nil {
                    faults += self.faults(of: member, against: rest, at: "\(path)/\(name)")
                }
            }
        }
        if let items = schema["items"] as? [String: Any], let list = value as? [Any] {
            for (index, item) in list.enumerated() {
                faults += self.faults(of: item, against: items, at: "\(path)/\(index)")
            }
        }
        return faults
    }

    /// What a reference of the document stands for.
    public func resolve(_ reference: String) -> [String: Any] {
        var value: Any = document
        for name in reference.split(separator: "/").dropFirst() {
            value = (value as? [String: Any])?[String(name)] ?? [:]
        }
        return value as? [String: Any] ?? [:]
    }

    /// What lies outside the bounds of a number, a text or a list.
    private static func bounds(of value: Any, _ schema: [String: Any]) -> [String] {
        func bound(_ name: String) -> Double? { (schema[name] as? NSNumber)?.doubleValue }
        func outside(_ found: Double, _ least: String, _ most: String) -> [String] {
            (bound(least).map { found < $0 } ?? false ? ["is below \(least)"] : [])
                + (bound(most).map { found > $0 } ?? false ? ["is above \(most)"] : [])
        }
        if let text = value as? String { return outside(Double(text.count), "minLength", "maxLength") }
        if let list = value as? [Any] {
            let isRepeated =
                schema["uniqueItems"] as? Bool == true && Set(list.compactMap { $0 as? NSObject }).count != list.count
            return outside(Double(list.count), "minItems", "maxItems") + (isRepeated ? ["has an item twice"] : [])
        }
        if let object = value as? [String: Any] {
            return outside(Double(object.count), "minProperties", "maxProperties")
        }
        if let number = value as? NSNumber { return outside(number.doubleValue, "minimum", "maximum") }
        return []
    }

    /// Foundation has numbers for both.
    private static func isBool(_ value: Any) -> Bool { (value as? NSNumber)?.objCType.pointee == 0x63 }

    private static func isOf(_ type: String, _ value: Any) -> Bool {
        switch type {
        case "object": value is [String: Any]
        case "array": value is [Any]
        case "string": value is String
        case "boolean": SchemaCheck.isBool(value)
        case "null": value is NSNull
        case "number": value is NSNumber && !SchemaCheck.isBool(value)
        case "integer":
            !SchemaCheck.isBool(value)
                && ((value as? NSNumber).map { $0.doubleValue == $0.doubleValue.rounded() } ?? false)
        default: false
        }
    }
}
