import JSON

/// Reads declared settings: their names, ranges and words come from the declaration.
extension JSONReader {
    func has(_ setting: JobSetting) -> Bool { has(setting.name) }

    func value(_ setting: JobSetting) -> JSONValue? { value(setting.name) }

    func fault(_ setting: JobSetting, _ detail: String) { fault(setting.name, detail) }

    func record(_ setting: JobSetting, _ value: JSONValue) { record(setting.name, value) }

    /// - Parameter standard: what counts in silence; nil for the declared default.
    func int(_ setting: JobSetting, default standard: Int? = nil) -> Int {
        let found = optionalInt(setting) ?? standard ?? setting.declared(\.int)
        record(setting, .int(found))
        return found
    }

    func optionalInt(_ setting: JobSetting) -> Int? {
        guard case .int(let range) = setting.kind else { setting.isNot("a whole number") }
        return optionalInt(setting.name, in: range)
    }

    func number(_ setting: JobSetting, default standard: Double? = nil) -> Double {
        let found = optionalNumber(setting) ?? standard ?? setting.declared(\.double)
        record(setting, .double(found))
        return found
    }

    func optionalNumber(_ setting: JobSetting) -> Double? {
        switch setting.kind {
        case .number(let range), .perView(let range): return optionalNumber(setting.name, in: range)
        default: setting.isNot("a number")
        }
    }

    /// - Parameter count: how many numbers there have to be, where that depends on other settings.
    func numbers(_ setting: JobSetting, count: Int? = nil) -> [Double]? {
        switch setting.kind {
        case .numbers(let declared, let range):
            return numbers(setting.name, count: count.map { $0...$0 } ?? declared, in: range)
        case .perView(let range): return numbers(setting.name, count: count.map { $0...$0 } ?? 1...16, in: range)
        default: setting.isNot("a list of numbers")
        }
    }

    func bool(_ setting: JobSetting, default standard: Bool? = nil) -> Bool {
        guard case .bool = setting.kind else { setting.isNot("true or false") }
        return bool(setting.name, default: standard ?? setting.declared(\.bool))
    }

    func optionalText(_ setting: JobSetting) -> String? {
        guard case .text(let longest) = setting.kind else { setting.isNot("a text") }
        return optionalText(setting.name, longest: longest)
    }

    func choice<T: RawRepresentable & CaseIterable>(_ setting: JobSetting, default standard: T) -> T
    where T.RawValue == String { choice(setting.name, default: standard) }

    func optionalChoice<T: RawRepresentable & CaseIterable>(_ setting: JobSetting, _ type: T.Type) -> T?
    where T.RawValue == String { optionalChoice(setting.name, type) }

    func choices<T: RawRepresentable & CaseIterable & Hashable>(_ setting: JobSetting, default standard: [T]) -> [T]
    where T.RawValue == String { choices(setting.name, default: standard) }

    func object(_ setting: JobSetting) -> JSONReader { object(setting.name) }

    func objects(_ setting: JobSetting) -> [JSONReader] {
        guard case .objects(_, let most) = setting.kind else { setting.isNot("a list of objects") }
        return objects(setting.name, atMost: most)
    }

    /// Reads `setting` by its declaration alone, and writes down what counts.
    func read(_ setting: JobSetting, _ context: JobSettingContext) {
        if let methods = setting.methods, !methods.contains(context.method.rawValue) {
            if value(setting) != nil {
                fault(
                    setting,
                    "\(setting.name) belongs to the method \(methods.joined(separator: ", ")), not to "
                        + "\(context.method.rawValue).")
            }
            return
        }
        var context = context
        context.values = .object(resolved)
        readValue(of: setting, context)
        // After a fault something has to count, too.
        if let standard = setting.standard(context), !resolved.contains(where: { $0.name == setting.name }) {
            record(setting, standard)
        }
        if setting.isRequired, !has(setting) { fault(setting, "A job needs \(setting.name). \(setting.words)") }
    }

    private func readValue(of setting: JobSetting, _ context: JobSettingContext) {
        if let standard = setting.standard(context), !has(setting) {
            _ = value(setting)
            record(setting, standard)
            return
        }
        switch setting.kind {
        case .int: _ = optionalInt(setting)
        case .number: _ = optionalNumber(setting)
        case .bool: if has(setting) { _ = bool(setting, default: false) } else { _ = value(setting) }
        case .text: _ = optionalText(setting)
        case .choice(let words): readChoice(setting, words)
        case .choices(let words): readChoices(setting, words)
        case .numbers: _ = numbers(setting)
        case .perView: _ = value(setting)?.list == nil ? optionalNumber(setting).map { [$0] } : numbers(setting)
        case .depths(let range): readDepths(setting, range)
        case .texts: _ = texts(setting)
        case .object(let inner):
            let reader = object(setting)
            for setting in inner { reader.read(setting, context) }
            setting.check?(.object(reader.resolved)) { reader.fault($0, $1) }
            reader.finish()
        case .objects(let inner, _):
            let readers = objects(setting)
            for reader in readers {
                for setting in inner { reader.read(setting, context) }
                reader.finish()
            }
            if !readers.isEmpty { record(setting, .list(readers.map { .object($0.resolved) })) }
        case .arch: setting.isNot("read by its declaration alone")
        }
    }

    private func readChoice(_ setting: JobSetting, _ words: [String]) {
        guard let value = value(setting) else { return }
        guard let word = value.string, words.contains(word) else {
            let near = value.string.map { NearestNames.of($0, among: words, count: 1) } ?? []
            return fault(
                setting,
                "\(setting.name) must be one of \(words.joined(separator: ", "))."
                    + (near.first.map { " Did you mean “\($0)”?" } ?? ""))
        }
        record(setting, value)
    }

    private func readChoices(_ setting: JobSetting, _ words: [String]) {
        guard let value = value(setting) else { return }
        let found = value.list?.compactMap(\.string) ?? []
        guard !found.isEmpty, found.count == value.list?.count, Set(found).count == found.count,
            found.allSatisfy(words.contains)
        else {
            return fault(
                setting, "\(setting.name) must be a list of different words out of \(words.joined(separator: ", ")).")
        }
        record(setting, value)
    }

    private func readDepths(_ setting: JobSetting, _ range: ClosedRange<Int>) {
        guard let value = value(setting) else { return }
        let depths = value.list?.compactMap(\.int) ?? []
        let isSound =
            value.string == "all"
            || !depths.isEmpty && depths.count == value.list?.count && Set(depths).count == depths.count
                && depths.allSatisfy(range.contains)
        guard isSound else {
            return fault(
                setting, "\(setting.name) must be “all” or a list of different depths, 0 for the embedding.")
        }
        record(setting, value.string == "all" ? value : .ints(depths))
    }

    /// Texts by name, in their order.
    func texts(_ setting: JobSetting) -> [(name: String, text: String)] {
        guard case .texts(let most) = setting.kind else { setting.isNot("texts by name") }
        guard let value = value(setting) else { return [] }
        let members = value.object ?? []
        let found = members.compactMap { member in member.value.string.map { (name: member.name, text: $0) } }
        if value.object == nil || members.count > most || found.count != members.count {
            fault(setting, "\(setting.name) must be an object of at most \(most) texts.")
        }
        record(setting, value)
        return found
    }
}

extension JobSetting {
    /// The default for a job, where the declaration has one.
    fileprivate func standard(_ context: JobSettingContext) -> JSONValue? {
        switch standard {
        case .none: nil
        case .value(let value): value
        case .from(let value): value(context)
        }
    }

    /// The declared default.
    fileprivate func declared<T>(_ value: (JSONValue) -> T?) -> T {
        guard case .value(let standard) = standard, let found = value(standard) else {
            preconditionFailure("the setting \(name) declares no default of this type")
        }
        return found
    }

    fileprivate func isNot(_ what: String) -> Never { preconditionFailure("the setting \(name) is not \(what)") }
}
