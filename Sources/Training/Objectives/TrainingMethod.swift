import JSON

/// What a model learns by: one of the registered objectives, in JSON's word.
public struct TrainingMethod: RawRepresentable, Sendable, Hashable, CaseIterable {
    public let rawValue: String
    let descriptor: any ObjectiveDescriptor

    /// Nil for a word that no objective has.
    public init?(rawValue: String) {
        guard let found = ObjectiveRegistry.all.first(where: { $0.name == rawValue }) else { return nil }
        self.init(found)
    }

    init(_ descriptor: any ObjectiveDescriptor) {
        rawValue = descriptor.name
        self.descriptor = descriptor
    }

    public static var allCases: [TrainingMethod] { ObjectiveRegistry.all.map { TrainingMethod($0) } }

    public static func == (a: TrainingMethod, b: TrainingMethod) -> Bool { a.rawValue == b.rawValue }

    public func hash(into hasher: inout Hasher) { hasher.combine(rawValue) }
}

extension TrainingMethod {
    /// Whether it needs class labels.
    public var isSupervised: Bool { descriptor.learnsClasses }

    /// Whether it starts from a checkpoint.
    public var needsCheckpoint: Bool { descriptor.needsCheckpoint }

    /// What hides patches of the last view.
    public func masking(_ settings: ObjectiveSettings, patchSize: Int) -> ViewPlan.Masking {
        descriptor.masking(settings, patchSize: patchSize)
    }

    /// The names of those with a property, in words.
    static func words(where holds: (any ObjectiveDescriptor) -> Bool) -> String {
        ObjectiveRegistry.all.filter(holds).map { $0.name }.joined(separator: " or ")
    }

    /// The metrics that lines of `metrics.jsonl` have, and those of validation.
    ///
    /// - Parameter validates: whether there are images to validate on.
    func metricNames(_ settings: ObjectiveSettings, depth: Int, validates: Bool) -> [String] {
        let measured = descriptor.measures(settings, depth: depth)
        return ["loss"] + descriptor.losses(settings) + measured + ["lr", "gradient_norm"]
            + (validates ? measured.map { "val_" + $0 } : [])
    }

    /// What a form needs to know of it, with every default of a job that says as little as it may.
    func description(_ settings: JobSettingList) -> JSONValue {
        var body: [JSONValue.Member] = [
            .init("method", .string(rawValue)), .init("arch", .string("vit_tiny_patch16_224")),
            .init("dataset", .string(DatasetSettings.builtIn)),
        ]
        if needsCheckpoint { body.append(.init("init_from", .string("checkpoint"))) }
        let said = Set(body.map(\.name))
        let resolved = (try? TrainingConfiguration(.object(body), settings: settings))?.resolved.object ?? []
        return .object([
            .init("name", .string(rawValue)), .init("title", .string(descriptor.title)),
            .init("summary", .string(descriptor.summary)), .init("needs_checkpoint", .bool(needsCheckpoint)),
            .init("learns_classes", .bool(isSupervised)),
            .init("settings", .strings(descriptor.settings.map(\.name))),
            .init("defaults", .object(resolved.filter { !said.contains($0.name) })),
        ])
    }
}
