import Catalogue
import HTTPTypes
import Hummingbird
import JSON
import NIOCore
import Service

/// The members of a JSON object, read strictly; faults are collected.
struct Body {
    private let members: [String: JSONValue]
    private let prefix: String
    private(set) var faults: [Fault] = []

    /// - Throws: a problem where the body is not JSON, or no object, or not said to be JSON.
    init(_ call: Call, known: [String]) async throws {
        try ContentKinds.checkJSON(call.request.headers[values: .contentType])
        let bytes = try await call.body(upTo: Route.smallBody)
        guard case .object(let members) = try JSONValue.body(Array(bytes.readableBytesView)) else {
            throw ServiceError.invalid([.init(pointer: "", detail: "The body must be a JSON object.")])
        }
        self.init(Body.byName(members), prefix: "", known: known)
    }

    private init(_ members: [String: JSONValue], prefix: String, known: [String]) {
        self.members = members
        self.prefix = prefix
        // Whoever has so many wrong mends these first.
        for name in members.keys.sorted().filter({ !known.contains($0) }).prefix(64) {
            let near = NearestNames.of(name, among: known, count: 1)
            let advice = near.first.map { "Did you mean \($0)?" } ?? "Known are \(known.joined(separator: ", "))."
            fault(name, "There is no member “\(name.prefix(100))”. \(advice)")
        }
    }

    /// The reader of JSON refuses a name that comes twice.
    private static func byName(_ members: [JSONValue.Member]) -> [String: JSONValue] {
        Dictionary(members.map { ($0.name, $0.value) }) { first, _ in first }
    }

    mutating func fault(_ name: String, _ detail: String) {
        let escaped = name.prefix(100).replacing("~", with: "~0").replacing("/", with: "~1")
        faults.append(.init(pointer: "\(prefix)/\(escaped)", detail: detail))
    }

    /// The member called `name`, whatever it is.
    subscript(name: String) -> JSONValue? { members[name] }

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
        case let value where value.whole.map({ $0 >= least }) ?? false: return value.whole
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
        case .list(let values):
            let numbers = values.compactMap(\.number)
            if numbers.count == values.count { return numbers }
            fallthrough
        default: fault(name, "\(name) must be a list of numbers."); return nil
        }
    }

    /// One or two whole numbers: `224`, or `[224, 160]`, rows first.
    mutating func extents(_ name: String) -> [Int]? {
        let value = members[name] ?? .null
        if value == .null { return nil }
        if let side = value.whole { return [side, side] }
        if case .list(let values) = value {
            let sides = values.compactMap(\.whole)
            if sides.count == values.count, sides.count == 2 { return sides }
        }
        fault(name, "\(name) must be a whole number or [height, width].")
        return nil
    }

    /// What `read` makes of the object called `name`.
    mutating func object<T>(_ name: String, known: [String], _ read: (inout Body) -> T) -> T? {
        switch members[name] ?? .null {
        case .null: return nil
        case .object(let inner):
            var body = Body(Body.byName(inner), prefix: "\(prefix)/\(name)", known: known)
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

extension JSONValue {
    /// A whole number, however it is written.
    fileprivate var whole: Int? {
        switch self {
        case .int(let number): number
        case .double(let number): Int(exactly: number)
        default: nil
        }
    }

    fileprivate var number: Double? {
        switch self {
        case .int(let number): Double(number)
        case .double(let number): number
        default: nil
        }
    }
}
