public import Catalogue
public import Engine
import JSON
import Logging
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
            let result = try await flights.value(for: analysis.id) { [self] in
                let result = try await computing.answer(analysis)
                results.remember(result)
                keep(result, of: analysis)
                return result
            }
            return result.found(for: analysis, timing: result.timing.entries)
        }
    }

    /// Has a result kept, unless it is computed again faster than it is found on the disk: then its question is remembered.
    private func keep(_ result: AnalysisResult, of analysis: PreparedAnalysis) {
        guard let archive else { return }
        guard !isQuick(analysis) else { return questions.insert(analysis, bytes: analysis.byteCount, for: analysis.id) }
        let version = configuration.codeVersion, threads = configuration.threads, date = now()
        let isTaken = keeper.keep(in: archive, bytes: result.byteCount) {
            ResultArchive.stored(result, of: analysis, codeVersion: version, threads: threads, at: date)
        }
        if !isTaken { logger.warning("The disk is slower than the answers: the result \(result.id) is not kept.") }
    }

    /// What is known of the same question; nil where it has to be computed.
    public func known(_ analysis: PreparedAnalysis) async throws(ServiceError) -> AnalysisResult? {
        if let result = results.remembered(analysis) { return result }
        if isQuick(analysis) { return nil }
        return try await kept(analysis.id)?.found(for: analysis)
    }

    /// A result that was kept on the disk; nil where it is not there. Those who want it at the same time share it.
    func kept(_ id: String) async throws(ServiceError) -> AnalysisResult? {
        guard let archive else { return nil }
        return try await perform {
            try await readings.value(for: id) { [results] in
                let result = try await archive.result(id)
                if let result { results.remember(result) }
                return result
            }
        }
    }

    /// A result in a form. Large ones are shared by those who want the same, and count while somebody holds them.
    ///
    /// - Throws: `invalid` or `tooLarge` where the result does not go into the form, `busy` where clients hold too much.
    public func encode(
        _ result: AnalysisResult, as format: ResultFormat, options: EncodingOptions = EncodingOptions()
    ) async throws(ServiceError) -> AnswerBody {
        try await perform {
            let estimate = result.estimatedBytes(as: format)
            guard estimate >= AnswerBodies.smallest else {
                return AnswerBody(try await encoded(result, format, options))
            }
            let links = JSONValue.object(options.links).text
            let form = "\(format) \(options.overlay) \(options.isQuantized) \(options.isPacked) \(options.figure ?? "")"
            let key = "\(result.id) \(form) \(links)"
            return try await bodies.body(key, estimate: estimate) { [self] in
                try await encoded(result, format, options)
            }
        }
    }

    private func encoded(
        _ result: AnalysisResult, _ format: ResultFormat, _ options: EncodingOptions
    ) async throws -> EncodedResult {
        guard format == .png else {
            return try await encodingThread.runIfWanted {
                try ResultEncoder.encode(result, as: format, options: options)
            }
        }
        try result.check(figure: options.figure)
        return EncodedResult(
            png: try await computing.draw(result, figure: options.figure, overlay: options.overlay))
    }
}
