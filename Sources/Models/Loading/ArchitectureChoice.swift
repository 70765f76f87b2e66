/// What is known of a network before its tensors are looked at, by the names that the user, its configuration or the
/// file itself give its architecture.
struct ArchitectureChoice {
    /// Who named the architecture.
    enum Origin: Sendable {
        case user, configuration, file
    }

    /// Nil where nobody names one that is known.
    let architecture: Architecture?
    let origin: Origin?

    /// The architecture where its name tells all of it: a model type does not.
    var named: Architecture? { architecture.flatMap { $0.rotation == .byLayout ? nil : $0 } }

    /// Whether names and shapes alone have to say which network this is.
    var isOpen: Bool { architecture == nil }

    /// - Throws: `unsupported` for an architecture that computes otherwise, or that nobody here knows; `contradiction`
    ///   for a name of the user's that means nothing.
    init(
        _ hints: ModelHints, _ told: ToldFacts, _ layouts: CheckpointLayouts, report: inout LoadReport
    ) throws(ModelError.Reason) {
        let configured = try Self.configured(hints, layouts)
        try Self.checkArguments(hints)
        if let asked = hints.arch {
            (architecture, origin) = (try Self.asked(asked, layouts), .user)
        } else if let configured {
            (architecture, origin) = (configured, .configuration)
        } else if let name = told.fileArch {
            switch Architecture.read(name, layouts) {
            case .plain(let found): (architecture, origin) = (found, .file)
            case .refused(let why): throw Self.refusal(name, why)
            case .unknown:
                (architecture, origin) = (nil, nil)
                report.assume(
                    "arch",
                    "the file calls its architecture \(name.clipped), which is not known here; the network is "
                        + "taken for a plain Vision Transformer")
            }
        } else {
            (architecture, origin) = (nil, nil)
        }
    }

    /// What config.json names, timm's way or transformers'.
    private static func configured(
        _ hints: ModelHints, _ layouts: CheckpointLayouts
    ) throws(ModelError.Reason) -> Architecture? {
        if let name = hints.config["architecture"]?.string {
            switch Architecture.read(name, layouts) {
            case .plain(let architecture): return architecture
            case .refused(let why): throw refusal(name, why)
            case .unknown: return try unknown(name, hints)
            }
        }
        guard let type = hints.config["model_type"]?.string else { return nil }
        if let eps = layouts.modelTypes[type] { return Architecture(modelType: type, eps: eps) }
        if let why = Architecture.refusedModelTypes[type] { throw refusal(type, why) }
        return try unknown(type, hints)
    }

    /// Whoever knows better may say so.
    private static func unknown(_ name: String, _ hints: ModelHints) throws(ModelError.Reason) -> Architecture? {
        guard hints.arch == nil else { return nil }
        throw .untold(
            option: "arch",
            "config.json calls the architecture \(name.clipped), which is not known here to be a plain Vision "
                + "Transformer; pass arch, such as vit_base_patch16_224, if it computes as that one does")
    }

    private static func asked(
        _ name: String, _ layouts: CheckpointLayouts
    ) throws(ModelError.Reason) -> Architecture {
        switch Architecture.read(name, layouts) {
        case .plain(let architecture): return architecture
        case .refused(let why): throw refusal(name, why)
        case .unknown:
            throw .contradiction(
                field: "arch", asked: name,
                found: "nothing of it; known are names such as vit_small or vit_base_patch16_224")
        }
    }

    private static func refusal(_ name: String, _ why: String) -> ModelError.Reason {
        .unsupported("the architecture \(name.clipped) \(why), which is not supported")
    }

    /// timm's arguments change networks without a change of name.
    private static func checkArguments(_ hints: ModelHints) throws(ModelError.Reason) {
        let places = [(hints.config, "model_args."), (hints.fields, "args.model_kwargs.")]
        for (fields, prefix) in places {
            let names = fields.keys.filter { $0.hasPrefix(prefix) }.map { $0.dropFirst(prefix.count) }
            for name in names.sorted() where !Architecture.knownArguments.contains(String(name)) {
                if fields[prefix + name]?.bool == false { continue }
                if name == "pos_embed", fields[prefix + name]?.string == "learn" { continue }
                throw .unsupported(
                    "\(prefix)\(String(name).clipped) of the configuration changes the network in a way that is not "
                        + "known here")
            }
        }
    }
}

extension String {
    /// Short enough for a sentence, whatever a file holds.
    var clipped: String { count > 80 ? String(prefix(80)) + "…" : self }
}
