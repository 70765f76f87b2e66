import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore
import Service

/// The members of a JSON object, read strictly; faults are collected.
struct Body {
    private let members: [String: JSON]
    private let prefix: String
    private(set) var faults: [ServiceError.Fault] = []

    /// - Throws: a problem where the body is not JSON, or no object, or not said to be JSON.
    init(_ call: Call, known: [String]) async throws {
        try ContentKinds.checkJSON(call.request.headers[values: .contentType])
        let bytes = try await call.body(upTo: Route.smallBody)
        let value: JSON
        do {
            value = try JSONDecoder().decode(JSON.self, from: Data(bytes.readableBytesView))
        } catch let error as DecodingError {
            throw Problem(.unreadable, "The body is not JSON that can be read: send one object.", cause: "\(error)")
        }
        guard case .object(let members) = value else {
            throw ServiceError.invalid([.init(pointer: "", detail: "The body must be a JSON object.")])
        }
        self.init(members, prefix: "", known: known)
    }

    private init(_ members: [String: JSON], prefix: String, known: [String]) {
        self.members = members
        self.prefix = prefix
        for name in members.keys.sorted() where !known.contains(name) {
            let near = NearestNames.of(name, among: known, count: 1)
            let advice = near.first.map { "Did you mean \($0)?" } ?? "Known are \(known.joined(separator: ", "))."
            fault(name, "There is no member “\(name.prefix(100))”. \(advice)")
        }
    }

    mutating func fault(_ name: String, _ detail: String) {
        let escaped = name.prefix(100).replacing("~", with: "~0").replacing("/", with: "~1")
        faults.append(.init(pointer: "\(prefix)/\(escaped)", detail: detail))
    }

    /// A text that must be there.
    mutating func requiredText(_ name: String) -> String {
        if members[name] ?? .null == .null { fault(name, "\(name) is missing."); return "" }
        return text(name) ?? ""
    }

    mutating func text(_ name: String) -> String? {
        switch members[name] ?? .null {
        case .null: return nil
        case .string(let text): return text
        default: fault(name, "\(name) must be a text."); return nil
        }
    }

    mutating func integer(_ name: String, atLeast least: Int = .min) -> Int? {
        switch members[name] ?? .null {
        case .null: return nil
        case .int(let number) where number >= least: return number
        default:
            fault(name, "\(name) must be a whole number" + (least == .min ? "." : ", \(least) or more."))
            return nil
        }
    }

    mutating func number(_ name: String) -> Double? {
        switch members[name] ?? .null {
        case .null: return nil
        case .int(let number): return Double(number)
        case .double(let number): return number
        default: fault(name, "\(name) must be a number."); return nil
        }
    }

    mutating func flag(_ name: String) -> Bool? {
        switch members[name] ?? .null {
        case .null: return nil
        case .bool(let flag): return flag
        default: fault(name, "\(name) must be true or false."); return nil
        }
    }

    mutating func numbers(_ name: String) -> [Double]? {
        switch members[name] ?? .null {
        case .null: return nil
        case .array(let values):
            let numbers = values.compactMap(\.number)
            if numbers.count == values.count { return numbers }
            fallthrough
        default: fault(name, "\(name) must be a list of numbers."); return nil
        }
    }

    /// One or two whole numbers: `224`, or `[224, 160]`, rows first.
    mutating func extents(_ name: String) -> [Int]? {
        switch members[name] ?? .null {
        case .null: return nil
        case .int(let side): return [side, side]
        case .array(let values):
            let sides = values.compactMap { if case .int(let side) = $0 { side } else { nil as Int? } }
            if sides.count == values.count, sides.count == 2 { return sides }
            fallthrough
        default: fault(name, "\(name) must be a whole number or [height, width]."); return nil
        }
    }

    /// What `read` makes of the object called `name`.
    mutating func object<T>(_ name: String, known: [String], _ read: (inout Body) -> T) -> T? {
        switch members[name] ?? .null {
        case .null: return nil
        case .object(let inner):
            var body = Body(inner, prefix: "\(prefix)/\(name)", known: known)
            let value = read(&body)
            faults += body.faults
            return value
        default: fault(name, "\(name) must be an object."); return nil
        }
    }

    /// - Throws: `invalid` with every fault.
    func check() throws {
        if !faults.isEmpty { throw ServiceError.invalid(faults) }
    }
}

/// Any JSON value.
private enum JSON: Decodable, Equatable {
    case null, bool(Bool), int(Int), double(Double), string(String), array([JSON]), object([String: JSON])

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let bool = try? value.decode(Bool.self) {
            self = .bool(bool)
        } else if let int = try? value.decode(Int.self) {
            self = .int(int)
        } else if let double = try? value.decode(Double.self) {
            self = .double(double)
        } else if let string = try? value.decode(String.self) {
            self = .string(string)
        } else if let array = try? value.decode([JSON].self) {
            self = .array(array)
        } else {
            self = .object(try value.decode([String: JSON].self))
        }
    }

    var number: Double? {
        switch self {
        case .int(let number): Double(number)
        case .double(let number): number
        default: nil
        }
    }
}
