/// Reads an object of settings, collects every fault, and writes down every setting that it was asked for with the value
/// that counts.
///
/// A class because the readers of inner objects add to the same faults.
package final class JSONReader {
    package private(set) var resolved: [JSONValue.Member] = []
    private let members: [JSONValue.Member]
    /// The members by name: a document may have as many as the parser takes.
    private let fields: [String: JSONValue]
    private let pointer: String
    private let faults: FaultList
    private var asked: Set<String> = []
    private let parent: JSONReader?
    private let name: String

    /// - Parameter value: anything but an object is a fault.
    package convenience init(_ value: JSONValue) {
        let faults = FaultList()
        if value.object == nil { faults.add(Fault(pointer: "", detail: "The body must be a JSON object.")) }
        self.init(value.object ?? [], "", faults, parent: nil, name: "")
    }

    private init(
        _ members: [JSONValue.Member], _ pointer: String, _ faults: FaultList, parent: JSONReader?, name: String
    ) {
        self.members = members
        fields = Dictionary(members.map { ($0.name, $0.value) }) { first, _ in first }
        self.pointer = pointer
        self.faults = faults
        self.parent = parent
        self.name = name
    }

    /// Everything wrong so far, in order of discovery.
    package var allFaults: [Fault] { faults.all }

    /// Whether anything at all was said.
    package var hasFields: Bool { !members.isEmpty }

    /// Whether `key` is there and not null.
    package func has(_ key: String) -> Bool { fields[key].map { !$0.isNull } ?? false }

    /// Says that `key` is wrong.
    package func fault(_ key: String, _ detail: String) {
        faults.add(
            Fault(pointer: key.isEmpty ? pointer : "\(pointer)/\(Self.escaped(key))", detail: detail))
    }

    /// The value of `key`, nil where it is not there or null.
    package func value(_ key: String) -> JSONValue? {
        asked.insert(key)
        return has(key) ? fields[key] : nil
    }

    /// Writes down what counts for `key`.
    package func record(_ key: String, _ value: JSONValue) {
        if let index = resolved.firstIndex(where: { $0.name == key }) {
            resolved[index].value = value
        } else {
            resolved.append(.init(key, value))
        }
    }

    /// Leaves `key` out of what is written down: another word says the same.
    package func forget(_ key: String) { resolved.removeAll { $0.name == key } }

    /// The reader of the object `key`, of an empty one where it is not there.
    package func object(_ key: String) -> JSONReader {
        let value = value(key)
        if let value, value.object == nil { fault(key, "\(key) must be an object.") }
        return JSONReader(
            value?.object ?? [], "\(pointer)/\(Self.escaped(key))", faults, parent: self, name: key)
    }

    /// The readers of the objects in the list `key`; what they write down is theirs to hand on.
    package func objects(_ key: String, atMost: Int) -> [JSONReader] {
        guard let value = value(key) else { return [] }
        guard let array = value.list, array.count <= atMost, array.allSatisfy({ $0.object != nil }) else {
            fault(key, "\(key) must be a list of at most \(atMost) objects.")
            return []
        }
        return array.enumerated().map { index, element in
            JSONReader(
                element.object ?? [], "\(pointer)/\(Self.escaped(key))/\(index)", faults, parent: nil, name: "")
        }
    }

    /// Says that `word`, the value of `key`, is none of the known ones.
    package func unknown(_ key: String, _ word: String, among known: [String]) {
        let near = faults.isFull ? [] : NearestNames.of(word, among: known), word = String(word.prefix(64))
        let list = known.prefix(20).joined(separator: ", ") + (known.count > 20 ? " and more" : "")
        fault(
            key,
            near.isEmpty
                ? "There is no “\(word)” here; known are \(list)."
                : "There is no “\(word)” here. Did you mean \(near.map { "“\($0)”" }.joined(separator: " or "))?")
    }

    /// Says what nobody asked for, and hands what was written down to the outer object.
    package func finish() {
        let known = asked.sorted()
        for key in members.lazy.map(\.name) where !faults.isFull && !asked.contains(key) {
            let near = NearestNames.of(key, among: known)
            fault(
                key,
                "There is no setting “\(key)”."
                    + (near.isEmpty ? "" : " Did you mean \(near.map { "“\($0)”" }.joined(separator: " or "))?"))
        }
        parent?.record(name, .object(resolved))
    }

    private static func escaped(_ key: String) -> String {
        String(key.flatMap { $0 == "~" ? Array("~0") : $0 == "/" ? Array("~1") : [$0] })
    }
}

/// What the readers of one document share.
private final class FaultList {
    /// Who has more wrong than that mends these first; every one of them takes time to tell.
    private static let most = 200

    private(set) var all: [Fault] = []

    var isFull: Bool { all.count >= Self.most }

    func add(_ fault: Fault) {
        if !isFull { all.append(fault) }
    }
}

extension JSONReader {
    /// A whole number.
    package func int(_ key: String, default standard: Int, in range: ClosedRange<Int>) -> Int {
        let found = optionalInt(key, in: range) ?? standard
        record(key, .int(found))
        return found
    }

    /// A whole number, nil where it is not there.
    package func optionalInt(_ key: String, in range: ClosedRange<Int>) -> Int? {
        guard let value = value(key) else { return nil }
        guard let found = value.int, range.contains(found) else {
            fault(key, "\(key) must be a whole number from \(range.lowerBound) to \(range.upperBound).")
            return nil
        }
        record(key, .int(found))
        return found
    }

    /// A number.
    package func number(_ key: String, default standard: Double, in range: ClosedRange<Double>) -> Double {
        let found = optionalNumber(key, in: range) ?? standard
        record(key, .double(found))
        return found
    }

    /// A number, nil where it is not there.
    package func optionalNumber(_ key: String, in range: ClosedRange<Double>) -> Double? {
        guard let value = value(key) else { return nil }
        guard let found = value.double, range.contains(found) else {
            fault(key, "\(key) must be a number from \(Self.text(range.lowerBound)) to \(Self.text(range.upperBound)).")
            return nil
        }
        record(key, .double(found))
        return found
    }

    /// Numbers in a list of `count`.
    package func numbers(_ key: String, count: ClosedRange<Int>, in range: ClosedRange<Double>) -> [Double]? {
        guard let value = value(key) else { return nil }
        let found = (value.list ?? []).compactMap(\.double)
        guard let array = value.list, array.count == found.count, count.contains(found.count),
            found.allSatisfy(range.contains)
        else {
            let many = count.lowerBound == count.upperBound ? "\(count.lowerBound)" : "up to \(count.upperBound)"
            fault(
                key,
                "\(key) must be a list of \(many) numbers from \(Self.text(range.lowerBound)) to "
                    + "\(Self.text(range.upperBound)).")
            return nil
        }
        record(key, .list(found.map { .double($0) }))
        return found
    }

    /// True or false.
    package func bool(_ key: String, default standard: Bool) -> Bool {
        var found = standard
        if let value = value(key) {
            if let bool = value.bool { found = bool } else { fault(key, "\(key) must be true or false.") }
        }
        record(key, .bool(found))
        return found
    }

    /// A text, nil where it is not there.
    package func optionalText(_ key: String, longest: Int = 4096) -> String? {
        guard let value = value(key) else { return nil }
        guard let text = value.string, !text.isEmpty, text.utf8.count <= longest,
            text.unicodeScalars.allSatisfy({ $0.value >= 32 && $0.value != 127 })
        else {
            fault(key, "\(key) must be a text of 1 to \(longest) printable characters.")
            return nil
        }
        record(key, .string(text))
        return text
    }

    /// One of a few words.
    package func choice<T: RawRepresentable & CaseIterable>(_ key: String, default standard: T) -> T
    where T.RawValue == String {
        let found = optionalChoice(key, T.self) ?? standard
        record(key, .string(found.rawValue))
        return found
    }

    /// One of a few words, nil where it is not there.
    package func optionalChoice<T: RawRepresentable & CaseIterable>(_ key: String, _ type: T.Type) -> T?
    where T.RawValue == String {
        guard let value = value(key) else { return nil }
        if let word = value.string, let found = T(rawValue: word) {
            record(key, .string(word))
            return found
        }
        let known = T.allCases.map(\.rawValue)
        let near = value.string.map { NearestNames.of($0, among: known) } ?? []
        fault(
            key,
            "\(key) must be one of \(known.joined(separator: ", "))."
                + (near.isEmpty ? "" : " Did you mean \(near.map { "“\($0)”" }.joined(separator: " or "))?"))
        return nil
    }

    /// Different words out of a few, at least one.
    package func choices<T: RawRepresentable & CaseIterable & Hashable>(_ key: String, default standard: [T]) -> [T]
    where T.RawValue == String {
        var found = standard
        if let value = value(key) {
            let words = value.list?.compactMap(\.string) ?? []
            let known = T.allCases.map(\.rawValue)
            if let wrong = words.first(where: { T(rawValue: $0) == nil }) {
                unknown(key, wrong, among: known)
            } else if words.isEmpty || words.count != value.list?.count || Set(words).count != words.count {
                fault(key, "\(key) must be a list of different words out of \(known.joined(separator: ", ")).")
            } else {
                found = words.compactMap { T(rawValue: $0) }
            }
        }
        record(key, .list(found.map { .string($0.rawValue) }))
        return found
    }

    private static func text(_ number: Double) -> String {
        Int(exactly: number).map { abs($0) < 1_000_000 ? "\($0)" : "\(number)" } ?? "\(number)"
    }
}
