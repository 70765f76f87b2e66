package import Catalogue
package import JSON
import Models
import Platform

/// What was given for the parameters of a kind, read against their declarations, with everything that is wrong with
/// it, so that all of it is told at once.
package struct ParameterValues {
    private let spec: AnalysisSpec
    private var given: [String: [String]] = [:]
    /// By the declared name: the name or alias under which it was given.
    private var writtenAs: [String: String] = [:]
    /// By the declared name: what is resolved where the text alone does not decide.
    private var readings: [String: ParameterReading] = [:]
    package private(set) var faults: [Fault] = []
    /// The first fault, where it is that something does not exist.
    private var missing: ServiceError?

    /// - Parameters:
    ///   - withImages: whether images and models are named among the parameters.
    ///   - refusals: what to say of parameters that are not known here, by their names.
    package init(
        _ parameters: [AnalysisParameter], of spec: AnalysisSpec, withImages: Bool = true,
        refusals: [String: String] = [:]
    ) {
        self.spec = spec
        let declared = spec.parameters + (withImages ? spec.subjects : [])
        for parameter in parameters {
            guard
                let known = declared.first(where: { $0.name == parameter.name || $0.aliases.contains(parameter.name) })
            else {
                add(parameter.name, refusals[parameter.name] ?? Self.unknown(parameter.name, among: declared))
                continue
            }
            if let earlier = writtenAs[known.name], !known.repeats {
                add(
                    parameter.name,
                    earlier == parameter.name
                        ? "The parameter “\(parameter.name)” is given twice."
                        : "“\(earlier)” and “\(parameter.name)” mean the same here; give one of them.")
                continue
            }
            writtenAs[known.name] = parameter.name
            given[known.name, default: []].append(parameter.value)
        }
        for parameter in spec.declared {
            let declaration = parameter.declaration
            let text = given[declaration.name]?.first
            if let reading = parameter.reading(of: text) {
                readings[declaration.name] = reading
            } else if let text {
                add(parameter, Self.unfit(text, declaration))
                given[declaration.name] = nil
                readings[declaration.name] = parameter.reading(of: nil)
            }
        }
    }

    private static func unknown(_ name: String, among declared: [ParameterDeclaration]) -> String {
        let names = declared.flatMap { [$0.name] + $0.aliases }
        let hint =
            NearestNames.of(name, among: names, count: 1).first.map { "Did you mean “\($0)”?" }
            ?? "There are: \(names.joined(separator: ", "))."
        return "The parameter “\(name.shortened)” is not known here. \(hint)"
    }

    private static func unfit(_ text: String, _ declaration: ParameterDeclaration) -> String {
        if case .choice = declaration.form {
            return "“\(text.shortened)” is no value of \(declaration.name). \(declaration.form.advice)."
        }
        return "“\(text.shortened)” is not possible for \(declaration.name): \(declaration.form.advice)."
    }

    // Values

    /// The value, the default where there is none.
    package subscript<Value>(parameter: DeclaredParameter<Value>) -> Value {
        parameter.value(of: given[parameter.declaration.name]?.first) ?? parameter.standard
    }

    /// The value of the parameter `seed`.
    package var seed: UInt64 { UInt64(self[.seed]) }

    /// Whether it was given.
    package func isGiven(_ parameter: some AnyDeclaredParameter) -> Bool { given[parameter.declaration.name] != nil }

    /// Every value of a subject that may come several times.
    package func all(_ name: String) -> [String] { given[name] ?? [] }

    package func text(_ name: String) -> String? { given[name]?.first }

    /// The indices below `count` that a parameter means; nil, with a fault noted, where one does not exist.
    ///
    /// - Parameter noun: what is counted, for the sentence.
    package mutating func indices(_ parameter: DeclaredParameter<IndexSelection>, count: Int, noun: String) -> [Int]? {
        indices(self[parameter], of: parameter, count: count, noun: noun)
    }

    /// The indices below `count` that `selection` means, which was read from `parameter`.
    mutating func indices(
        _ selection: IndexSelection, of parameter: some AnyDeclaredParameter, count: Int, noun: String
    ) -> [Int]? {
        switch selection.resolved(count: count, noun: noun) {
        case .success(let indices):
            resolve(parameter, to: .ints(indices), canonical: "\(indices)")
            return indices
        case .failure(let fault):
            add(parameter, fault.detail)
            return nil
        }
    }

    /// The blocks that the parameter `layers` means; nil, with a fault noted, where one does not exist.
    package mutating func blocks(
        _ model: NamedModel, _ parameter: DeclaredParameter<IndexSelection> = .layers, ascending: Bool = false
    ) -> [Int]? {
        guard var blocks = indices(parameter, count: model.model.config.depth, noun: "layer") else { return nil }
        if ascending {
            blocks.sort()
            resolve(parameter, to: .ints(blocks), canonical: "\(blocks)")
        }
        return blocks
    }

    /// Says what a parameter comes to where the text alone does not decide.
    package mutating func resolve(_ parameter: some AnyDeclaredParameter, to echo: JSONValue, canonical: String) {
        readings[parameter.declaration.name] = ParameterReading(canonical: canonical, echo: echo)
    }

    /// Leaves a parameter that says nothing here out of the id and the echo.
    package mutating func omit(_ parameter: some AnyDeclaredParameter) { readings[parameter.declaration.name] = nil }

    // Faults

    /// Notes a fault.
    package mutating func add(_ parameter: some AnyDeclaredParameter, _ detail: String) {
        add(writtenAs[parameter.declaration.name] ?? parameter.declaration.name, detail)
    }

    package mutating func add(_ name: String, _ detail: String) {
        faults.append(.init(pointer: "/" + name.shortened, detail: detail))
    }

    /// Notes something that was named and does not exist.
    mutating func addMissing(_ name: String, _ error: ServiceError) {
        if faults.isEmpty { missing = error }
        add(name, error.detail)
    }

    /// A subject without which nothing goes.
    package mutating func required(_ name: String, _ meaning: String) -> String {
        guard let text = text(name), !text.isEmpty else {
            add(name, "“\(name)” is missing: \(meaning).")
            return ""
        }
        return text
    }

    /// - Throws: `ServiceError.invalid` with every fault, where there is one; `notFound` where that is the only one.
    package func check() throws(ServiceError) {
        if faults.count == 1, let missing { throw missing }
        guard faults.isEmpty else { throw .invalid(ordered) }
    }

    /// What is not known first, then the others in the order of the declarations.
    private var ordered: [Fault] {
        let names = (spec.subjects + spec.parameters).map { "/" + (writtenAs[$0.name] ?? $0.name) }
        func place(_ fault: Fault) -> Int { names.firstIndex(of: fault.pointer) ?? -1 }
        return faults.enumerated().sorted { (place($0.element), $0.offset) < (place($1.element), $1.offset) }
            .map(\.element)
    }

    // What they come to

    /// Every parameter that decides the numbers, resolved, in the order of the declarations.
    package var canonical: [String] {
        spec.declared.compactMap { parameter in
            readings[parameter.declaration.name].map { "\(parameter.declaration.name) \($0.canonical)" }
        }
    }

    /// What the answer repeats of them.
    var echo: [(name: String, value: JSONValue)] {
        spec.declared.compactMap { parameter in
            guard let name = parameter.echoName, let reading = readings[parameter.declaration.name] else { return nil }
            return (name, reading.echo)
        }
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
