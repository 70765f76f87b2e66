public import JSON

/// A setting of a training job, declared once. Reading, the canonical form, the published schema, the page's form and
/// the table of the documentation come from it.
public struct JobSetting: Sendable {
    /// What a setting may be.
    public indirect enum Kind: Sendable {
        case int(ClosedRange<Int>)
        case number(ClosedRange<Double>)
        case bool
        /// Printable, at most so many bytes.
        case text(longest: Int)
        /// One of a few words.
        case choice([String])
        /// Different words out of a few, at least one.
        case choices([String])
        /// Numbers in a list.
        case numbers(count: ClosedRange<Int>, ClosedRange<Double>)
        /// A number for all views, or a list with one for each.
        case perView(ClosedRange<Double>)
        /// `all`, or a list of different depths, negative ones from the end.
        case depths(ClosedRange<Int>)
        /// Texts by name.
        case texts(atMost: Int)
        case object([JobSetting])
        case objects([JobSetting], atMost: Int)
        /// The name of a known architecture, or an object.
        case arch([JobSetting])
    }

    /// What counts where a job is silent.
    public enum Standard: Sendable {
        /// Nothing, or what the recipe or other settings say.
        case none
        case value(JSONValue)
        case from(@Sendable (JobSettingContext) -> JSONValue)
    }

    /// A sentence about what does not go together inside an object; `fault` takes the name of an inner setting.
    public typealias Check =
        @Sendable (_ values: JSONValue, _ fault: (_ name: String, _ detail: String) -> Void) -> Void

    /// In JSON's spelling.
    public let name: String
    public let kind: Kind
    /// One sentence for users.
    public let words: String
    public let standard: Standard
    /// The methods it belongs to; nil for all.
    public let methods: [String]?
    /// Whether a job without it is refused.
    public let isRequired: Bool
    let check: Check?

    public init(
        _ name: String, _ kind: Kind, default standard: Standard = .none, methods: [String]? = nil,
        isRequired: Bool = false, _ words: String, check: Check? = nil
    ) {
        self.name = name
        self.kind = kind
        self.words = words
        self.standard = standard
        self.methods = methods
        self.isRequired = isRequired
        self.check = check
    }

    /// The settings inside; none for a plain one.
    public var inner: [JobSetting] {
        switch kind {
        case .object(let settings), .objects(let settings, _), .arch(let settings): settings
        default: []
        }
    }
}

/// What a default may depend on.
public struct JobSettingContext: Sendable {
    public let method: TrainingMethod
    /// Whose code the run follows, in JSON's word.
    public let flavour: String
    /// Pixels a side.
    public let patchSize: Int
    /// The settings of the same object that come before.
    public var values: JSONValue = .object([])
}

extension JobSetting {
    static func int(
        _ name: String, _ range: ClosedRange<Int>, default standard: Int? = nil, _ words: String
    ) -> JobSetting {
        JobSetting(name, .int(range), default: standard.map { .value(.int($0)) } ?? .none, words)
    }

    static func number(
        _ name: String, _ range: ClosedRange<Double>, default standard: Double? = nil, _ words: String
    ) -> JobSetting {
        JobSetting(name, .number(range), default: standard.map { .value(.double($0)) } ?? .none, words)
    }

    static func bool(_ name: String, default standard: Bool? = nil, _ words: String) -> JobSetting {
        JobSetting(name, .bool, default: standard.map { .value(.bool($0)) } ?? .none, words)
    }

    static func text(_ name: String, longest: Int = 4096, isRequired: Bool = false, _ words: String) -> JobSetting {
        JobSetting(name, .text(longest: longest), isRequired: isRequired, words)
    }

    static func choice<T: RawRepresentable & CaseIterable>(
        _ name: String, _ type: T.Type, isRequired: Bool = false, _ words: String
    ) -> JobSetting where T.RawValue == String {
        JobSetting(name, .choice(T.allCases.map(\.rawValue)), isRequired: isRequired, words)
    }

    static func object(_ name: String, _ settings: [JobSetting], _ words: String) -> JobSetting {
        JobSetting(name, .object(settings), words)
    }
}
