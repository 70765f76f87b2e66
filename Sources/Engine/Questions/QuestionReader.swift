package import Catalogue
import Platform

/// Reads questions: checks everything about one and names its result, without computing.
package struct QuestionReader: Sendable {
    /// What can be asked.
    package let kinds: AnalysisKinds
    private let codeVersion: String
    /// Rises whenever the fields or the numbers of answers change within a version: kept results of before are then
    /// other questions', and are not given for new ones.
    private static let answerRevision = 4

    /// - Parameter codeVersion: part of every id.
    package init(kinds: AnalysisKinds, codeVersion: String) {
        self.kinds = kinds
        self.codeVersion = codeVersion
    }

    /// A question whose images are among its parameters.
    ///
    /// - Throws: `invalid` with every fault, `notFound`, and what the disk says.
    package func prepare(
        _ kind: AnalysisKind, _ parameters: [AnalysisParameter], _ models: [NamedModel], from sources: AnalysisSources
    ) async throws(ServiceError) -> PreparedAnalysis {
        var values = ParameterValues(parameters, of: kind.spec, refusals: kinds.refusals(of: kind))
        // Images that are given to what needs none have to be there all the same.
        let subjects = kind.spec.subjects.flatMap { [$0.name] + $0.aliases }
        let isGiven = parameters.contains { subjects.contains($0.name) }
        let images = kind.spec.images == .nothing && !isGiven ? nil : try await sources.images(&values)
        return try prepare(kind, parameters, &values, models, images)
    }

    /// A question about images that were found.
    ///
    /// - Parameter parameters: neither images nor models among them.
    /// - Throws: `invalid` with every fault.
    package func prepare(
        _ kind: AnalysisKind, _ parameters: [AnalysisParameter], _ models: [NamedModel], _ images: AnalysisImages
    ) throws(ServiceError) -> PreparedAnalysis {
        var values = ParameterValues(
            parameters, of: kind.spec, withImages: false, refusals: kinds.refusals(of: kind))
        return try prepare(kind, parameters, &values, models, images)
    }

    private func prepare(
        _ kind: AnalysisKind, _ parameters: [AnalysisParameter], _ values: inout ParameterValues,
        _ models: [NamedModel], _ found: AnalysisImages?
    ) throws(ServiceError) -> PreparedAnalysis {
        let images = kind.spec.images == .nothing ? AnalysisImages(sources: [], probeSet: nil) : found
        // Images that are not there are none that the task is short of.
        let subjects = AnalysisKind.Subjects(models, images: images?.sources.count ?? .max)
        var task = subjects.flatMap { kind.task(&values, $0) }
        if kind.spec.isShardable {
            task = ShardedTask.reading(&values, task, images: subjects?.images ?? .max)
        }
        try values.check()
        guard let task, let images else { throw .internalFault("no task for \(kind.name)") }
        return named(kind, task, values, images, parameters)
    }

    /// Names the result of `task`.
    private func named(
        _ kind: AnalysisKind, _ task: any AnalysisTask, _ values: ParameterValues, _ images: AnalysisImages,
        _ parameters: [AnalysisParameter]
    ) -> PreparedAnalysis {
        let hash = SHA256()
        hash.update("vitscope analysis \(codeVersion) \(Self.answerRevision)\n\(kind.name)\n")
        for model in task.models { hash.update("model \(model.model.fingerprint)\n") }
        let canonical = values.canonical
        for line in canonical { hash.update(line + "\n") }
        hash.update("images \(images.sources.count)\n")
        for source in images.sources {
            hash.update(source.key + "\n")
            // The same pixels are another question where they are of another class.
            if let name = kind.spec.images.decidingName(of: source) { hash.update("\(name.utf8.count) \(name)\n") }
        }
        return PreparedAnalysis(
            id: hash.hex(), kind: kind, task: task, images: images, parameters: parameters, canonical: canonical,
            echo: values.echo)
    }
}
