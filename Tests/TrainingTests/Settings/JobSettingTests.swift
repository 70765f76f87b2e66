import JSON
import TestSupport
import Testing
import TestSupport
import Training

@Suite struct JobSettingTests {
    /// A setting in its place: the names of the objects around it, outermost first.
    struct Place: CustomStringConvertible {
        let path: [String]
        let setting: JobSetting
        /// Whether the innermost object stands in a list.
        let isListed: Bool

        var name: String { (path + [setting.name]).joined(separator: ".") }
        var description: String { name }
        var pointer: String {
            "/"
                + (path.enumerated().flatMap { isListed && $0 == path.count - 1 ? [$1, "0"] : [$1] } + [setting.name])
                .joined(separator: "/")
        }
    }

    static let places: [Place] = JobSettingList.standard.all.flatMap { places(of: $0, [], isListed: false) }

    private static func places(of setting: JobSetting, _ path: [String], isListed: Bool) -> [Place] {
        var isList = false
        if case .objects = setting.kind { isList = true }
        return [Place(path: path, setting: setting, isListed: isListed)]
            + setting.inner.flatMap { places(of: $0, path + [setting.name], isListed: isList) }
    }

    /// What has to be said beside a setting for it to mean anything.
    private static let company: [String: [(String, JSONValue)]] = [
        "momentum": [("optimizer", .string("sgd"))], "nesterov": [("optimizer", .string("sgd"))],
        "trust_coefficient": [("optimizer", .string("lars"))], "betas": [("optimizer", .string("adamw"))],
        "warmup_prefix": [("schedule", .string("cosine"))], "gamma": [("schedule", .string("multistep"))],
        "milestones": [("schedule", .string("multistep"))],
        "probe": [("method", .string("linear_probe")), ("init_from", .string("a"))],
        "augmentation.mixup": [("method", .string("supervised"))],
        "augmentation.cutmix": [("method", .string("supervised"))],
        "smoothing": [("method", .string("supervised"))], "validation_dataset": [("method", .string("supervised"))],
    ]

    /// A job in which the setting at `place` has `value`.
    private static func body(_ place: Place, _ value: JSONValue) -> JSONValue {
        var members: [(String, JSONValue)] = [
            ("method", .string("hybrid")), ("arch", .object([])), ("dataset", .string("shapes-textures")),
        ]
        func set(_ name: String, _ value: JSONValue) {
            members.removeAll { $0.0 == name }
            members.append((name, value))
        }
        for (name, value) in company[place.name] ?? company[place.path.first ?? ""] ?? [] { set(name, value) }
        var value = value
        for (depth, name) in place.path.enumerated().reversed() {
            let inner = depth == place.path.count - 1 ? place.setting.name : place.path[depth + 1]
            var object: [JSONValue.Member] = [.init(inner, value)]
            if name == "analysis", inner != "probe_set" { object.append(.init("probe_set", .string("p"))) }
            if name == "stop_when", inner != "metric" { object.append(.init("metric", .string("loss"))) }
            if name == "stop_when", inner != "below", inner != "above" { object.append(.init("below", .int(1))) }
            value = place.isListed && depth == place.path.count - 1 ? .list([.object(object)]) : .object(object)
        }
        set(place.path.first ?? place.setting.name, value)
        return .object(members.map { .init($0.0, $0.1) })
    }

    private static func faults(_ body: JSONValue) throws -> [Fault] {
        do throws(TrainingError) { _ = try TrainingConfiguration(body) } catch {
            if case .configuration(let faults) = error { return faults }
        }
        return []
    }

    /// Values at the bounds of a setting, and values just beyond.
    private static func bounds(_ kind: JobSetting.Kind) -> (inside: [JSONValue], outside: [JSONValue]) {
        // Foundation's reader of JSON, which the check of schemas uses, may miss the nearest number.
        func below(_ number: Double) -> Double { number - max(abs(number) / 1000, 1e-9) }
        func above(_ number: Double) -> Double { number + max(abs(number) / 1000, 1e-9) }
        func wrapped(_ range: ClosedRange<Double>, _ make: (Double) -> JSONValue) -> ([JSONValue], [JSONValue]) {
            (
                [make(range.lowerBound), make(range.upperBound)],
                [make(below(range.lowerBound)), make(above(range.upperBound))]
            )
        }
        switch kind {
        case .int(let range):
            let most = range.upperBound, beyond: JSONValue = most == .max ? .double(1e19) : .int(most + 1)
            return ([.int(range.lowerBound), .int(most)], [.int(range.lowerBound - 1), beyond, .double(1.5)])
        case .number(let range), .perView(let range): return wrapped(range) { .double($0) }
        case .bool: return ([.bool(true), .bool(false)], [.int(1), .string("true")])
        case .text(let longest):
            let most = String(repeating: "x", count: longest)
            return ([.string("x"), .string(most)], [.string(""), .string(most + "x"), .int(1)])
        case .choice(let words): return (words.map(JSONValue.string), [.string(words[0] + "x"), .int(1)])
        case .choices(let words):
            return ([.strings(words), .strings([words[0]])], [.list([]), .strings([words[0], words[0]])])
        case .numbers(let count, let range):
            func list(_ number: Double, _ count: Int) -> JSONValue { .doubles(Array(repeating: number, count: count)) }
            let most = count.upperBound
            return (
                [list(range.lowerBound, count.lowerBound), list(range.upperBound, most)],
                [list(above(range.upperBound), most), list(range.lowerBound, most + 1)]
            )
        case .depths(let range):
            return ([.string("all"), .ints([0])], [.list([]), .ints([0, 0]), .ints([range.upperBound + 1])])
        case .texts(let most):
            func texts(_ count: Int) -> JSONValue { .object((0..<count).map { .init("k\($0)", .string("")) }) }
            return ([texts(0), texts(most)], [texts(most + 1), .object([.init("a", .int(1))])])
        case .object(let inner):
            let least = inner.filter(\.isRequired).map { JSONValue.Member($0.name, .string("p")) }
            return ([.object(least)], [.int(1), .list([])])
        case .objects(_, let most):
            return ([.list([])], [.list(Array(repeating: .object([]), count: most + 1)), .int(1)])
        case .arch: return ([.object([])], [.int(1), .list([])])
        }
    }

    /// Whether a sentence is about a type or a range.
    private static func isOfRange(_ detail: String) -> Bool {
        let ways = [
            "a whole number", "a number from", "true or false", "a text", "one of", "a list", "an object", "“all”",
        ]
        return ways.contains { detail.contains(" must be " + $0) }
    }

    @Test func theListIsComplete() {
        let names = JobSettingList.standard.all.map(\.name)
        #expect(names.count == 49 && Set(names).count == names.count)
        #expect(Self.places.everyOne { $0.setting.words.hasSuffix(".") } && Self.places.count > 90)
    }

    /// What reading takes and what the schema says are one thing.
    @Test(arguments: places) func boundsHold(_ place: Place) throws {
        let (inside, outside) = Self.bounds(place.setting.kind)
        #expect(!inside.isEmpty && !outside.isEmpty)
        for value in inside {
            let body = Self.body(place, value)
            // Values at the bounds may contradict others; none of them may be out of range or of another type.
            let words = try Self.faults(body).filter { $0.pointer.hasPrefix(place.pointer) }.map(\.detail)
            let refused = words.filter(Self.isOfRange)
            #expect(refused.isEmpty, "\(value): \(refused)")
            #expect(try PublishedSchema.faults(of: body).isEmpty, "\(value)")
        }
        for value in outside {
            let body = Self.body(place, value)
            let found = try Self.faults(body).map(\.pointer)
            #expect(found.contains { $0.hasPrefix(place.pointer) }, "\(value) is taken: \(found)")
            #expect(try !PublishedSchema.faults(of: body).isEmpty, "the schema takes \(value)")
        }
    }

    @Test(arguments: places) func aSlipIsToldTheNearestName(_ place: Place) throws {
        let wrong = place.setting.name + "q"
        let slip = Place(path: place.path, setting: JobSetting(wrong, .bool, "x."), isListed: place.isListed)
        let body = Self.body(slip, .bool(true))
        let details = try Self.faults(body).filter { $0.pointer == slip.pointer }.map(\.detail)
        #expect(
            details.contains {
                $0.hasPrefix("There is no setting “\(wrong)”") && $0.contains("“\(place.setting.name)”")
            },
            "\(details)")
        #expect(try !PublishedSchema.faults(of: body).isEmpty)
    }

    @Test(arguments: TrainingMethod.allCases) func whatCountsFitsTheSchema(_ method: TrainingMethod) throws {
        let body: [JSONValue.Member] = [
            .init("method", .string(method.rawValue)), .init("arch", .string("vit_tiny_patch16_224")),
            .init("dataset", .string("shapes-textures")), .init("init_from", .string("a")),
        ]
        let resolved = try TrainingConfiguration(.object(body)).resolved
        #expect(try PublishedSchema.faults(of: resolved).isEmpty)
        let described = try #require(JobSettingList.standard.description["methods"]?.list)
            .first { $0["name"]?.string == method.rawValue }
        let defaults = try #require(described?["defaults"]?.object)
        #expect(defaults.count > 30 && defaults.everyOne { resolved[$0.name] == $0.value })
    }

    /// One declaration is all that a new setting needs.
    @Test func aToyAppearsEverywhere() throws {
        let toy = JobSetting("toy_rate", .number(0...2), default: .value(.double(0.5)), "How much of the toy there is.")
        let settings = JobSettingList.standard.adding(toy)
        func read(_ more: [JSONValue.Member]) throws(TrainingError) -> JSONValue {
            try TrainingConfiguration(
                .object(
                    [
                        .init("method", .string("simmim")), .init("arch", .string("vit_tiny_patch16_224")),
                        .init("dataset", .string("d")),
                    ] + more), settings: settings
            ).resolved
        }
        #expect(try read([])["toy_rate"] == .double(0.5))
        #expect(try read([.init("toy_rate", .int(2))])["toy_rate"]?.double == 2)
        let text = String(decoding: try read([.init("toy_rate", .double(1.5))]).canonical, as: UTF8.self)
        #expect(text.hasSuffix(#","toy_rate":1.5}"#))
        #expect(
            throws: TrainingError.configuration([
                Fault(pointer: "/toy_rate", detail: "toy_rate must be a number from 0 to 2.")
            ])
        ) { try read([.init("toy_rate", .int(3))]) }
        #expect(settings.schema["properties"]?["toy_rate"]?["maximum"]?.double == 2)
        let description = settings.description
        let field = try #require(description["settings"]?.list?.last)
        #expect(field["name"]?.string == "toy_rate" && field["words"]?.string == toy.words)
        #expect(description["methods"]?[0]?["defaults"]?["toy_rate"]?.double == 0.5)
        #expect(SettingTable(settings).text.contains("| `toy_rate` | number | 0 to 2 |"))
        #expect(JobSettingList.standard.schema["properties"]?["toy_rate"] == nil)
    }
}
