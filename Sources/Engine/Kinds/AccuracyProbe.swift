import Analysis
import Catalogue
import JSON
import Models
import Tensors
import Training

/// Decides the classes of labelled images, so that one can see what a change of images or model costs.
///
/// The model's own head decides where it has a class for each class of the images, in alphabetical order. Otherwise a
/// linear classifier does, behind a batch norm without affine part, fitted to the mean patch tokens that the unchanged
/// model gives for a part of the images; the others are asked.
struct AccuracyProbe: Sendable {
    enum Classifier: String, Sendable {
        case head
        case linearProbe = "linear-probe"
    }

    let classifier: Classifier
    /// In alphabetical order.
    let classes: [String]
    /// Of every image: an index into `classes`.
    let labels: [Int]
    /// Images that the classifier is fitted to; none for the model's own head.
    let train: [Int]
    /// Images that are asked.
    let test: [Int]
    private let model: LoadedModel
    private let seed: UInt64

    /// - Throws: `ServiceError.conflict` where images have no class, or too few to fit and to ask.
    init(_ model: LoadedModel, _ images: [ImageSource], trainFraction: Double, seed: UInt64) throws(ServiceError) {
        let images = try LabelledImages(images, trainFraction: trainFraction, seed: seed)
        self.model = model
        self.seed = seed
        classes = images.classes
        labels = images.labels
        if model.config.numClasses == classes.count {
            (classifier, train, test) = (.head, [], Array(images.labels.indices))
        } else {
            (classifier, train, test) = (.linearProbe, images.train, images.test)
        }
    }

    /// What is kept of all images while they are decided, bytes.
    func bytes(variants: Int) -> Int {
        let width = classifier == .head ? 1 : model.config.embedDim
        return saturatingProduct(saturatingSum(train.count, saturatingProduct(test.count, variants)), width, 12)
    }

    /// Whether each of `test` is given its class: [variant][image]. Nil where the classifier's scores are not finite:
    /// nothing was decided.
    ///
    /// - Parameter look: gives what `read` reads of a variant of a batch.
    func hits(
        variants: Int, _ context: AnalysisContext, _ slices: ComputeSlices,
        look: @escaping @Sendable (_ variant: Int, ForwardBatch) throws -> Tensor
    ) async throws -> [[Bool?]] {
        let size = ForwardCost(model.config).batchSize()
        let seen = try await context.forEachBatch(of: test, model: model, batchSize: size, slices) { batch in
            try (0..<variants).map { try look($0, batch) }
        }
        let answers = (0..<variants).map { variant in Tensor.concatenating(seen.map { $0[variant] }) }
        let decided: [[Int?]]
        switch classifier {
        case .head: decided = answers.map { $0.array.map { Int(exactly: $0) } }
        case .linearProbe:
            let learned = try await context.forEachBatch(of: train, model: model, batchSize: size, slices) {
                try read($0)
            }
            let all = try await slices.run { slice in
                FeatureProbe.decisions(
                    train: .init(features: [.concatenating(learned)], labels: train.map { labels[$0] }),
                    on: [.concatenating(answers)], classes: classes.count, schedule: .init(seed: seed),
                    pool: slice.pool)[0]
            }
            decided = (0..<variants).map { Array(all[$0 * test.count..<($0 + 1) * test.count]) }
        }
        return decided.map { row in zip(row, test).map { decision, image in decision.map { $0 == labels[image] } } }
    }

    /// The decision of the model's head (batch, 1), or what the classifier reads: (batch, embedDim).
    func read(_ batch: ForwardBatch, skipping: Set<ResidualBranch> = []) throws -> Tensor {
        try batch.read(model.config, logits: classifier == .head, skipping: skipping)
    }

    /// Why accuracies are missing.
    ///
    /// - Parameters:
    ///   - names: of the fields with an accuracy of each variant but the unchanged one.
    ///   - variants: what the other variants are, for the sentence.
    func reasons(_ changes: AccuracyChanges, _ names: [String], variants: String) -> [Reason] {
        var reasons: [Reason] = []
        let clean = ["/clean_accuracy", "/clean_accuracy_sem"]
        if changes.clean.mean == nil {
            reasons += Reason.undecided(clean + names.map { "/" + $0 })
        } else if changes.accuracy.contains(where: { $0.mean == nil }) {
            reasons += Reason.undecided(names.map { "/" + $0 }, of: variants)
        }
        guard test.count < 2 else { return reasons }
        return reasons
            + Reason.oneImage((["/clean_accuracy_sem"] + names.map { "/" + $0 }).filter { $0.hasSuffix("_sem") })
    }

    /// What was decided by whom.
    var fields: [AnalysisResult.Field] {
        [
            ("classifier", .string(classifier.rawValue)), ("classes", .strings(classes)),
            ("n_train", .int(train.count)), ("n_test", .int(test.count)),
            ("chance", .double(1 / Double(classes.count))),
        ]
    }
}

/// Accuracies of several variants, the first of them the unchanged one.
struct AccuracyChanges {
    /// Share of images that are right, unchanged.
    let clean: Statistics
    /// Of each other variant.
    let accuracy: [Statistics]
    /// Of each other variant: right minus right unchanged, image by image.
    let change: [Statistics]

    /// - Parameter hits: a variant with an undecided image has no accuracy.
    init(_ hits: [[Bool?]]) {
        let numbers = hits.map { $0.map { hit in hit.map { $0 ? 1.0 : 0.0 } ?? .nan } }, unchanged = numbers.first ?? []
        clean = Statistics(unchanged)
        accuracy = numbers.dropFirst().map { Statistics($0) }
        change = numbers.dropFirst().map { Statistics(zip($0, unchanged).map { $0 - $1 }) }
    }
}

extension ForwardBatch {
    /// The class with the largest logit (batch, 1), NaN where a logit is not finite; or the mean patch token after the last block: (batch, embedDim).
    func read(
        _ config: VisionTransformerConfig, logits: Bool, skipping: Set<ResidualBranch> = []
    ) throws -> Tensor {
        var request = IntermediatesRequest()
        request.skipping = skipping
        if logits { request.logits = true } else { request.hiddenStates = [config.depth] }
        var found = Tensor.zeros([indices.count, 1])
        try forward(request) { intermediate in
            switch intermediate {
            case .logits(let tensor):
                found = Tensor(shape: [tensor.shape[0], 1], tensor.largestColumns.map { $0.map { Float($0) } ?? .nan })
            case .hiddenState(_, let tensor): found = tensor.meanTokens(from: config.numPrefixTokens)
            default: break
            }
        }
        return found
    }
}

extension ForwardBatch {
    /// The class token after the last block: (batch, embedDim).
    func classToken(_ config: VisionTransformerConfig) throws -> Tensor {
        var request = IntermediatesRequest(), found = Tensor.zeros([indices.count, config.embedDim])
        request.hiddenStates = [config.depth]
        try forward(request) { intermediate in
            if case .hiddenState(_, let tensor) = intermediate { found = tensor.token(0) }
        }
        return found
    }
}

extension Reason {
    /// Why nothing was decided.
    ///
    /// - Parameter variants: those that concerns; nil for all.
    static func undecided(_ pointers: [String], of variants: String? = nil) -> [Reason] {
        let place = variants.map { " of some \($0)" } ?? ""
        return pointers.map {
            Reason(
                pointer: $0,
                reason: "The features\(place), or a classifier's scores on them, hold numbers that are not finite, so "
                    + "nothing was decided.")
        }
    }
}
