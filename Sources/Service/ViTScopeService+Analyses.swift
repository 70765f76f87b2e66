extension ViTScopeService {
    /// Checks everything about a request and names its result, without computing.
    ///
    /// - Parameters:
    ///   - model: the one in the path; CKA names its two among the parameters.
    ///   - format: the form it is wanted in, so that an answer too large for it is refused before it is computed.
    /// - Throws: `invalid` with every fault, `notFound`, `conflict` for a model that could not be loaded, `tooLarge`.
    public func prepare(
        _ kind: AnalysisKind, model: String? = nil, parameters: [AnalysisParameter], format: ResultFormat? = nil
    ) async throws(ServiceError) -> PreparedAnalysis {
        var reader = ParameterReader(parameters, known: kind.parameters)
        var names = [model ?? ""]
        if kind.comparesTwo {
            names = ["a", "b"].map { reader.required($0, "the name of a model") }
            try reader.check()
        }
        var models: [NamedModel] = []
        for name in names { models.append(try await catalogue.loaded(try await openName(name))) }
        let images = try await images(&reader)
        // Images that are not there are none that the task is short of.
        let count = images?.sources.count ?? .max
        let task = AnalysisTasks.read(kind, &reader, models, images: count)
        try reader.check()
        guard let task, let images else { throw .internalFault("no task for \(kind.rawValue)") }
        let prepared = engine.prepare(kind, task, images: images)
        if let format { try prepared.check(format) }
        return prepared
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

    /// The images asked for; nil with faults noted.
    ///
    /// - Throws: `notFound` for a probe set or dataset alone at fault, and what the disk says.
    private func images(_ reader: inout ParameterReader) async throws(ServiceError) -> AnalysisImages? {
        let refs = reader.all("image"), limit = configuration.limits.imagesPerRequest
        if let probeSet = reader.text("probe_set") {
            if !refs.isEmpty {
                reader.add("probe_set", "Give images or a probe set, not both.")
            } else if probeSet.isEmpty {
                reader.add("probe_set", "“probe_set” is empty: write the name of one. GET /v1/probe-sets lists them.")
            } else {
                let set: ProbeSet
                do {
                    set = try await probeSetStore.probeSet(probeSet)
                } catch {
                    guard error.isNotFound else { throw error }
                    reader.addMissing("probe_set", error)
                    return nil
                }
                return AnalysisImages(
                    sources: try await perform { try await library.sources(set) }, probeSet: set)
            }
            return nil
        }
        guard !refs.isEmpty else {
            reader.add(
                "image",
                "Say which images: image=sha256:… or image=DATASET:INDEX, as often as you like, or probe_set=NAME.")
            return nil
        }
        guard refs.count <= limit else {
            reader.add("image", "A request names at most \(limit) images. Make a probe set of them.")
            return nil
        }
        var sources: [ImageSource] = []
        for ref in refs {
            do {
                sources.append(try await library.source(ref))
            } catch {
                switch ServiceError(error) {
                case .invalid(let faults): for fault in faults { reader.add("image", fault.detail) }
                // An image that does not exist is told beside other faults, or alone as what is not found.
                case let missing where missing.isNotFound: reader.addMissing("image", missing)
                case let other: throw other
                }
            }
        }
        return sources.count == refs.count ? AnalysisImages(sources: sources, probeSet: nil) : nil
    }
}
