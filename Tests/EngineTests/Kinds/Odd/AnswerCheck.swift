import Checkpoints
import Engine
import JSON
import Platform
import Service
import ServiceTestSupport
import Testing

/// What is true of every answer, whatever the weights are.
struct AnswerCheck {
    let result: AnalysisResult
    /// For the sentence of a failure.
    let place: String

    /// Figures that the parameters, the images and the architecture decide, beside the parameters' own echo.
    private static let echoes: Set<String> = [
        "figures", "frequency_pi", "normalized_depth", "uniform", "chance", "bandwidth_threshold", "is_masked",
        "masked", "original", "original_log_amplitude", "reconstruction",
        "truth", "ceiling",
    ]

    /// Figures that lie between 0 and 1 wherever there is one.
    private static let shares = [
        "top1", "top5", "top1_by_k", "clean_accuracy", "accuracy", "shape_bias", "shape_fraction", "texture_fraction",
        "patches_to_cls", "cls_to_cls", "explained_ratio", "rollout", "unison", "agreement",
        "maps", "miou", "iou", "pixel_accuracy", "probability", "top_probabilities",
    ]

    /// What has no finite number has a reason, shares are shares, and of a model of nothing but NaN there is no figure.
    func expectTruth(_ damage: Damage) {
        let missing = unexplained
        #expect(missing.isEmpty, "\(place): \(missing.prefix(4))")
        for name in Self.shares {
            for number in result.numbers(name) where number.isFinite {
                #expect((-1e-9...1 + 1e-6).contains(number), "\(place): \(name) \(number)")
            }
        }
        if damage == .nanInAll { expectNoFigure() }
    }

    private func expectNoFigure() {
        let spec = result.kind.spec
        let known = Self.echoes.union((spec.subjects + spec.parameters).map(\.name))
        for (name, value) in result.fields where !known.contains(name) {
            let finite = Self.numbers(value).filter(\.isFinite)
            #expect(finite.isEmpty, "\(place): \(name) has \(finite.prefix(4))")
        }
        for name in ["n_shape", "n_texture", "n_other"] where result[name] != nil {
            #expect(result[name] == .null, "\(place): \(name)")
        }
        if case .list(let classes)? = result["classes"], result.kind == .gradientRollout, result["class"]?.int == nil {
            #expect(!classes.contains { $0 != .null }, "\(place)")
        }
    }

    /// Every form is made, and says what the others say of missing numbers.
    ///
    /// - Parameter drawn: whether every figure is drawn, too.
    func expectForms(_ test: TestService, drawn: Bool) async throws {
        let json = try await test.service.encode(result, as: .json).bytes
        _ = try JSONValue.parse(json)
        let main = result.numbers(result.mainField)
        let npy = try await test.service.encode(result, as: .npy)
        #expect(npy.missingCount == main.count { !$0.isFinite }, "\(place)")
        let npz = try Npz.decode(Bytes(try await test.service.encode(result, as: .npz).bytes))
        if main.contains(where: { !$0.isFinite }) { #expect(npz.names.contains("reasons"), "\(place)") }
        var options = EncodingOptions()
        for figure in figures {
            options.figure = figure
            let table = String(
                decoding: try await test.service.encode(result, as: .csv, options: options).bytes, as: UTF8.self
            ).lowercased()
            #expect(
                !table.contains(",nan") && !table.contains(",inf") && !table.contains(",-inf"), "\(place): \(figure)")
            guard drawn else { continue }
            for overlay in [false, true] where !overlay || result.kind.spec.givesMaps {
                options.overlay = overlay
                let png = try await test.service.encode(result, as: .png, options: options)
                #expect(Self.width(png.bytes) > 100, "\(place): \(figure), \(overlay)")
            }
        }
    }

    /// As the head of a PNG file says, pixels; 0 where there is none.
    private static func width(_ png: [UInt8]) -> Int {
        guard png.count > 33, png.starts(with: [0x89, 0x50, 0x4e, 0x47]) else { return 0 }
        return png[16..<20].reduce(0) { $0 << 8 | Int($1) }
    }

    /// The `values` of every figure.
    private var figures: [String] {
        (result["figures"]?.elements ?? []).compactMap { $0["values"]?.string }
    }

    /// Places of numbers that are not finite, and of nulls in lists, without a reason at them or around them.
    private var unexplained: [String] {
        let explained = Set((result["reasons"]?.elements ?? []).compactMap { $0["pointer"]?.string })
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
                for (place, number) in Self.numbers(value).enumerated() where !number.isFinite {
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

    private static func numbers(_ value: JSONValue) -> [Double] {
        switch value {
        case .double(let number): [number]
        case .array(let array): array.doubles
        case .object(let members): members.flatMap { numbers($0.value) }
        case .list(let values): values.flatMap { numbers($0) }
        case .null, .bool, .int, .string: []
        }
    }
}
