import JSON

/// Reads the parameters of an analysis and gathers everything that is wrong with them, so that all of it is told at
/// once.
struct ParameterReader {
    private var values: [String: [String]] = [:]
    private(set) var faults: [Fault] = []
    /// The first fault, where it is that something does not exist.
    private var missing: ServiceError?

    /// - Parameters:
    ///   - known: the names that mean something here.
    ///   - repeatable: those that may come more than once.
    init(_ parameters: [AnalysisParameter], known: [String], repeatable: Set<String> = ["image"]) {
        for parameter in parameters {
            guard known.contains(parameter.name) else {
                let nearest = NearestNames.of(parameter.name, among: known, count: 1)
                let hint =
                    nearest.first.map { "Did you mean “\($0)”?" } ?? "There are: \(known.joined(separator: ", "))."
                add(parameter.name, "The parameter “\(parameter.name.shortened)” is not known here. \(hint)")
                continue
            }
            if values[parameter.name] != nil, !repeatable.contains(parameter.name) {
                add(parameter.name, "The parameter “\(parameter.name)” is given twice.")
                continue
            }
            values[parameter.name, default: []].append(parameter.value)
        }
    }

    /// Notes a fault.
    mutating func add(_ name: String, _ detail: String) {
        faults.append(.init(pointer: "/" + name.shortened, detail: detail))
    }

    /// Notes something that was named and does not exist.
    mutating func addMissing(_ name: String, _ error: ServiceError) {
        if faults.isEmpty { missing = error }
        add(name, error.detail)
    }

    /// - Throws: `ServiceError.invalid` with every fault, where there is one; `notFound` where that is the only one.
    func check() throws(ServiceError) {
        if faults.count == 1, let missing { throw missing }
        guard faults.isEmpty else { throw .invalid(faults) }
    }

    /// Every value of a repeatable parameter.
    func all(_ name: String) -> [String] { values[name] ?? [] }

    func text(_ name: String) -> String? { values[name]?.first }

    /// A parameter without which nothing goes.
    mutating func required(_ name: String, _ meaning: String) -> String {
        guard let text = text(name), !text.isEmpty else {
            add(name, "“\(name)” is missing: \(meaning).")
            return ""
        }
        return text
    }

    /// One of the raw values of `T`.
    mutating func choice<T: RawRepresentable & CaseIterable>(_ name: String, default standard: T) -> T
    where T.RawValue == String {
        guard let text = text(name) else { return standard }
        if let value = T(rawValue: text) { return value }
        let known = T.allCases.map(\.rawValue).joined(separator: ", ")
        add(name, "“\(text.shortened)” is no value of \(name). There are: \(known).")
        return standard
    }

    /// A whole number in `range`.
    mutating func integer(_ name: String, in range: ClosedRange<Int>) -> Int? {
        guard let text = text(name) else { return nil }
        if let number = Int(text), range.contains(number) { return number }
        add(
            name,
            "“\(text.shortened)” is not possible for \(name): "
                + "write a whole number from \(range.lowerBound) to \(range.upperBound)."
        )
        return nil
    }

    /// `true` or `false`.
    mutating func flag(_ name: String) -> Bool {
        switch text(name) {
        case nil, "false": return false
        case "true": return true
        case let text?:
            add(name, "“\(text.shortened)” is neither true nor false.")
            return false
        }
    }

    /// A number in `range`.
    mutating func number(_ name: String, in range: ClosedRange<Double>) -> Double? {
        guard let text = text(name) else { return nil }
        if let number = Double(text), range.contains(number) { return number }
        add(
            name,
            "“\(text.shortened)” is not possible for \(name): "
                + "write a number from \(range.lowerBound) to \(range.upperBound)."
        )
        return nil
    }

    /// Layers or heads.
    mutating func indices(_ name: String, default standard: IndexSelection) -> IndexSelection {
        guard let text = text(name) else { return standard }
        if let selection = IndexSelection(text) { return selection }
        add(name, "“\(text.shortened)” is not possible for \(name): write \(IndexSelection.forms).")
        return standard
    }
}

extension String {
    /// At most 64 characters of it, without control characters, for a sentence.
    var shortened: String { shortened(to: 64) }

    func shortened(to limit: Int) -> String {
        let clean = String(
            unicodeScalars.prefix(limit + 1).map { $0.value < 32 || $0.value == 127 ? "?" : Character($0) })
        return clean.count > limit ? clean.prefix(limit) + "…" : clean
    }
}
