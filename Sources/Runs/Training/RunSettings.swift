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
        try self.init(body, try Self.parse(body), initFromPath: request.initFromPath)
    }

    /// - Parameters:
    ///   - body: what `first` was read from.
    ///   - initFromPath: where the checkpoint lies, if not where the configuration says.
    init(_ body: JSONValue, _ first: TrainingConfiguration, initFromPath: String?) throws(TrainingFailure) {
        guard let file = first.initFrom else {
            (configuration, initial) = (first, nil)
            return
        }
        let model = try Self.open(initFromPath ?? file, imgSize: first.imgSize)
        initial = model
        // Where nobody says a size, the checkpoint's counts, and the views have it.
        if first.imgSize == nil, case .object(let members) = body {
            let side = model.config.imgSize.height
            configuration = try Self.parse(
                .object(members.filter { $0.name != "img_size" } + [.init("img_size", .int(side))]))
        } else {
            configuration = first
        }
    }

    static func parse(_ body: JSONValue) throws(TrainingFailure) -> TrainingConfiguration {
        do throws(TrainingError) { return try TrainingConfiguration(body) } catch { throw TrainingFailure(error) }
    }

    private static func open(_ path: String, imgSize: Int?) throws(TrainingFailure) -> RecognisedModel {
        do {
            let (checkpoint, place) = try Inspection.open(path)
            var options = LoadOptions()
            options[.imgSize] = imgSize.map(JSONValue.int)
            let model = try ModelLoader.recognise(checkpoint, options, fileName: place.name)
            guard model.config.imgSize.height == model.config.imgSize.width, model.config.patchEmbed == .linear else {
                throw TrainingFailure.setting(
                    "/init_from", "\(place.name): only square images and a linear patch embedding are trained.")
            }
            // In the file's order; classifiers begin anew, whatever they were.
            for name in model.stateDict.names where !NetworkState.isNew(name) {
                guard model.stateDict[name]?.tensor().isFinite ?? true else {
                    throw TrainingFailure.setting(
                        "/init_from", "\(place.name): \(NetworkState.notFinite(name))")
                }
            }
            return model
        } catch let failure as TrainingFailure { throw failure } catch let failure as LoadFailure {
            throw TrainingFailure.setting("/init_from", failure.sentence)
        } catch { throw TrainingFailure.setting("/init_from", "\(error)") }
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
