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
    /// Every damage of a plain model, and the four that lead farthest of the others.
    private static let cases = OddShape.allCases.flatMap { shape in
        (shape == .plain ? Damage.allCases : [.none, .nanInAll, .hugest, .zero]).map { (shape, $0) }
    }

    @Test(arguments: cases)
    func everyNumberIsFiniteOrNullWithAReason(_ shape: OddShape, _ damage: Damage) async throws {
        let odd = try await OddService(shape, [damage])
        for kind in AnalysisKinds.standard.all {
            var answered = 0
            for images in OddImages.allCases {
                guard let result = try await odd.answer(kind, damage, images) else { continue }
                answered += 1
                let check = AnswerCheck(result: result, place: "\(kind.name), \(shape), \(damage), \(images)")
                check.expectTruth(damage)
                try await check.expectForms(odd.test, drawn: images == .several)
            }
            #expect(answered > 0 || shape.refuses(kind), "\(kind.name) refuses \(shape)")
        }
    }

    /// The one kind that looks at a second network where it is told to.
    private static let decoder = (
        AnalysisKind.fourier, [AnalysisParameter("part", "decoder"), .init("decoder_heads", "2")]
    )

    /// Each parameter at its ends, of models that are sound, that are all NaN, or whose numbers overflow.
    @Test(arguments: [OddShape.plain, .wide, .oneBlock, .autoencoder], [Damage.none, .nanInAll, .hugest, .zero])
    func everyParameterAtItsEnds(_ shape: OddShape, _ damage: Damage) async throws {
        let odd = try await OddService(shape, [damage])
        for (kind, base) in AnalysisKinds.standard.all.map({ ($0, [AnalysisParameter]()) }) + [Self.decoder] {
            for parameter in kind.spec.parameters {
                for text in ParameterExtremes(parameter).texts {
                    let more = base.filter { $0.name != parameter.name } + [AnalysisParameter(parameter.name, text)]
                    guard let result = try await odd.answer(kind, damage, .several, more) else { continue }
                    let place = "\(kind.name) \(parameter.name)=\(text), \(shape), \(damage)"
                    let check = AnswerCheck(result: result, place: place)
                    check.expectTruth(damage)
                    try await check.expectForms(odd.test, drawn: shape == .wide && damage == .hugest)
                }
            }
        }
    }

    /// A single NaN, wherever it is: what an answer says does not depend on the tensor that is damaged.
    @Test func oneNaNInAnyTensor() async throws {
        let odd = try await OddService(.plain, [])
        let weights = try OddShape.plain.weights()
        for (place, name) in weights.names.enumerated() {
            guard var tensor = weights[name]?.tensor() else { continue }
            tensor[flat: tensor.count / 2] = .nan
            var damaged = weights
            damaged[name] = StateDict.Entry(tensor)
            try await odd.add(damaged, as: "nan\(place)")
            for kind in AnalysisKinds.standard.all {
                let result = try await odd.answer(kind, model: "nan\(place)", .several)
                guard let result else { continue }
                AnswerCheck(result: result, place: "\(kind.name), \(name)").expectTruth(.nanInOne)
            }
        }
    }

    // MARK: - Single truths

    /// The two kinds that decide classes once more for each change of image or model.
    @Test(arguments: [AnalysisKind.lesion, .frequencyRobustness], [Damage.nanInOne, .nanInAll, .huge, .hugest])
    func interventionsSayWhy(_ kind: AnalysisKind, _ damage: Damage) async throws {
        let result = try #require(try await OddService(.plain, [damage]).answer(kind, damage, .several))
        let numbers = result.numbers(result.mainField), reasons = result["reasons"]?.elements ?? []
        #expect(!numbers.isEmpty && (!reasons.isEmpty || numbers.everyOne { $0.isFinite }), "\(numbers)")
        if damage == .nanInAll { #expect(numbers.everyOne { $0.isNaN }) }
    }

    @Test func nothingSeenIsNothingTold() async throws {
        let odd = try await OddService(.plain, [.zero])
        let distance = try #require(try await odd.answer(.attentionDistance, .zero, .several))
        guard case .double(let uniform)? = distance["uniform"] else { return #expect(Bool(false), "no uniform") }
        #expect(distance.numbers("mean").everyOne { abs($0 - uniform) < 1e-6 })
        let nmi = try #require(try await odd.answer(.attentionNMI, .zero, .several))
        #expect(nmi.numbers("mean").everyOne { $0 < 1e-6 })
        // All patches are alike, so no direction counts and nothing is relative to anything.
        let spectra = try #require(try await odd.answer(.singularValues, .zero, .several))
        #expect(spectra.numbers("token_effective_rank").everyOne { $0.isNaN })
        #expect(spectra.numbers("token_log_singular_values").everyOne { $0.isNaN })
        let points = try #require(try await odd.answer(.tsne, .zero, .several))
        #expect(points.numbers("points").everyOne { $0.isNaN })
        let components = try #require(try await odd.answer(.pca, .zero, .several))
        #expect(components.numbers("points").everyOne { $0 == 0 } && components.numbers("explained_ratio")[0].isNaN)
    }

    /// The features of an unspoiled depth keep their accuracy; those behind the NaN have none.
    @Test func depthsBeforeTheDamageKeepTheirNumbers() async throws {
        let odd = try await OddService(.plain, [.none, .nanInOne])
        for kind in [AnalysisKind.knn, .linearProbe] {
            let result = try #require(try await odd.answer(kind, .nanInOne, .several))
            let sound = try #require(try await odd.answer(kind, .none, .several))
            let numbers = result.numbers("top1")
            #expect(numbers.count == 3 && numbers[0] == sound.numbers("top1")[0], "\(kind)")
            #expect(numbers[1] == sound.numbers("top1")[1] && numbers[2].isNaN, "\(kind)")
        }
    }

    /// Equal representations and broken ones are told apart.
    @Test func alignmentBlamesWhatIsToBlame() async throws {
        let odd = try await OddService(.plain, [.none, .nanInAll])
        func sentence(_ damage: Damage, _ images: OddImages) async throws -> String {
            let result = try #require(try await odd.answer(.alignment, damage, images))
            guard case .string(let text)? = result["reasons"]?.elements.first?["reason"] else { return "" }
            return text
        }
        let broken = try await sentence(.nanInAll, .several), equal = try await sentence(.none, .same)
        #expect(broken.contains("not finite") && equal.contains("same representation"))
    }

    /// Rows that differ in their last bits alone are the same, in every kind that asks.
    @Test func roundingIsNoSpread() async throws {
        let odd = try await OddService(.plain, [.none])
        let cka = try #require(try await odd.answer(.cka, .none, .same))
        #expect(cka.numbers("cka").everyOne { $0.isNaN })
        let spectra = try #require(try await odd.answer(.singularValues, .none, .same))
        #expect(spectra.numbers("image_effective_rank").everyOne { $0.isNaN })
    }

    /// A comparison says where it has no numbers, in every form.
    @Test func comparisonsSayWhy() async throws {
        let test = try await OddService(.plain, [.none, .nanInAll]).test
        let images = OddImages.several.references(.attentionNMI).map { "\"\($0)\"" }.joined(separator: ", ")
        let body = """
            {"models": ["none", "nanInAll"], "images": [\(images)], "metrics": ["attention-nmi", "fourier"]}
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
