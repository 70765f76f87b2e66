package import Catalogue
package import Engine
package import Images
package import Logging
package import Platform
import Synchronization

/// Computes in a process of its own and reads the files of strangers in others, so that a fault costs one request.
package final class ProcessComputing: Computing {
    private let forms: CanonicalStore
    private let parser: ParserProcess
    /// Of the forms of the models that are loaded, by their fingerprints.
    private let digests = Mutex<[String: String]>([:])
    private let compute: ComputeProcess

    /// - Parameters:
    ///   - program: what is run; this same program unless said otherwise.
    ///   - dataDirectory: where forms of models and images lie, and what is remembered of questions that end the process.
    ///   - settings: of the process that computes.
    ///   - deaths: counts those of both kinds.
    package init(
        program: String = "/proc/self/exe", dataDirectory: String, settings: ComputeSettings,
        deaths: DeathCount, logger: Logger
    ) {
        forms = CanonicalStore(folder: dataDirectory + "/canonical", program: program)
        parser = ParserProcess(program: program, deaths: deaths)
        compute = ComputeProcess(
            program: program, settings: settings,
            suspicion: Suspicion(path: dataDirectory + "/fatal-questions.json", program: program), deaths: deaths,
            logger: logger)
    }

    /// Makes the folder for forms, and starts to compute.
    package func start(lost: @escaping @Sendable (_ fingerprint: String) async -> Void) async throws {
        try forms.open()
        compute.start(lost: lost)
        await compute.settle(.seconds(5))
    }

    package func end() async { await compute.end() }

    package var absence: String? { compute.absence }

    // MARK: Models

    package func load(
        _ place: CheckpointPlace, _ options: LoadOptions, on thread: WorkerThread
    ) async throws -> LoadedModel {
        var form = try await form(of: place, options)
        var reply = try await load(form)
        if case .notLoaded = reply {
            // Our own copy may be damaged; the checkpoint itself says whether it is.
            forms.forget(place, options)
            form = try await self.form(of: place, options)
            reply = try await load(form)
        }
        switch reply {
        case .loaded(let loaded):
            // The report is that of this file; the form may have been made of another with the same bytes.
            var own = form.model
            own.memoryBytes = loaded.memoryBytes
            digests.withLock { $0[own.fingerprint] = form.digest }
            return own
        case .notLoaded(let failure): throw failure
        default: throw ServiceError.internalFault("a load was answered by something else")
        }
    }

    private func load(_ form: ModelForm) async throws -> ComputeReply {
        try await compute.load(
            form.model.fingerprint, at: forms.path(of: form.model.fingerprint), digest: form.digest)
    }

    package func read(_ place: CheckpointPlace, _ options: LoadOptions) async throws -> ReadModel {
        let form = try await form(of: place, options)
        return try CanonicalModel.open(forms.path(of: form.model.fingerprint), digest: form.digest)
    }

    package func forget(_ model: LoadedModel) async {
        digests.withLock { $0[model.fingerprint] = nil }
        await compute.forget(model.fingerprint)
    }

    package func reference(to model: LoadedModel, named reference: ModelReference) -> ModelReference {
        guard let digest = digests.withLock({ $0[model.fingerprint] }) else { return reference }
        return reference.with(form: Folder.absolute(forms.path(of: model.fingerprint)), digest: digest)
    }

    /// Has our own form of a checkpoint made, unless there is one.
    private func form(of place: CheckpointPlace, _ options: LoadOptions) async throws -> ModelForm {
        if let known = forms.known(place, options) { return known }
        let before = forms.key(place, options)
        let input = try Self.open(place), output = try forms.begin()
        let order = ParserOrder.checkpoint(options, fileName: place.name)
        let reply: ParserReply
        do {
            reply = try await parser.read(order, input, bytes: place.byteCount, to: output.writing())
        } catch let death as ParserProcess.Death {
            throw LoadFailure(
                sentence:
                    "The process that read the file ended before it was done (\(death.how)), so the file is refused.",
                report: nil)
        }
        switch reply {
        case .checkpoint(let form):
            guard form.isPlausible else { throw ServiceError.internalFault("a parser described no model") }
            try forms.keep(output, of: form, from: place, options, before: before)
            forms.prune(keeping: compute.fingerprints.union([form.model.fingerprint]))
            return form
        case .noCheckpoint(let failure): throw failure
        case .failed(let error): throw error
        case .image: throw ServiceError.internalFault("a checkpoint was answered with an image")
        }
    }

    private static func open(_ place: CheckpointPlace) throws(LoadFailure) -> OpenFile {
        do { return try OpenFile(place.name, beneath: place.directory) } catch {
            throw LoadFailure(sentence: ServiceError.sentence("\(error)"), report: nil)
        }
    }

    // MARK: Questions

    package func answer(_ analysis: PreparedAnalysis) async throws -> AnalysisResult {
        let question = ComputeRequest.Question(
            id: analysis.id, kind: analysis.kind.name,
            models: analysis.task.models.map { .init(name: $0.name, fingerprint: $0.model.fingerprint) },
            parameters: analysis.ownParameters, images: analysis.images)
        let start = ContinuousClock.now
        let answer = try await compute.ask(.answer(question), key: analysis.id)
        guard case .result(var timing) = answer.reply,
            let result = ResultCodec.decode(answer.payload, id: analysis.id, kind: analysis.kind)
        else { throw ServiceError.internalFault("a question was answered by something else") }
        // What the way to the other process and back took.
        let total = timing.first { $0.name == "total" }?.seconds ?? 0
        timing.append(.init(name: "border", seconds: (ContinuousClock.now - start).seconds - total, description: nil))
        return result.found(for: analysis, timing: timing)
    }

    package func draw(_ result: AnalysisResult, figure: String?, overlay: Bool) async throws -> [UInt8] {
        let drawing = ComputeRequest.Drawing(
            id: result.id, kind: result.kind.name, figure: figure,
            sources: overlay ? result.scene.sources : [], transform: overlay ? result.scene.transform : nil)
        return try await image(
            .draw(drawing), ResultCodec.parts(result), key: "draw \(result.id) \(figure ?? "") \(overlay)")
    }

    package func view(of source: ImageSource, _ transform: EvaluationTransform) async throws -> [UInt8] {
        try await image(.view(source, transform), [], key: "view \(source.key) \(transform)")
    }

    private func image(_ request: ComputeRequest, _ payload: [Bytes], key: String) async throws -> [UInt8] {
        let answer = try await compute.ask(request, payload: payload, key: key)
        guard case .image = answer.reply else {
            throw ServiceError.internalFault("an image was answered by something else")
        }
        return answer.payload.array
    }

    // MARK: Images

    package func look(at files: [FolderImage], faults: Int) async throws -> [ImageLook] {
        let names = SHA256.hex(of: Array(files.map { "\($0.root)/\($0.path)\n" }.joined().utf8))
        let answer = try await compute.ask(.look(files, faults: faults), key: "look " + names)
        guard case .looks(let looks) = answer.reply else {
            throw ServiceError.internalFault("a look was answered by something else")
        }
        return looks
    }

    package func read(_ image: OpenFile, pixels: OpenFile, limits: ImageLimits) async throws -> ImageFacts {
        do {
            let bytes = try image.bytes().count
            switch try await parser.read(.image(limits), image, bytes: bytes, to: pixels) {
            case .image(let facts): return facts
            case .failed(let error): throw error
            case .checkpoint, .noCheckpoint: throw ServiceError.internalFault("an image was answered with a model")
            }
        } catch let death as ParserProcess.Death {
            throw ServiceError.unreadable(
                "The process that decoded the image ended before it was done (\(death.how)), so the image is refused.")
        }
    }

    // MARK: Counts

    package func counts() async -> ComputingCounts {
        var counts = ComputingCounts()
        if case .counts(let found)? = await compute.counts() { counts = found }
        return counts
    }
}
