extension ViTScopeService {
    /// Checks everything about a request and names its result, without computing.
    ///
    /// - Parameter model: the one in the path; CKA names its two among the parameters.
    /// - Throws: `invalid` with every fault, `notFound`, `conflict` for a model that could not be loaded.
    public func prepare(
        _ kind: AnalysisKind, model: String? = nil, parameters: [AnalysisParameter]
    ) async throws(ServiceError) -> PreparedAnalysis {
        var reader = ParameterReader(parameters, known: kind.parameters)
        var names = [model ?? ""]
        if kind == .cka {
            names = ["a", "b"].map { reader.required($0, "the name of a model") }
            try reader.check()
        }
        var models: [NamedModel] = []
        for name in names { models.append(try await catalogue.loaded(name)) }
        let refs = reader.all("image"), probeSet = reader.text("probe_set")
        checkImages(refs, probeSet, &reader)
        let count = try await numImages(refs, probeSet)
        let task = AnalysisTasks.read(kind, &reader, models, images: count)
        try reader.check()
        guard let task else { throw .internalFault("no task for \(kind.rawValue)") }
        return engine.prepare(kind, task, images: try await images(refs, probeSet))
    }

    /// Computes, or finds what was computed before.
    ///
    /// - Throws: `tooLarge` naming a smaller alternative, `busy`, `cancelled`, and what is wrong with an image.
    public func run(_ analysis: PreparedAnalysis) async throws(ServiceError) -> AnalysisResult {
        try await perform { try await engine.run(analysis) }
    }

    /// A result in a form.
    ///
    /// - Throws: `invalid` or `tooLarge` where the result does not go into the form.
    public func encode(
        _ result: AnalysisResult, as format: ResultFormat, options: EncodingOptions = EncodingOptions()
    ) async throws(ServiceError) -> EncodedResult {
        try await perform { try await engine.encode(result, as: format, options: options) }
    }

    private func checkImages(_ refs: [String], _ probeSet: String?, _ reader: inout ParameterReader) {
        let limit = configuration.limits.imagesPerRequest
        if refs.isEmpty, probeSet == nil {
            reader.add(
                "image",
                "Say which images: image=sha256:… or image=DATASET:INDEX, as often as you like, or probe_set=NAME.")
        } else if !refs.isEmpty, probeSet != nil {
            reader.add("probe_set", "Give images or a probe set, not both.")
        } else if refs.count > limit {
            reader.add("image", "A request names at most \(limit) images. Make a probe set of them.")
        }
    }

    private func numImages(_ refs: [String], _ probeSet: String?) async throws(ServiceError) -> Int {
        guard let probeSet, refs.isEmpty else { return refs.count }
        return try await probeSetStore.probeSet(probeSet).images.count
    }

    private func images(_ refs: [String], _ probeSet: String?) async throws(ServiceError) -> AnalysisImages {
        try await perform {
            if let probeSet {
                let set = try await probeSetStore.probeSet(probeSet)
                return AnalysisImages(sources: try await library.sources(set), probeSet: set)
            }
            var sources: [ImageSource] = []
            for ref in refs { sources.append(try await library.source(ref)) }
            return AnalysisImages(sources: sources, probeSet: nil)
        }
    }
}
