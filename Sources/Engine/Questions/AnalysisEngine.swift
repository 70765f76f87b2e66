package import Catalogue
package import Images
package import Platform
import Synchronization
import Tensors

/// Computes analyses of loaded models on found images, and remembers what may be asked for again.
///
/// A class because threads and caches have an identity.
package final class AnalysisEngine: Sendable {
    /// What the metrics tell.
    package struct Counts: Sendable {
        package var finished: [AnalysisKind: Int] = [:]
        package var imagesForwarded = 0
        package var forwardSeconds = 0.0
        package var imagesDecoded = 0
        package var decodeSeconds = 0.0
    }

    package let compute: Compute
    package let activations: ActivationCache
    package let results: ByteBudgetCache<String, AnalysisResult>
    /// Decodes and encodes, and answers what needs no model: whoever hovers does not wait behind a long analysis.
    package let encodingThread = WorkerThread { NumericLibraries.prepareThread() }
    /// Decodes what users send, which may take seconds.
    package let uploadThread = WorkerThread()
    let limits: ServiceLimits
    /// What can be asked.
    package let kinds: AnalysisKinds
    private let codeVersion: String
    /// Rises whenever the fields or the numbers of answers change within a version: kept results of before are then
    /// other questions', and are not given for new ones.
    private static let answerRevision = 4
    private let turns = TurnKeeper()
    private let counts = Mutex(Counts())

    package init(threads: Int, limits: ServiceLimits, codeVersion: String, kinds: AnalysisKinds = .standard) {
        self.kinds = kinds
        compute = Compute(threads: threads, budget: limits.computeBytes, queueLength: limits.queueLength)
        activations = ActivationCache(budget: limits.activationCacheBytes)
        results = ByteBudgetCache(budget: limits.resultCacheBytes)
        self.limits = limits
        self.codeVersion = codeVersion
    }

    package var snapshot: Counts { counts.withLock { $0 } }

    /// Lets go of everything that `model` made.
    package func forget(_ model: LoadedModel) {
        activations.removeAll { $0.model == model.fingerprint }
    }

    /// A question whose images are among its parameters.
    ///
    /// - Throws: `invalid` with every fault, `notFound`, and what the disk says.
    package func prepare(
        _ kind: AnalysisKind, _ parameters: [AnalysisParameter], _ models: [NamedModel], from sources: AnalysisSources
    ) async throws(ServiceError) -> PreparedAnalysis {
        var values = ParameterValues(parameters, of: kind.spec)
        let images = try await sources.images(&values)
        return try prepare(kind, parameters, &values, models, images)
    }

    /// A question about images that were found.
    ///
    /// - Parameter parameters: neither images nor models among them.
    /// - Throws: `invalid` with every fault.
    package func prepare(
        _ kind: AnalysisKind, _ parameters: [AnalysisParameter], _ models: [NamedModel], _ images: AnalysisImages
    ) throws(ServiceError) -> PreparedAnalysis {
        var values = ParameterValues(parameters, of: kind.spec, withImages: false)
        return try prepare(kind, parameters, &values, models, images)
    }

    private func prepare(
        _ kind: AnalysisKind, _ parameters: [AnalysisParameter], _ values: inout ParameterValues,
        _ models: [NamedModel], _ images: AnalysisImages?
    ) throws(ServiceError) -> PreparedAnalysis {
        // Images that are not there are none that the task is short of.
        let subjects = AnalysisKind.Subjects(models, images: images?.sources.count ?? .max)
        let task = subjects.flatMap { kind.task(&values, $0) }
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

    /// What is remembered of the same question.
    package func remembered(_ analysis: PreparedAnalysis) -> AnalysisResult? {
        results.value(for: analysis.id)?.found(for: analysis)
    }

    /// Remembers a result that came from elsewhere. A large one would push everything else out.
    package func remember(_ result: AnalysisResult) {
        if result.byteCount <= results.budget / 8 {
            results.insert(result, bytes: result.byteCount, for: result.id)
        }
    }

    /// Finds or computes the result.
    ///
    /// - Parameter progress: is told how many images are done.
    package func run(
        _ analysis: PreparedAnalysis, progress: (@Sendable (Int) -> Void)? = nil
    ) async throws -> AnalysisResult {
        if let result = remembered(analysis) { return result }
        let key = analysis.task.turnKey.map { $0 + imagesKey(analysis.images) } ?? analysis.id
        return try await turns.withTurn(for: key) { [self] in
            if let result = remembered(analysis) { return result }
            let time = TimeKeeper()
            let context = AnalysisContext(
                engine: self, images: analysis.images.sources, time: time, progress: progress)
            let start = ContinuousClock.now
            let answer = try await analysis.task.answer(context)
            time.add("total", (ContinuousClock.now - start).seconds)
            counts.withLock { $0.finished[analysis.kind, default: 0] += 1 }
            let result = AnalysisResult(analysis, answer: answer, time: time)
            remember(result)
            return result
        }
    }

    /// The pixels of `source` as `transform` shows them to a model.
    ///
    /// - Parameter keeping: whether they will be wanted again.
    package func view(of source: ImageSource, _ transform: EvaluationTransform, keeping: Bool) throws -> Image {
        let key = ActivationKey.view(image: source.key, transform: transform)
        if keeping, case .view(let image)? = activations.value(for: key) { return image }
        let start = ContinuousClock.now
        let view: Image
        do {
            view = try transform.view(of: source.image())
        } catch let error as ImageError {
            throw ServiceError.unreadable("The image “\(source.ref)” cannot be used: \(error).")
        } catch let error as FileError {
            throw ServiceError.conflict(
                error.isMissing
                    ? "The file behind “\(source.ref)” is gone." : "The file behind “\(source.ref)” cannot be read.")
        }
        let seconds = (ContinuousClock.now - start).seconds
        counts.withLock {
            $0.imagesDecoded += 1
            $0.decodeSeconds += seconds
        }
        if keeping { activations.keep(.view(view), for: key) }
        return view
    }

    func countForward(images: Int, seconds: Double) {
        counts.withLock {
            $0.imagesForwarded += images
            $0.forwardSeconds += seconds
        }
    }

    private func imagesKey(_ images: AnalysisImages) -> String {
        let hash = SHA256()
        for source in images.sources { hash.update(source.key + "\n") }
        return hash.hex()
    }
}
