import Catalogue
import Engine
import JSON
import Platform
import Synchronization
import Tensors

/// The process that holds networks and activations, and answers questions about them. It reaches no network, runs no
/// program, and reads what it was told of and nothing else.
package enum ComputeHost {
    /// Answers what comes over standard input until the server is gone. Comes before anything else, while the process has
    /// one thread.
    package static func run(_ arguments: [String]) -> Never {
        guard let text = arguments.first,
            let settings = try? JSONValue.parse(Array(text.utf8)).decoded(as: ComputeSettings.self)
        else { Machine.leave() }
        Machine.offerToEndFirst()
        Machine.mapLargeAllocations()
        Tensor.mapMemory()
        let outcome = Confinement.apply(
            Confinement.Limits(), readable: Confinement.systemPlaces + settings.readable, isStrict: false)
        let socket = MessageSocket(owning: 0)
        let host = Host(settings.makeEngine(), socket, isConfined: outcome.filesHold && outcome.callsHold)
        // This thread listens, whatever is computed, so that the process ends with its server.
        while let frame = Frame.receive(from: socket) { host.take(frame) }
        Machine.leave(0)
    }
}

/// What answers. A class because who works on what is shared.
private final class Host: Sendable {
    private let engine: AnalysisEngine
    private let socket: MessageSocket
    private let tasks = Mutex<[UInt64: Work]>([:])
    /// Networks are built one after another, beside the questions.
    private let loading = WorkerThread { NumericLibraries.prepareThread() }

    private let isConfined: Bool

    /// What becomes of a request.
    private enum Work {
        /// On the thread that listens, which hears of no cancel meanwhile.
        case begun
        case running(Task<Void, Never>)

        func cancel() {
            if case .running(let task) = self { task.cancel() }
        }
    }

    init(_ engine: AnalysisEngine, _ socket: MessageSocket, isConfined: Bool) {
        self.engine = engine
        self.isConfined = isConfined
        self.socket = socket
    }

    func take(_ frame: Frame) {
        guard let request = try? frame.head.decoded(as: ComputeRequest.self) else {
            return send(frame.number, .failed(.internalFault("a request that is none")), [])
        }
        if case .cancel(let number) = request { return tasks.withLock { $0[number]?.cancel() } }
        // A question begins on this thread, which comes back when it is handed on: waking another costs more than reading it.
        let number = frame.number
        tasks.withLock { $0[number] = .begun }
        let task =
            if case .answer = request {
                Task.immediate { [self] in await work(request, frame) }
            } else {
                Task { [self] in await work(request, frame) }
            }
        // It may be done already.
        tasks.withLock { if $0[number] != nil { $0[number] = .running(task) } }
    }

    private func work(_ request: ComputeRequest, _ frame: Frame) async {
        let (reply, payload) = await answer(request, frame.payload)
        tasks.withLock { $0[frame.number] = nil }
        send(frame.number, reply, payload)
    }

    private func send(_ number: UInt64, _ reply: ComputeReply, _ payload: [Bytes]) {
        do {
            try Frame.send(number, JSONValue(encoding: reply), payload: payload, over: socket)
        } catch {
            let failure = ComputeReply.failed(.internalFault("an answer could not be sent: \(error)"))
            if let head = try? JSONValue(encoding: failure) { try? Frame.send(number, head, over: socket) }
        }
    }

    private func answer(_ request: ComputeRequest, _ payload: Bytes) async -> (ComputeReply, [Bytes]) {
        do {
            switch request {
            case .load(let path, let digest): return (try await load(path, digest), [])
            case .forget(let fingerprint):
                engine.forget(fingerprint)
                Tensor.releaseRecycledMemory()
                return (.done, [])
            case .answer(let question):
                FaultPoint.pass(.computeAnswering, question.kind)
                let result = try await engine.run(prepared(question))
                return (.result(result.timing.entries), ResultCodec.parts(result))
            case .draw(let drawing): return (.image, [Bytes(try await draw(drawing, payload))])
            case .view(let source, let transform):
                return (.image, [Bytes(try await LocalComputing(engine).view(of: source, transform))])
            case .look(let files, let faults):
                return (.looks(try await LocalComputing(engine).look(at: files, faults: faults)), [])
            case .counts:
                var counts = await engine.computingCounts()
                counts.isConfined = isConfined
                return (.counts(counts), [])
            case .cancel: return (.done, [])
            }
        } catch {
            return (.failed(ServiceError(error)), [])
        }
    }

    private func load(_ path: String, _ digest: String) async throws -> ComputeReply {
        do {
            let model = try await loading.run { [engine] in
                try engine.networks.hold(CanonicalModel.open(path, digest: digest))
            }
            return .loaded(model)
        } catch let failure as LoadFailure {
            return .notLoaded(failure)
        }
    }

    private func prepared(_ question: ComputeRequest.Question) throws -> PreparedAnalysis {
        guard let kind = engine.reader.kinds[question.kind] else {
            throw ServiceError.internalFault("there is no kind \(question.kind)")
        }
        let models = try question.models.map { model in
            guard let network = engine.networks[model.fingerprint] else {
                throw ServiceError.unavailable(
                    "The model “\(model.name)” was deleted, or is loading again. Ask again.")
            }
            return NamedModel(name: model.name, model: network.model)
        }
        let prepared = try engine.reader.prepare(kind, question.parameters, models, question.images)
        guard prepared.id == question.id else {
            throw ServiceError.internalFault(
                "the question \(question.id) is read as \(prepared.id) where it is computed")
        }
        return prepared
    }

    private func draw(_ drawing: ComputeRequest.Drawing, _ payload: Bytes) async throws -> [UInt8] {
        guard let kind = engine.reader.kinds[drawing.kind],
            let result = ResultCodec.decode(
                payload, id: drawing.id, kind: kind, sources: drawing.sources, transform: drawing.transform)
        else { throw ServiceError.internalFault("a result that cannot be read") }
        return try await LocalComputing(engine).draw(result, figure: drawing.figure, overlay: !drawing.sources.isEmpty)
    }
}
