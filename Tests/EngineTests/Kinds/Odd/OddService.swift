import Catalogue
import Checkpoints
import Engine
import Models
import Platform
import Service
import ServiceTestSupport
import Tensors
import Testing

/// A service with damaged models, and a dataset of one image five times, called “same”.
struct OddService {
    let test: TestService
    private let shape: OddShape

    /// Small settings of the kinds that take their time; a new kind needs none.
    static let settings: [AnalysisKind: [AnalysisParameter]] = [
        .tsne: [.init("iterations", "5")], .linearProbe: [.init("epochs", "2")],
        .frequencyRobustness: [.init("frequencies", "0.5")], .shapeBias: [.init("n_train", "20")],
        .knn: [.init("k", "1,3")], .attention: [.init("mass", "0.6"), .init("layer", "all")],
        .fourier: [.init("map", "true")], .reconstruction: [.init("decoder_heads", "2")],
        .segmentationProbe: [.init("epochs", "2")],
    ]

    /// - Parameter damages: each is a model, called after it.
    init(_ shape: OddShape, _ damages: [Damage]) async throws {
        let test = try await TestService()
        for folder in ["same/left", "same/right"] { try Folder.create("\(test.folder)/datasets/\(folder)") }
        for index in 0..<5 {
            let path = "\(test.folder)/datasets/same/\(index < 3 ? "left" : "right")/\(index).png"
            try AtomicFile.write(TestService.picture(3), to: path)
        }
        (self.test, self.shape) = (test, shape)
        let weights = try shape.weights()
        for damage in damages { try await add(damage.applied(to: weights), as: damage.rawValue) }
    }

    /// Loads a model of the shape's architecture.
    func add(_ weights: StateDict, as name: String) async throws {
        let config = shape.config
        try SafeTensors.write(weights, to: "\(test.folder)/models/\(name).safetensors")
        let info = try await test.service.register(
            ModelRegistration(
                name: name, path: "\(name).safetensors", numHeads: config.numHeads, imgSize: config.imgSize),
            waiting: 60)
        try #require(info.state == .ready, "\(shape), \(name): \(info)")
        #expect(info.config?.grid == config.grid && info.config?.classToken == config.classToken, "\(shape)")
    }

    /// The answer; nil where the question is refused, as a caller's mistake.
    ///
    /// - Parameter more: instead of the settings of the same names.
    func answer(
        _ kind: AnalysisKind, _ damage: Damage, _ images: OddImages, _ more: [AnalysisParameter] = []
    ) async throws -> AnalysisResult? {
        try await answer(kind, model: damage.rawValue, images, more)
    }

    func answer(
        _ kind: AnalysisKind, model: String, _ images: OddImages, _ more: [AnalysisParameter] = []
    ) async throws -> AnalysisResult? {
        var parameters = images.references(kind).map { AnalysisParameter("image", $0) }
        if kind.spec.comparesTwo { parameters += [.init("a", model), .init("b", model)] }
        parameters += (Self.settings[kind] ?? []).filter { setting in !more.contains { $0.name == setting.name } }
        do {
            let prepared = try await test.service.prepare(
                kind, model: kind.spec.comparesTwo ? nil : model, parameters: parameters + more)
            return try await test.service.run(prepared)
        } catch {
            switch error {
            case .invalid, .conflict, .tooLarge: return nil
            default: throw error
            }
        }
    }
}
