import Catalogue
package import Engine
package import JSON
import Platform
import Service

/// The query of a request: names and values in order, checked against what the route knows.
///
/// Faults are collected, so that a client hears of all of them at once.
package struct Query: Sendable {
    package private(set) var items: [AnalysisParameter] = []
    package private(set) var faults: [Fault] = []

    /// - Throws: a problem where an escape is broken; faults of meaning are collected instead.
    package init(_ text: String, known: [OperationParameter]) throws {
        for piece in text.split(separator: "&") {
            let parts = piece.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = try PercentEncoding.decode(parts[0], plusIsSpace: true)
            let value = parts.count > 1 ? try PercentEncoding.decode(parts[1], plusIsSpace: true) : ""
            items.append(AnalysisParameter(name, value))
        }
        for name in Set(items.map(\.name)).sorted() {
            guard let parameter = known.first(where: { $0.name == name }) else {
                faults.append(Query.unknown(name, known: known.map(\.name)))
                continue
            }
            if !parameter.repeats, items.count(where: { $0.name == name }) > 1 {
                faults.append(.init(pointer: "?" + name, detail: "Give \(name) once."))
            }
        }
    }

    /// The value of `name`, if it is there.
    package func text(_ name: String) -> String? { items.first { $0.name == name }?.value }

    /// The whole number called `name`; a fault where it is none, or out of range.
    package mutating func integer(_ name: String, atLeast least: Int, atMost most: Int = .max) -> Int? {
        guard let text = text(name) else { return nil }
        guard let number = Int(text), number >= least, number <= most else {
            let range = most == .max ? "\(least) or more" : "from \(least) to \(most)"
            fault(name, "\(name) must be a whole number, \(range), not “\(text.prefix(40))”.")
            return nil
        }
        return number
    }

    /// `true` or `false` under `name`; a fault where it is neither.
    package mutating func flag(_ name: String) -> Bool? {
        guard let text = text(name) else { return nil }
        switch text {
        case "true": return true
        case "false": return false
        default:
            fault(name, "\(name) must be true or false, not “\(text.prefix(40))”.")
            return nil
        }
    }

    /// One of `choices` under `name`; a fault where it is none of them.
    package mutating func choice(_ name: String, of choices: [String]) -> String? {
        guard let text = text(name) else { return nil }
        guard choices.contains(text) else {
            fault(name, "\(name) must be \(choices.joined(separator: " or ")), not “\(text.prefix(40))”.")
            return nil
        }
        return text
    }

    package mutating func fault(_ name: String, _ detail: String) {
        faults.append(.init(pointer: "?" + name, detail: detail))
    }

    /// Says more of a parameter that is given and not known.
    package mutating func refuse(_ name: String, _ detail: String) {
        guard let place = faults.firstIndex(where: { $0.pointer == "?" + name }) else { return }
        faults[place] = .init(pointer: "?" + name, detail: detail)
    }

    private static func unknown(_ name: String, known: [String]) -> Fault {
        let near = NearestNames.of(name, among: known, count: 1)
        let advice =
            if let nearest = near.first { " Did you mean \(nearest)?" } else if known.isEmpty {
                " This path takes no parameters."
            } else { " Known are \(known.joined(separator: ", "))." }
        return .init(pointer: "?" + name, detail: "There is no parameter “\(name.prefix(100))”.\(advice)")
    }
}
