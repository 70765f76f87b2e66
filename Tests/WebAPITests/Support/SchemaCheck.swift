import Foundation

/// Checks JSON against the part of JSON Schema that our document uses.
struct SchemaCheck {
    let document: [String: Any]

    /// What does not fit, with where.
    func faults(of value: Any, against schema: [String: Any], at path: String = "") -> [String] {
        if let reference = schema["$ref"] as? String {
            return self.faults(of: value, against: resolve(reference), at: path)
        }
        if let choices = schema["anyOf"] as? [[String: Any]] {
            let fits = choices.contains { self.faults(of: value, against: $0, at: path).isEmpty }
            return fits ? [] : ["\(path) fits none of its schemas"]
        }
        if let type = schema["type"] as? String, !SchemaCheck.isOf(type, value) { return ["\(path) is no \(type)"] }
        var faults: [String] = []
        if let allowed = schema["enum"] as? [String], !allowed.contains(value as? String ?? "") {
            faults.append("\(path) is none of \(allowed)")
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
    func resolve(_ reference: String) -> [String: Any] {
        var value: Any = document
        for name in reference.split(separator: "/").dropFirst() {
            value = (value as? [String: Any])?[String(name)] ?? [:]
        }
        return value as? [String: Any] ?? [:]
    }

    private static func isOf(_ type: String, _ value: Any) -> Bool {
        switch type {
        case "object": value is [String: Any]
        case "array": value is [Any]
        case "string": value is String
        case "boolean": value is Bool
        case "null": value is NSNull
        case "number": value is NSNumber
        case "integer": (value as? NSNumber).map { $0.doubleValue == $0.doubleValue.rounded() } ?? false
        default: false
        }
    }
}
