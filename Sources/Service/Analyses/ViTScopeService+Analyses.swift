public import Catalogue
public import Engine
import Platform

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
        var names = [model ?? ""]
        if kind.spec.comparesTwo {
            var values = ParameterValues(parameters, of: kind.spec)
            names = ["a", "b"].map { values.required($0, "the name of a model") }
            if names.contains("") { try values.check() }
        }
        var models: [NamedModel] = []
        for name in names { models.append(try await catalogue.loaded(try await openName(name))) }
        let prepared = try await reader.prepare(kind, parameters, models, from: sources)
        if let format { try prepared.check(format) }
        return prepared
    }

    /// Computes, or finds what was computed before, in memory or on the disk.
    ///
    /// - Throws: `tooLarge` naming a smaller alternative, `busy`, `cancelled`, and what is wrong with an image.
    public func run(_ analysis: PreparedAnalysis) async throws(ServiceError) -> AnalysisResult {
        if let known = try await known(analysis) { return known }
        return try await perform {
            let result = try await computing.answer(analysis)
            results.remember(result)
            await archive?.keep(
                result, of: analysis, codeVersion: configuration.codeVersion, threads: configuration.threads, at: now())
            return result
        }
    }

    /// What is known of the same question; nil where it has to be computed.
    public func known(_ analysis: PreparedAnalysis) async throws(ServiceError) -> AnalysisResult? {
        if let result = results.remembered(analysis) { return result }
        guard let archive, let kept = try await perform({ try await archive.result(analysis.id) }) else { return nil }
        let result = kept.found(for: analysis)
        results.remember(result)
        return result
    }

    /// A result in a form.
    ///
    /// - Throws: `invalid` or `tooLarge` where the result does not go into the form.
    public func encode(
        _ result: AnalysisResult, as format: ResultFormat, options: EncodingOptions = EncodingOptions()
    ) async throws(ServiceError) -> EncodedResult {
        try await perform {
            guard format == .png else {
                return try await encodingThread.run { try ResultEncoder.encode(result, as: format, options: options) }
            }
            try result.check(figure: options.figure)
            let png = try await computing.draw(result, figure: options.figure, overlay: options.overlay)
            return EncodedResult(png: png)
        }
    }
}
