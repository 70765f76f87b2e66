import HTTPTypes
import Service

// What is said about each analysis.
extension AnalysisKind {
    var path: String {
        switch self {
        case .attention: "/v1/models/{name}/attention"
        case .rollout: "/v1/models/{name}/attention/rollout"
        case .gradientRollout: "/v1/models/{name}/attention/gradient-rollout"
        case _ where comparesTwo: "/v1/\(rawValue)"
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
            + (givesMaps
                ? [.query("overlay", "PNG: the map over the image.", schema: .boolean)] : [])
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
        case .gradientRollout: "getGradientRollout"
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
        case .gradientRollout: "Attention rollout of maps weighted by the gradient of a score"
        case .attentionDistance: "Mean attention distance by layer and head, pixels"
        case .attentionNMI: "Normalized mutual information between queries and keys by layer and head"
        case .attentionEntropy: "Entropy of attention by layer and head, nats"
        case .fourier: "Relative log amplitude of the representations by depth"
        case .attentionSimilarity: "Cosine similarity of attention maps between queries, heads and layers"
        case .clsAttention: "Share of attention that goes to the class token and to registers"
        case .featureVariance: "Variance of the feature maps by depth"
        case .tokenSimilarity: "Cosine similarity of representations across heads, tokens and depth"
        case .tokenDisplacement: "How self-attention moves the tokens of an image"
        case .tokenNorms: "Lengths of the tokens by depth"
        case .singularValues: "Singular values of token and image representations by depth"
        case .pca: "Tokens on the directions in which they vary most"
        case .tsne: "Tokens embedded in the plane by t-SNE"
        case .linearProbe: "Accuracy of a linear classifier by depth"
        case .knn: "Accuracy of nearest neighbours by depth"
        case .frequencyRobustness: "Accuracy drop against the frequency of added noise"
        case .shapeBias: "Decisions by shape and by texture on cue-conflict images"
        case .lesion: "Accuracy without one attention or one MLP"
        case .cka: "Similarity of the layers of one or two models"
        case .alignment: "Shared neighbours, canonical correlation or Procrustes similarity of layers"
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
        case "target":
            return .query(
                name, "The score: a class's logit, or half the squared length of the pooled tokens.",
                schema: .oneOf(["class", "feature"]))
        case "class":
            return .query(
                name, "Index of the class; without it that with the largest logit.", schema: .integer(atLeast: 0))
        case "map":
            return .query(
                name, "Whether the mean log amplitude at every frequency is added, zero frequency in the middle.",
                schema: .boolean)
        case "part":
            return .query(
                name, "Of a masked autoencoder; a decoder is looked into where the checkpoint has one.",
                schema: .oneOf(["encoder", "decoder"]))
        case "mask_ratio":
            return .query(name, "part=decoder: share of the patches that the encoder does not see.", schema: .number)
        case "decoder_heads":
            return .query(
                name, "part=decoder: heads of its attention, where the checkpoint does not say.",
                schema: .integer(atLeast: 1))
        case "normalizer":
            return .query(
                name, "What stands before the classifier, without affine part.",
                schema: .oneOf(["batch_norm", "layer_norm", "none"]))
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
        case "metric":
            return .query(
                name, "How layers are compared.",
                schema: .oneOf(["mutual-knn", "cknna", "svcca", "pwcca", "procrustes"]))
        case "depth":
            return .query(
                name, "0 is the embedding, 1 the first block's output; -1 is the last.")
        case "dimensions": return .query(name, "Of the points: 2 or 3.", schema: .integer(atLeast: 2))
        case "perplexity": return .query(name, "Neighbours that count.", schema: .number)
        case "iterations": return .query(name, "Steps of the descent at the most.", schema: .integer(atLeast: 1))
        case "theta": return .query(name, "How coarse far points are taken; 0 is exact.", schema: .number)
        case "tokens":
            return .query(name, "What stands for an image.", schema: .oneOf(["cls", "patch_mean", "patches"]))
        case "mass":
            return .query(name, "Also mark the patches that together hold this share of a map.", schema: .number)
        case "tensor":
            return .query(
                name, "Attention times values per head, or the residual stream.",
                schema: .oneOf(["head-outputs", "residual"]))
        case "level":
            return .query(
                name, "Between the patches of an image, or between images.", schema: .oneOf(["both", "token", "image"]))
        case "relative_to":
            return .query(
                name, "What the logarithms are relative to.", schema: .oneOf(["first", "none", "depth0"]))
        case "pool":
            return .query(
                name, "What stands for an image.", schema: .oneOf(["patch_mean", "cls", "concat"]))
        case "k": return .query(name, "Neighbours that vote: a number, or several with commas between.")
        case "temperature": return .query(name, "Of the votes.", schema: .number)
        case "train_fraction":
            return .query(name, "Share of each class that the classifier is fitted to.", schema: .number)
        case "seed": return .query(name, "Of the split and everything random.", schema: .integer(atLeast: 0))
        case "epochs": return .query(name, "Of the classifier.", schema: .integer(atLeast: 1))
        case "base_lr": return .query(name, "Of the classifier.", schema: .number)
        case "frequencies":
            return .query(name, "Centres of the bands in units of π, with commas between, such as `0.1,0.5,0.9`.")
        case "half_window": return .query(name, "Half the width of a band in units of π.", schema: .number)
        case "eps": return .query(name, "Amplitude of the noise before its band is taken.", schema: .number)
        case "sign":
            return .query(name, "Whether the noise is the sign of a normal number, or the number.", schema: .boolean)
        case "space":
            return .query(
                name, "Where the noise is added: to what the model sees, or to pixels from 0 to 1.",
                schema: .oneOf(["normalized", "pixel"]))
        case "train": return .query(name, "What the classifier is fitted to.")
        case "n_train": return .query(name, "Images that the classifier is fitted to.", schema: .integer(atLeast: 1))
        case "parts":
            return .query(name, "Which branches are left out, one at a time.", schema: .oneOf(["both", "attn", "mlp"]))
        default: return .query(name, "A parameter of \(kind.rawValue).")
        }
    }
}

extension ResultFormat {
    /// Without parameters.
    var bareMediaType: String { String(mediaType.prefix { $0 != ";" }) }
}
