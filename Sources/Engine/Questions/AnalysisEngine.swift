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
    package let results: ResultCache
    /// Decodes and encodes, and answers what needs no model: whoever hovers does not wait behind a long analysis.
    package let encodingThread = WorkerThread { NumericLibraries.prepareThread() }
    let limits: ServiceLimits
    package let reader: QuestionReader
    /// The networks that are held.
    package let networks = Networks()
    package let passes = SharedPasses()
    private let turns = TurnKeeper()
    private let counts = Mutex(Counts())

    package init(threads: Int, limits: ServiceLimits, codeVersion: String, kinds: AnalysisKinds = .standard) {
        reader = QuestionReader(kinds: kinds, codeVersion: codeVersion)
        compute = Compute(threads: threads, budget: limits.computeBytes, queueLength: limits.queueLength)
        activations = ActivationCache(budget: limits.activationCacheBytes)
        results = ByteBudgetCache(budget: limits.resultCacheBytes)
        self.limits = limits
    }

    package var snapshot: Counts { counts.withLock { $0 } }

    /// Reads a checkpoint and holds its network.
    ///
    /// - Throws: `LoadFailure`.
    package func load(_ place: CheckpointPlace, _ options: LoadOptions) throws(LoadFailure) -> LoadedModel {
        try networks.hold(ModelLoader.read(place, options))
    }

    /// Lets go of a network and of everything that it made.
    package func forget(_ fingerprint: String) {
        networks.release(fingerprint)
        activations.removeAll { key, _ in key.model == fingerprint }
    }

    /// Finds or computes the result.
    ///
    /// - Parameter progress: is told how many images are done.
    package func run(
        _ analysis: PreparedAnalysis, progress: (@Sendable (Int) -> Void)? = nil
    ) async throws -> AnalysisResult {
        if let result = results.remembered(analysis) { return result }
        // Who keeps nothing for the next one does not hold it up.
        let turnKey = AnalysisContext.keepsActivations(of: analysis.images.sources.count) ? analysis.task.turnKey : nil
        let key = turnKey.map { $0 + imagesKey(analysis.images) } ?? analysis.id
        return try await turns.withTurn(for: key) { [self] in
            if let result = results.remembered(analysis) { return result }
            let time = TimeKeeper()
            let context = context(of: analysis, time, progress: progress)
            let start = ContinuousClock.now
            let answer = try await analysis.task.answer(context)
            time.add("total", (ContinuousClock.now - start).seconds)
            counts.withLock { $0.finished[analysis.kind, default: 0] += 1 }
            let result = AnalysisResult(analysis, answer: answer, time: time)
            results.remember(result)
            return result
        }
    }

    func context(
        of analysis: PreparedAnalysis, _ time: TimeKeeper, progress: (@Sendable (Int) -> Void)?
    ) -> AnalysisContext {
        AnalysisContext(
            engine: self, images: analysis.images.sources, networks: held(for: analysis), time: time,
            progress: progress, isUrgent: analysis.isUrgent)
    }

    private func held(for analysis: PreparedAnalysis) -> [String: LoadedNetwork] {
        var held: [String: LoadedNetwork] = [:]
        for model in analysis.task.models {
            held[model.model.fingerprint] = networks[model.model.fingerprint]
        }
        return held
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
