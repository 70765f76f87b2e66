import Checkpoints

/// One thing wrong with a configuration.
public struct ConfigurationFault: Sendable, Equatable {
    /// A JSON pointer into the body, such as `/moco/dim`.
    public let pointer: String
    /// A sentence to act on.
    public let detail: String

    public init(pointer: String, detail: String) {
        self.pointer = pointer
        self.detail = detail
    }
}

/// Reads an object of settings, collects every fault, and writes down every setting that it was asked for with the value
/// that counts.
///
/// A class because the readers of inner objects add to the same faults.
final class ConfigurationReader {
    /// Names most like a wrong one among known ones.
    typealias Nearest = (_ wanted: String, _ known: [String]) -> [String]

    private(set) var resolved: [(String, Value)] = []
    private let fields: ValueDictionary
    private let pointer: String
    private let faults: FaultList
    private let nearest: Nearest
    private var asked: Set<String> = []
    private let parent: ConfigurationReader?
    private let name: String

    /// - Parameter value: anything but an object is a fault.
    convenience init(_ value: Value, nearest: @escaping Nearest) {
        let faults = FaultList()
        if value.dictionary == nil {
            faults.add(ConfigurationFault(pointer: "", detail: "The body must be a JSON object."))
        }
        self.init(value.dictionary ?? ValueDictionary(), "", faults, nearest, parent: nil, name: "")
    }

    private init(
        _ fields: ValueDictionary, _ pointer: String, _ faults: FaultList, _ nearest: @escaping Nearest,
        parent: ConfigurationReader?, name: String
    ) {
        self.fields = fields
        self.pointer = pointer
        self.faults = faults
        self.nearest = nearest
        self.parent = parent
        self.name = name
    }

    /// Everything wrong so far, in order of discovery.
    var allFaults: [ConfigurationFault] { faults.all }

    /// Whether anything at all was said.
    var hasFields: Bool { !fields.isEmpty }

    /// Whether `key` is there and not null.
    func has(_ key: String) -> Bool { fields[key].map { !$0.isNone } ?? false }

    /// Says that `key` is wrong.
    func fault(_ key: String, _ detail: String) {
        faults.add(
            ConfigurationFault(pointer: key.isEmpty ? pointer : "\(pointer)/\(Self.escaped(key))", detail: detail))
    }

    /// The value of `key`, nil where it is not there or null.
    func value(_ key: String) -> Value? {
        asked.insert(key)
        return has(key) ? fields[key] : nil
    }

    /// Writes down what counts for `key`.
    func record(_ key: String, _ value: Value) {
        if let index = resolved.firstIndex(where: { $0.0 == key }) {
            resolved[index].1 = value
        } else {
            resolved.append((key, value))
        }
    }

    /// Leaves `key` out of what is written down: another word says the same.
    func forget(_ key: String) { resolved.removeAll { $0.0 == key } }

    /// The reader of the object `key`, of an empty one where it is not there.
    func object(_ key: String) -> ConfigurationReader {
        let value = value(key)
        if let value, value.dictionary == nil { fault(key, "\(key) must be an object.") }
        return ConfigurationReader(
            value?.dictionary ?? ValueDictionary(), "\(pointer)/\(Self.escaped(key))", faults, nearest, parent: self,
            name: key)
    }

    /// The readers of the objects in the list `key`; what they write down is theirs to hand on.
    func objects(_ key: String, atMost: Int) -> [ConfigurationReader] {
        guard let value = value(key) else { return [] }
        guard let array = value.array, array.count <= atMost, array.allSatisfy({ $0.dictionary != nil }) else {
            fault(key, "\(key) must be a list of at most \(atMost) objects.")
            return []
        }
        return array.enumerated().map { index, element in
            ConfigurationReader(
                element.dictionary ?? ValueDictionary(), "\(pointer)/\(Self.escaped(key))/\(index)", faults, nearest,
                parent: nil, name: "")
        }
    }

    /// Says that `word`, the value of `key`, is none of the known ones.
    func unknown(_ key: String, _ word: String, among known: [String]) {
        let near = faults.isFull ? [] : nearest(word, known), word = String(word.prefix(64))
        let list = known.prefix(20).joined(separator: ", ") + (known.count > 20 ? " and more" : "")
        fault(
            key,
            near.isEmpty
                ? "There is no “\(word)” here; known are \(list)."
                : "There is no “\(word)” here. Did you mean \(near.map { "“\($0)”" }.joined(separator: " or "))?")
    }

    /// Says what nobody asked for, and hands what was written down to the outer object.
    func finish() {
        let known = asked.sorted()
        for (key, _) in fields where !faults.isFull {
            guard let key = key.string, !asked.contains(key) else { continue }
            let near = nearest(key, known)
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

    private(set) var all: [ConfigurationFault] = []

    var isFull: Bool { all.count >= Self.most }

    func add(_ fault: ConfigurationFault) {
        if !isFull { all.append(fault) }
    }
}

extension ConfigurationReader {
    /// A whole number.
    func int(_ key: String, default standard: Int, in range: ClosedRange<Int>) -> Int {
        let found = optionalInt(key, in: range) ?? standard
        record(key, .int(found))
        return found
    }

    /// A whole number, nil where it is not there.
    func optionalInt(_ key: String, in range: ClosedRange<Int>) -> Int? {
        guard let value = value(key) else { return nil }
        guard let found = value.int, range.contains(found) else {
            fault(key, "\(key) must be a whole number from \(range.lowerBound) to \(range.upperBound).")
            return nil
        }
        record(key, .int(found))
        return found
    }

    /// A number.
    func number(_ key: String, default standard: Double, in range: ClosedRange<Double>) -> Double {
        let found = optionalNumber(key, in: range) ?? standard
        record(key, .double(found))
        return found
    }

    /// A number, nil where it is not there.
    func optionalNumber(_ key: String, in range: ClosedRange<Double>) -> Double? {
        guard let value = value(key) else { return nil }
        guard let found = value.double, range.contains(found) else {
            fault(key, "\(key) must be a number from \(Self.text(range.lowerBound)) to \(Self.text(range.upperBound)).")
            return nil
        }
        record(key, .double(found))
        return found
    }

    /// Numbers in a list of `count`.
    func numbers(_ key: String, count: ClosedRange<Int>, in range: ClosedRange<Double>) -> [Double]? {
        guard let value = value(key) else { return nil }
        let found = (value.array ?? []).compactMap(\.double)
        guard let array = value.array, array.count == found.count, count.contains(found.count),
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
    func bool(_ key: String, default standard: Bool) -> Bool {
        var found = standard
        if let value = value(key) {
            if let bool = value.bool { found = bool } else { fault(key, "\(key) must be true or false.") }
        }
        record(key, .bool(found))
        return found
    }

    /// A text, nil where it is not there.
    func optionalText(_ key: String, longest: Int = 4096) -> String? {
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
    func choice<T: RawRepresentable & CaseIterable>(_ key: String, default standard: T) -> T
    where T.RawValue == String {
        let found = optionalChoice(key, T.self) ?? standard
        record(key, .string(found.rawValue))
        return found
    }

    /// One of a few words, nil where it is not there.
    func optionalChoice<T: RawRepresentable & CaseIterable>(_ key: String, _ type: T.Type) -> T?
    where T.RawValue == String {
        guard let value = value(key) else { return nil }
        if let word = value.string, let found = T(rawValue: word) {
            record(key, .string(word))
            return found
        }
        let known = T.allCases.map(\.rawValue)
        let near = value.string.map { nearest($0, known) } ?? []
        fault(
            key,
            "\(key) must be one of \(known.joined(separator: ", "))."
                + (near.isEmpty ? "" : " Did you mean \(near.map { "“\($0)”" }.joined(separator: " or "))?"))
        return nil
    }

    /// Different words out of a few, at least one.
    func choices<T: RawRepresentable & CaseIterable & Hashable>(_ key: String, default standard: [T]) -> [T]
    where T.RawValue == String {
        var found = standard
        if let value = value(key) {
            let words = value.array?.compactMap(\.string) ?? []
            let known = T.allCases.map(\.rawValue)
            if let wrong = words.first(where: { T(rawValue: $0) == nil }) {
                unknown(key, wrong, among: known)
            } else if words.isEmpty || words.count != value.array?.count || Set(words).count != words.count {
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
