import Checkpoints
import Foundation
import Models
import Platform
import Tensors
import TestSupport
import Testing

/// Every checkpoint layout, as the projects write it, against what PyTorch computes from it.
@Suite struct ReferenceTests {
    let pool = ThreadPool(threads: 2) { NumericLibraries.prepareThread() }

    init() { NumericLibraries.prepareThread() }

    @Test(arguments: try ReferenceCase.all())
    func layoutAgreesWithPyTorch(reference: ReferenceCase) throws {
        let recognised = try reference.recognise()
        reference.expect.check(recognised)
        let model = try VisionTransformer(config: recognised.config, stateDict: recognised.stateDict)
        let wanted = try SafeTensors.decode(
            MappedFile.open(fixture("\(reference.place)/references/\(reference.reference).safetensors"))
        )
        .tensors
        let images = try #require(
            SafeTensors.decode(MappedFile.open(fixture("\(reference.place)/images.safetensors"))).tensors[
                reference.images]
        ).tensor()
        try compare(model.forwardIntermediates(images, request: request(wanted), pool: pool), with: wanted)
    }

    /// Everything that the reference has.
    private func request(_ wanted: StateDict) -> IntermediatesRequest {
        var request = IntermediatesRequest()
        for name in wanted.names {
            let words = name.split(separator: "."), index = words.last.flatMap { Int($0) } ?? 0
            switch words[0] {
            case "hidden": request.hiddenStates.insert(index)
            case "residual": request.attentionResiduals.insert(index)
            case "attention": request.attentions[index] = .all
            case "head_output": request.headOutputs.insert(index)
            case "pooling", "pooled": request.pooling = true
            default: request.logits = true
            }
        }
        return request
    }

    private func compare(_ found: Intermediates, with wanted: StateDict) throws {
        for name in wanted.names {
            let words = name.split(separator: "."), index = words.last.flatMap { Int($0) } ?? 0
            let expected = try #require(wanted[name]).tensor()
            let all: Tensor? =
                switch words[0] {
                case "hidden": found.hiddenStates[index]
                case "residual": found.attentionResiduals[index]
                case "attention": found.attentions[index]
                case "head_output": found.headOutputs[index]
                case "pooling": found.poolingAttention
                case "pooled": found.pooledFeatures
                default: found.logits
                }
            // Some references keep the first image only.
            let actual = try #require(all).rows(0..<expected.shape[0])
            try #require(actual.shape == expected.shape, "\(name)")
            let difference = zip(actual.array, expected.array).map { abs($0 - $1) }.max() ?? 0
            let scale = words[0] == "attention" || words[0] == "pooling" ? 1 : expected.array.map(abs).max() ?? 1
            #expect(difference <= 1e-4 * scale, "\(name) differs by \(difference) of \(scale)")
            #expect(difference.isFinite)
        }
    }

    /// What `convert` writes can be read again and is the same network.
    @Test(arguments: try ReferenceCase.all().filter { $0.name == $0.reference })
    func timmNamesAreReadAgain(reference: ReferenceCase) throws {
        let recognised = try reference.recognise()
        let timm = KeyMap.timmModel(of: recognised)
        let checkpoint = try Checkpoint.decode(
            Bytes(SafeTensors.encode(timm.stateDict, metadata: timm.metadata)))
        var hints = ModelHints()
        hints.fields = timm.metadata.mapValues { .string($0) }
        let again = try KeyMap.recognise(checkpoint.stateDicts(), hints: hints)
        #expect(again.report.verdict == .complete)
        let images = try #require(
            SafeTensors.decode(MappedFile.open(fixture("\(reference.place)/images.safetensors"))).tensors[
                reference.images]
        ).tensor()
        var request = IntermediatesRequest()
        request.hiddenStates = [recognised.config.depth]
        let first = try VisionTransformer(config: recognised.config, stateDict: recognised.stateDict)
            .forwardIntermediates(images, request: request, pool: pool).hiddenStates[recognised.config.depth]
        let second = try VisionTransformer(config: again.config, stateDict: again.stateDict)
            .forwardIntermediates(images, request: request, pool: pool).hiddenStates[recognised.config.depth]
        let pairs = zip(try #require(first).array, try #require(second).array)
        // Periods that a file stores were rounded to bf16; timm computes them.
        let bound: Float = recognised.config.rope?.frequencies == .stored ? 5e-2 : 1e-4
        #expect(pairs.everyOne { abs($0 - $1) < bound })
    }
}

/// One line of cases.json: a checkpoint, what a user asks for, and what becomes of it.
struct ReferenceCase: Decodable, Sendable, CustomTestStringConvertible {
    struct User: Decodable {
        let numHeads: Int?
        let imgSize: [Int]?
        let checkpointKey: String?
        let activation: String?
        let rope: String?
        let arch: String?
    }

    let name: String
    /// Of the fixtures, where it is not `models`.
    let folder: String?
    let file: String
    let images: String
    let reference: String
    let user: User
    let expect: Expectation

    var testDescription: String { name }

    var place: String { folder ?? "models" }

    static func all() throws -> [ReferenceCase] {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try ["models", "newer_models"].flatMap { folder in
            try decoder.decode(
                [ReferenceCase].self, from: Data(contentsOf: URL(fileURLWithPath: fixture("\(folder)/cases.json"))))
        }
    }

    func recognise() throws -> RecognisedModel {
        let checkpoint = try Checkpoint.open(fixture("\(place)/files/\(file)"))
        var hints = ModelHints()
        hints.numHeads = user.numHeads
        hints.imgSize = user.imgSize.map { ImageSize(height: $0[0], width: $0[1]) }
        hints.checkpointKey = user.checkpointKey
        hints.activation = user.activation.flatMap(ActivationFunction.init)
        hints.rope = user.rope.flatMap(RotaryKind.init)
        hints.arch = user.arch
        hints.fileName = file
        hints.fields = Self.fields(of: checkpoint.root)
        hints.config = checkpoint.config.map { Self.fields(of: $0) } ?? [:]
        return try KeyMap.recognise(checkpoint.stateDicts(), hints: hints)
    }

    /// The simple values of a tree under dotted paths.
    private static func fields(of value: Value, below path: String = "") -> [String: HintValue] {
        var fields: [String: HintValue] = [:]
        for (key, child) in value.fields ?? ValueDictionary() {
            guard let name = key.string else { continue }
            switch child {
            case .bool(let flag): fields[path + name] = .bool(flag)
            case .int(let number): fields[path + name] = .int(number)
            case .double(let number): fields[path + name] = .double(number)
            case .string(let text): fields[path + name] = .string(text)
            case .list(let elements): fields[path + name] = .ints(elements.compactMap(\.int))
            default: fields.merge(Self.fields(of: child, below: path + name + ".")) { first, _ in first }
            }
        }
        return fields
    }
}

/// What a case says of the report and the configuration; what it leaves out is at its default.
struct Expectation: Decodable, Sendable {
    let recognisedAs: String
    let verdict: String
    let checkpointKey: String?
    let prefixRemoved: String?
    let ignored: [String]?
    let reshaped: [String]?

    let imgSize: [Int]
    let patchSize: Int
    let embedDim: Int
    let depth: Int
    let numHeads: Int
    let mlpHidden: Int
    let mlp: String?
    let patchEmbed: String?
    let classToken: Bool?
    let distToken: Bool?
    let numRegisters: Int?
    let posEmbed: String?
    let relPos: String?
    let qkvBias: Bool?
    let layerScale: Bool?
    let normPre: Bool?
    let finalNorm: Bool?
    let fcNorm: Bool?
    let globalPool: String?
    let numClasses: Int?
    let eps: Float?
    let projBias: Bool?
    let mlpBias: Bool?
    let norm: String?
    let postNorm: Bool?
    let qkNorm: String?
    let attnNorm: Bool?
    let mlpNorm: Bool?
    let patchNorm: Bool?
    let rope: RotaryEmbedding?
    let attnPool: AttentionPool?

    func check(_ model: RecognisedModel) {
        let report = model.report
        #expect(report.recognisedAs?.name == recognisedAs)
        #expect(report.verdict.rawValue == verdict)
        #expect(report.checkpointKey == checkpointKey)
        #expect(report.prefixRemoved == prefixRemoved)
        #expect(report.unexpected.isEmpty && report.missing.isEmpty)
        #expect(Set(ignored ?? []).subtracting(report.ignored.map(\.name)).isEmpty)
        #expect(report.reshaped.map(\.name) == reshaped ?? [])
        #expect(model.config == config)
    }

    private var config: VisionTransformerConfig {
        var config = VisionTransformerConfig(
            imgSize: ImageSize(height: imgSize[0], width: imgSize[1]), patchSize: patchSize, embedDim: embedDim,
            depth: depth, numHeads: numHeads, mlpHidden: mlpHidden)
        config.mlp = mlp.flatMap { .init(rawValue: $0) } ?? .gelu
        config.patchEmbed = patchEmbed.flatMap { .init(rawValue: $0) } ?? .linear
        config.classToken = classToken ?? true
        config.distToken = distToken ?? false
        config.numRegisters = numRegisters ?? 0
        config.posEmbed = posEmbed.flatMap { .init(rawValue: $0) } ?? .all
        config.relPos = relPos.flatMap { .init(rawValue: $0) } ?? .none
        config.qkvBias = qkvBias ?? true
        config.layerScale = layerScale ?? false
        config.normPre = normPre ?? false
        config.finalNorm = finalNorm ?? true
        config.fcNorm = fcNorm ?? false
        config.globalPool = globalPool.flatMap { .init(rawValue: $0) } ?? .token
        config.numClasses = numClasses ?? 0
        config.eps = eps ?? 1e-6
        config.projBias = projBias ?? true
        config.mlpBias = mlpBias ?? true
        config.norm = norm.flatMap { .init(rawValue: $0) } ?? .layer
        config.postNorm = postNorm ?? false
        config.qkNorm = qkNorm.flatMap { .init(rawValue: $0) } ?? .none
        config.attnNorm = attnNorm ?? false
        config.mlpNorm = mlpNorm ?? false
        config.patchNorm = patchNorm ?? false
        config.rope = rope
        config.attnPool = attnPool
        return config
    }
}
