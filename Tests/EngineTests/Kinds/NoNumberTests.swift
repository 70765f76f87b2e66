import Catalogue
import TestSupport
import Checkpoints
import Engine
import Images
import JSON
import Models
import Platform
import Service
import ServiceTestSupport
import Tensors
import Testing

/// What is no number stays none: every kind of analysis of models whose weights are not what they should be.
@Suite struct NoNumberTests {
    /// What is wrong with a model.
    enum Damage: String, CaseIterable, Sendable {
        case nanInOne, nanInAll, infinityInOne, huge, tiny, zero

        func applied(to weights: StateDict) -> StateDict {
            var damaged = weights
            for name in weights.names {
                guard let tensor = weights[name]?.tensor() else { continue }
                damaged[name] = StateDict.Entry(changed(tensor, name))
            }
            return damaged
        }

        private func changed(_ tensor: Tensor, _ name: String) -> Tensor {
            var changed = tensor
            switch self {
            case .nanInOne: if name == "blocks.1.mlp.fc2.weight" { changed[flat: 3] = .nan }
            case .infinityInOne: if name == "blocks.0.attn.qkv.weight" { changed[flat: 3] = .infinity }
            case .nanInAll: return tensor.map { _ in .nan }
            case .huge: return tensor.map { $0 < 0 ? -1e19 : 1e19 }
            case .tiny: return tensor.map { $0 < 0 ? -1e-30 : 1e-30 }
            case .zero: return tensor.map { _ in 0 }
            }
            return changed
        }
    }

    /// What else is at its least.
    enum Shape: String, CaseIterable, Sendable {
        case plain, oneHead, onePatch

        var config: VisionTransformerConfig {
            let side = self == .onePatch ? 4 : 8
            var config = VisionTransformerConfig(
                imgSize: ImageSize(height: side, width: side), patchSize: 4, embedDim: 8, depth: 2,
                numHeads: self == .oneHead ? 1 : 2, mlpHidden: 16)
            config.numClasses = 0
            return config
        }
    }

    /// Which images: several, one, or one five times.
    enum Pictures: String, CaseIterable, Sendable {
        case several, one, same

        func references(_ kind: AnalysisKind) -> [String] {
            let numbers: [Int] =
                switch self {
                case .several: [0, 1, 2, 4, 5]
                case .one: [0]
                case .same: [0, 1, 2, 3, 4]
                }
            // Cues that conflict are in drawn images alone.
            let dataset = kind == .shapeBias ? "shapes-textures" : self == .same ? "same" : "pets"
            return numbers.map { "\(dataset):\($0)" }
        }
    }

    /// Small settings of the kinds that take their time; a new kind needs none.
    private static let settings: [AnalysisKind: [AnalysisParameter]] = [
        .tsne: [.init("iterations", "5")], .linearProbe: [.init("epochs", "2")],
        .frequencyRobustness: [.init("frequencies", "0.5")], .shapeBias: [.init("n_train", "20")],
        .knn: [.init("k", "1,3")], .attention: [.init("mass", "0.6"), .init("layer", "all")],
        .fourier: [.init("map", "true")],
    ]

    /// Figures that the parameters alone decide, beside the parameters' own echo.
    private static let echoes: Set<String> = [
        "figures", "frequency_pi", "normalized_depth", "uniform", "chance", "bandwidth_threshold",
    ]

    private func service(_ shape: Shape, _ damages: [Damage]) async throws -> TestService {
        let test = try await TestService()
        for folder in ["same/left", "same/right"] { try Folder.create("\(test.folder)/datasets/\(folder)") }
        for index in 0..<5 {
            let path = "\(test.folder)/datasets/same/\(index < 3 ? "left" : "right")/\(index).png"
            try AtomicFile.write(TestService.picture(3), to: path)
        }
        let weights = VisionTransformer.randomStateDict(shape.config, seed: 7)
        for (name, dict) in [("sound", weights)] + damages.map({ ($0.rawValue, $0.applied(to: weights)) }) {
            try SafeTensors.write(dict, to: "\(test.folder)/models/\(name).safetensors")
            let info = try await test.service.register(
                ModelRegistration(
                    name: name, path: "\(name).safetensors", numHeads: shape.config.numHeads,
                    imgSize: shape.config.imgSize), waiting: 60)
            #expect(info.state == .ready, "\(name): \(info)")
        }
        return test
    }

    /// The answer; nil where the question is refused, as a caller's mistake.
    private func answer(
        _ test: TestService, _ kind: AnalysisKind, _ model: String, _ pictures: Pictures
    ) async throws -> AnalysisResult? {
        var parameters = pictures.references(kind).map { AnalysisParameter("image", $0) }
        if kind.spec.comparesTwo { parameters += [.init("a", model), .init("b", model)] }
        parameters += Self.settings[kind] ?? []
        do {
            let prepared = try await test.service.prepare(
                kind, model: kind.spec.comparesTwo ? nil : model, parameters: parameters)
            return try await test.service.run(prepared)
        } catch {
            switch error {
            case .invalid, .conflict, .tooLarge: return nil
            default: throw error
            }
        }
    }

    @Test(arguments: Shape.allCases, Damage.allCases)
    func everyNumberIsFiniteOrNullWithAReason(_ shape: Shape, _ damage: Damage) async throws {
        let test = try await service(shape, [damage])
        for kind in AnalysisKinds.standard.all {
            var answered = 0
            for pictures in Pictures.allCases {
                guard let result = try await answer(test, kind, damage.rawValue, pictures) else { continue }
                answered += 1
                let place = "\(kind.name), \(shape), \(damage), \(pictures)"
                let missing = Self.unexplained(result)
                #expect(missing.isEmpty, "\(place): \(missing.prefix(4))")
                try await expectForms(test, result, place, picture: pictures == .several && shape == .plain)
                for name in Self.shares { expectShares(result, name, place) }
                if damage == .nanInAll { expectNoFigure(result, place) }
            }
            // With one patch an image there are fewer points than some kinds take.
            #expect(answered > 0 || shape == .onePatch, "\(kind.name) refuses \(shape)")
        }
    }

    /// Figures that lie between 0 and 1 wherever there is one.
    private static let shares = [
        "top1", "top5", "top1_by_k", "clean_accuracy", "accuracy", "shape_bias", "shape_fraction", "texture_fraction",
        "patches_to_cls", "cls_to_cls", "explained_ratio", "rollout", "unison",
    ]

    private func expectShares(_ result: AnalysisResult, _ name: String, _ place: String) {
        for number in result.numbers(name) where number.isFinite {
            #expect((-1e-9...1 + 1e-6).contains(number), "\(place): \(name) \(number)")
        }
    }

    /// Of a model of nothing but NaN there is no figure at all.
    private func expectNoFigure(_ result: AnalysisResult, _ place: String) {
        let spec = result.kind.spec
        let known = Self.echoes.union((spec.subjects + spec.parameters).map(\.name))
        for (name, value) in result.fields where !known.contains(name) {
            let finite = Self.numbers(value).filter(\.isFinite)
            #expect(finite.isEmpty, "\(place): \(name) has \(finite.prefix(4))")
        }
        for name in ["n_shape", "n_texture", "n_other"] where result[name] != nil {
            #expect(result[name] == .null, "\(place): \(name)")
        }
        if case .list(let classes)? = result["classes"], result.kind == .gradientRollout {
            #expect(!classes.contains { $0 != .null }, "\(place)")
        }
    }

    private static func numbers(_ value: JSONValue) -> [Double] {
        switch value {
        case .double(let number): [number]
        case .array(let array):
            switch array.numbers {
            case .float32(let tensor): tensor.array.map(Double.init)
            case .float64(let numbers): numbers
            }
        case .object(let members): members.flatMap { numbers($0.value) }
        case .list(let values): values.flatMap { numbers($0) }
        case .null, .bool, .int, .string: []
        }
    }

    /// Places of numbers that are not finite, and of nulls in lists, without a reason at them or around them.
    private static func unexplained(_ result: AnalysisResult) -> [String] {
        let reasons = result["reasons"]?.elements ?? []
        let explained = Set(
            reasons.compactMap { reason -> String? in
                if case .string(let pointer)? = reason["pointer"] { return pointer }
                return nil
            })
        func isExplained(_ pointer: String) -> Bool {
            let parts = pointer.split(separator: "/")
            return parts.indices.contains { explained.contains("/" + parts[...$0].joined(separator: "/")) }
        }
        var missing: [String] = []
        func look(_ value: JSONValue, _ pointer: String, inList: Bool = false) {
            switch value {
            case .double(let number): if !number.isFinite, !isExplained(pointer) { missing.append(pointer) }
            case .null: if inList, !isExplained(pointer) { missing.append(pointer) }
            case .object(let members): for member in members { look(member.value, pointer + "/" + member.name) }
            case .list(let values):
                for (index, value) in values.enumerated() { look(value, "\(pointer)/\(index)", inList: true) }
            case .array(let array):
                for (place, number) in numbers(value).enumerated() where !number.isFinite {
                    var rest = place, indices: [Int] = []
                    for extent in array.shape.reversed() {
                        indices.insert(rest % extent, at: 0)
                        rest /= extent
                    }
                    let own = pointer + indices.map { "/\($0)" }.joined()
                    if !isExplained(own) { missing.append(own) }
                }
            case .bool, .int, .string: break
            }
        }
        for (name, value) in result.fields where name != "figures" { look(value, "/" + name) }
        return missing
    }

    private func expectForms(
        _ test: TestService, _ result: AnalysisResult, _ place: String, picture: Bool
    ) async throws {
        let json = try await test.service.encode(result, as: .json).bytes
        _ = try JSONValue.parse(json)
        let table = String(decoding: try await test.service.encode(result, as: .csv).bytes, as: UTF8.self).lowercased()
        #expect(!table.contains(",nan") && !table.contains(",inf") && !table.contains(",-inf"), "\(place)")
        let main = result.numbers(result.mainField)
        let npy = try await test.service.encode(result, as: .npy)
        #expect(npy.missingCount == main.count { !$0.isFinite }, "\(place)")
        let npz = try Npz.decode(Bytes(try await test.service.encode(result, as: .npz).bytes))
        if main.contains(where: { !$0.isFinite }) { #expect(npz.names.contains("reasons"), "\(place)") }
        guard picture else { return }
        let png = try await test.service.encode(result, as: .png)
        #expect(try Image.decode(png.bytes, orientation: .ignore).width > 100, "\(place)")
    }

    // MARK: - Single truths

    @Test func nothingSeenIsNothingTold() async throws {
        let test = try await service(.plain, [.zero])
        let pictures = Pictures.several
        let distance = try #require(try await answer(test, .attentionDistance, "zero", pictures))
        guard case .double(let uniform)? = distance["uniform"] else { return #expect(Bool(false), "no uniform") }
        #expect(distance.numbers("mean").everyOne { abs($0 - uniform) < 1e-6 })
        let nmi = try #require(try await answer(test, .attentionNMI, "zero", pictures))
        #expect(nmi.numbers("mean").everyOne { $0 < 1e-6 })
        // All patches are alike, so no direction counts and nothing is relative to anything.
        let spectra = try #require(try await answer(test, .singularValues, "zero", pictures))
        #expect(spectra.numbers("token_effective_rank").everyOne { $0.isNaN })
        #expect(spectra.numbers("token_log_singular_values").everyOne { $0.isNaN })
        let points = try #require(try await answer(test, .tsne, "zero", pictures))
        #expect(points.numbers("points").everyOne { $0.isNaN })
        let components = try #require(try await answer(test, .pca, "zero", pictures))
        #expect(components.numbers("points").everyOne { $0 == 0 } && components.numbers("explained_ratio")[0].isNaN)
    }

    /// The features of an unspoiled depth keep their accuracy; those behind the NaN have none.
    @Test func depthsBeforeTheDamageKeepTheirNumbers() async throws {
        let test = try await service(.plain, [.nanInOne])
        for kind in [AnalysisKind.knn, .linearProbe] {
            let result = try #require(try await answer(test, kind, "nanInOne", .several))
            let sound = try #require(try await answer(test, kind, "sound", .several))
            let numbers = result.numbers("top1")
            #expect(numbers.count == 3 && numbers[0] == sound.numbers("top1")[0], "\(kind)")
            #expect(numbers[1] == sound.numbers("top1")[1] && numbers[2].isNaN, "\(kind)")
        }
    }

    /// Equal representations and broken ones are told apart.
    @Test func alignmentBlamesWhatIsToBlame() async throws {
        let test = try await service(.plain, [.nanInAll])
        func sentence(_ model: String, _ pictures: Pictures) async throws -> String {
            let result = try #require(try await answer(test, .alignment, model, pictures))
            guard case .string(let text)? = result["reasons"]?.elements.first?["reason"] else { return "" }
            return text
        }
        let broken = try await sentence("nanInAll", .several), equal = try await sentence("sound", .same)
        #expect(broken.contains("not finite") && equal.contains("same representation"))
    }

    /// Rows that differ in their last bits alone are the same, in every kind that asks.
    @Test func roundingIsNoSpread() async throws {
        let test = try await service(.plain, [])
        let cka = try #require(try await answer(test, .cka, "sound", .same))
        #expect(cka.numbers("cka").everyOne { $0.isNaN })
        let spectra = try #require(try await answer(test, .singularValues, "sound", .same))
        #expect(spectra.numbers("image_effective_rank").everyOne { $0.isNaN })
    }

    /// A comparison says where it has no numbers, in every form.
    @Test func comparisonsSayWhy() async throws {
        let test = try await service(.plain, [.nanInAll])
        let images = Pictures.several.references(.attentionNMI).map { "\"\($0)\"" }.joined(separator: ", ")
        let body = """
            {"models": ["sound", "nanInAll"], "images": [\(images)], "metrics": ["attention-nmi", "fourier"]}
            """
        guard case .done(let comparison) = try await test.service.compare(Array(body.utf8), waiting: 60) else {
            return #expect(Bool(false), "not done")
        }
        let json = try JSONValue.parse(comparison.encoded(.json))
        let pointers = json["reasons"]?.list?.compactMap { $0["pointer"]?.string } ?? []
        #expect(pointers.contains("/metrics/0/differences/0/mean") && pointers.contains("/metrics/1/figure/series/1/y"))
        let page = String(decoding: comparison.encoded(.html), as: UTF8.self)
        #expect(page.contains("Why numbers are missing") && !page.contains("nan<"))
        #expect(try Npz.decode(Bytes(comparison.encoded(.npz))).names.contains("reasons"))
    }
}
