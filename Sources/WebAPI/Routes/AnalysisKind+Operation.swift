import HTTPTypes
import Service

// What is said about each analysis.
extension AnalysisKind {
    var path: String {
        switch self {
        case .attention: "/v1/models/{name}/attention"
        case .rollout: "/v1/models/{name}/attention/rollout"
        case .gradientRollout: "/v1/models/{name}/attention/gradient-rollout"
        case .cka, .alignment: "/v1/\(rawValue)"
        default: "/v1/models/{name}/analyses/\(rawValue)"
        }
    }

    var operation: Operation {
        let name: [Parameter] = path.contains("{name}") ? [.modelName] : []
        let encoding: [Parameter] =
            [
                .query(
                    "format", "Which form; decides over Accept.", schema: .oneOf(ResultFormat.allCases.map(\.rawValue)))
            ]
            + (self == .attention || self == .rollout
                ? [.query("overlay", "PNG: the map over the picture.", schema: .boolean)] : [])
        return Operation(
            method: .get, path: path, id: operationID, tag: "analyses", summary: summary,
            parameters: name + parameters.map { AnalysisKind.describe($0, of: self) } + encoding,
            answers: [
                Answer(
                    status: .ok, detail: "The numbers, or a picture of them.",
                    content: [("application/json", .ref("AnalysisResult"))]
                        + ResultFormat.allCases.dropFirst().map { ($0.bareMediaType, .any) },
                    fields: [
                        ("ETag", "Names the result for ever."),
                        ("Server-Timing", "Where the time went."),
                        ("X-Tensor-Shape", "NPY only: extents, outermost first."),
                        ("X-Tensor-Dtype", "NPY only: number format."),
                        ("X-Tensor-Axes", "NPY only: names of the extents."),
                    ]),
                .notModified,
                Answer(
                    status: .accepted, detail: "It takes over two seconds and runs in the queue.",
                    content: [("application/json", .any)],
                    fields: [("Location", "Where the answer will be."), ("Retry-After", "Seconds.")]),
            ],
            problems: [
                .queueFull, .diskFull, .gone,
                .notFound, .notAcceptable, .conflict, .invalid, .unsupportedMedia, .busy, .unavailable, .cancelled,
            ])
    }

    private var operationID: String {
        switch self {
        case .attention: "getAttention"
        case .rollout: "getAttentionRollout"
        case .attentionDistance: "getAttentionDistance"
        case .attentionNMI: "getAttentionNMI"
        case .attentionEntropy: "getAttentionEntropy"
        case .fourier: "getFourier"
        case .cka: "getCKA"
        default: "get" + rawValue.split(separator: "-").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
        }
    }

    private var summary: String {
        switch self {
        case .attention: "Attention maps of any layer, head and query"
        case .rollout: "Attention rollout"
        case .attentionDistance: "Mean attention distance by layer and head, pixels"
        case .attentionNMI: "Normalized mutual information between queries and keys by layer and head"
        case .attentionEntropy: "Entropy of attention by layer and head, nats"
        case .fourier: "Relative log amplitude of the representations by depth"
        case .attentionSimilarity: "Cosine similarity of attention maps between queries, heads and layers"
        case .clsAttention: "Share of attention that goes to the class token and to registers"
        case .gradientRollout: "Attention rollout weighted by the gradient of a class"
        case .featureVariance: "Variance of the feature maps by depth"
        case .tokenSimilarity: "Cosine similarity of representations across heads, tokens and depth"
        case .tokenDisplacement: "How a block's attention moves the tokens of an image"
        case .tokenNorms: "Lengths of the tokens by depth"
        case .singularValues: "Singular values of token and image representations by depth"
        case .pca: "Principal components of tokens or images"
        case .tsne: "t-SNE of tokens or images"
        case .linearProbe: "Accuracy of a linear classifier by depth"
        case .knn: "Accuracy of nearest neighbours by depth"
        case .frequencyRobustness: "Accuracy drop against the frequency of added noise"
        case .shapeBias: "Decisions by shape and by texture on cue-conflict images"
        case .lesion: "Accuracy without one attention or one MLP"
        case .alignment: "Mutual neighbours, SVCCA, PWCCA or Procrustes between the layers of two models"
        case .cka: "Similarity of the layers of one or two models"
        }
    }

    private static func describe(_ name: String, of kind: AnalysisKind) -> Parameter {
        let indices = Schema.string.example(.string("0-3,7,-1"))
        switch name {
        case "image":
            return .query(
                name, "`sha256:…` or `DATASET:INDEX`; may come several times.", schema: .ref("ImageRef"), repeats: true)
        case "probe_set": return .query(name, "Instead of images: the name of a probe set.", schema: .ref("Name"))
        case "layer", "layers":
            return .query(name, "`all`, or indices and ranges from 0; -1 is the last.", schema: indices)
        case "head":
            return .query(name, "`all`, indices and ranges, or `mean`, `max`, `min` over the heads.", schema: indices)
        case "query":
            return .query(
                name, "`cls`, `mean`, `all`, or a patch as `ROW,COL`.", schema: .string.example(.string("3,5")))
        case "normalize":
            return .query(
                name, "`patches`: prefix keys dropped, rows renormalised; `none`: as the model has them.",
                schema: .oneOf(["patches", "none"]))
        case "convention":
            return .query(
                name, "`reference` reproduces the published notebooks number for number.",
                schema: .oneOf(["corrected", "reference"]))
        case "head_fusion": return .query(name, "How heads become one.", schema: .oneOf(["mean", "max", "min"]))
        case "discard_ratio":
            return .query(name, "Share of the weakest attention that is dropped, below 1.", schema: .number)
        case "a", "b":
            let side = name == "a" ? "rows" : "columns"
            var parameter = Parameter.query(
                name, "A model's name; its layers are the \(side).", schema: .ref("ModelName"))
            parameter.isRequired = true
            return parameter
        case "layers_a", "layers_b":
            return .query(name, "Which outputs: `all`, labels (`embed`, `blocks.0`) or indices.", schema: .string)
        case "kernel": return .query(name, "Of the similarity.", schema: .oneOf(["linear", "rbf"]))
        case "estimator":
            return .query(name, "Of the Hilbert-Schmidt criterion.", schema: .oneOf(["biased", "unbiased"]))
        case "batch_size":
            return .query(
                name, "Images in a batch; without it all in one where they fit.", schema: .integer(atLeast: 1))
        case "tokens":
            return .query(name, "What stands for an image.", schema: .oneOf(["cls", "patch_mean", "patches"]))
        default: return .query(name, "A parameter of \(kind.rawValue).")
        }
    }
}

extension ResultFormat {
    /// Without parameters.
    fileprivate var bareMediaType: String { String(mediaType.prefix { $0 != ";" }) }
}
