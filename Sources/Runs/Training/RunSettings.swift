import Catalogue
import JSON
import Models
import Platform
import Tensors
import Training

/// What is read before anything is computed: the settings, and the checkpoint they begin with.
struct RunSettings: Sendable {
    let configuration: TrainingConfiguration
    let initial: RecognisedModel?

    init(_ request: TrainingRequest) throws(TrainingFailure) {
        let body: JSONValue
        switch request.configuration {
        case .file(let path):
            do { body = try JSONValue.parse(try MappedFile.open(path)) } catch {
                throw TrainingFailure(.configuration, "\(path): \(error).")
            }
        case .value(let value): body = value
        }
        let first = try Self.parse(body)
        let initial = try first.initFrom.map { file throws(TrainingFailure) in
            try Self.open(request.initFromPath ?? file, Self.options(first))
        }
        self.init(try Self.sized(first, body, initial), initial: initial)
    }

    private init(_ configuration: TrainingConfiguration, initial: RecognisedModel?) {
        self.configuration = configuration
        self.initial = initial
    }

    /// What is known before a run, whose checkpoint somebody else has read.
    ///
    /// - Parameter body: what `first` was read from.
    init(_ body: JSONValue, _ first: TrainingConfiguration, initial: ReadModel?) throws(TrainingFailure) {
        let model = initial.map { RecognisedModel(config: $0.model.config, stateDict: $0.tensors) }
        if let model { try Self.check(model, name: first.initFrom ?? "") }
        self.init(try Self.sized(first, body, model), initial: model)
    }

    /// Where nobody says a size, the checkpoint's counts, and the views have it.
    private static func sized(
        _ first: TrainingConfiguration, _ body: JSONValue, _ initial: RecognisedModel?
    ) throws(TrainingFailure) -> TrainingConfiguration {
        guard let initial, first.imgSize == nil, case .object(let members) = body else { return first }
        let side = initial.config.imgSize.height
        return try parse(.object(members.filter { $0.name != "img_size" } + [.init("img_size", .int(side))]))
    }

    /// How the checkpoint that a run begins with is read.
    static func options(_ configuration: TrainingConfiguration) -> LoadOptions {
        var options = LoadOptions()
        options[.imgSize] = configuration.imgSize.map(JSONValue.int)
        return options
    }

    static func parse(_ body: JSONValue) throws(TrainingFailure) -> TrainingConfiguration {
        do throws(TrainingError) { return try TrainingConfiguration(body) } catch { throw TrainingFailure(error) }
    }

    private static func open(_ path: String, _ options: LoadOptions) throws(TrainingFailure) -> RecognisedModel {
        do {
            let (checkpoint, place) = try Inspection.open(path)
            let model = try ModelLoader.recognise(checkpoint, options, fileName: place.name)
            try check(model, name: place.name)
            return model
        } catch let failure as TrainingFailure { throw failure } catch let failure as LoadFailure {
            throw TrainingFailure.setting("/init_from", failure.sentence)
        } catch { throw TrainingFailure.setting("/init_from", "\(error)") }
    }

    /// - Throws: where a run cannot begin with `model`.
    private static func check(_ model: RecognisedModel, name: String) throws(TrainingFailure) {
        guard model.config.imgSize.height == model.config.imgSize.width, model.config.patchEmbed == .linear else {
            throw TrainingFailure.setting(
                "/init_from", "\(name): only square images and a linear patch embedding are trained.")
        }
        // In the file's order; classifiers begin anew, whatever they were.
        for tensor in model.stateDict.names where !NetworkState.isNew(tensor) {
            guard model.stateDict[tensor]?.isFinite ?? true else {
                throw TrainingFailure.setting("/init_from", "\(name): \(NetworkState.notFinite(tensor))")
            }
        }
    }

    /// The encoder: as configured, or the checkpoint's own.
    func vit() throws(TrainingFailure) -> ViTRecipe {
        if let vit = configuration.vit { return vit }
        guard let initial else { throw TrainingFailure.setting("/arch", "A job needs an arch.") }
        var vit = ViTRecipe(initial.config)
        vit.config.numClasses = 0
        vit.config.fcNorm = false
        vit.config.finalNorm = true
        vit.config.globalPool = .token
        vit.initialization = configuration.initialization
        vit.precision = configuration.precision
        if let table = initial.stateDict["pos_embed"].flatMap(SinCosTable.recognise) {
            vit.positions = .sinCos(table.table)
        }
        var faults: [Fault] = []
        TrainingConfiguration.check(vit, configuration.method, configuration.objective) {
            faults.append(.init(pointer: "/" + $0, detail: $1))
        }
        guard faults.isEmpty else {
            throw TrainingFailure(
                .configuration, faults.map { "\($0.pointer): \($0.detail)" }.joined(separator: "\n"), faults: faults)
        }
        return vit
    }
}
