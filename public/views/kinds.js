// Every analysis that is drawn by its own figures: its name, how to read it, and what can be chosen.

const choice = (name, label, values) => ({name, label, values: [["", "default"], ...values.map((v) => [v, v])]});
const entry = (name, label, hint) => ({name, label, hint});

const pool = choice("pool", "Pooling", ["patch_mean", "cls", "concat"]);
const tokens = choice("tokens", "Tokens", ["cls", "patch_mean", "patches"]);
const depth = entry("depth", "Depth", "-1: the last");

export const kinds = {
  "attention-similarity": {title: "Similarity of attention maps",
    reading: "Cosine between the maps of queries, heads and neighbouring layers. Near 1 everywhere = collapse."},
  "cls-attention": {title: "Attention to the class token",
    reading: "How much of the patches' attention goes to the class token and to registers."},
  "token-similarity": {title: "Similarity of tokens",
    reading: "Cosine between tokens, heads and depths. Contrastive models make tokens alike, masked ones keep them " +
      "apart.", controls: [choice("tensor", "Of", ["head-outputs", "residual"])]},
  "token-displacement": {title: "Displacement of tokens",
    reading: "How attention moves the tokens of an image: all the same way (1) or each its own.",
    controls: [entry("layer", "Block of the cloud", "-1: the last")]},
  "token-norms": {title: "Token norms", reading: "Lengths of the tokens by depth; a few long ones are artefacts."},
  "singular-values": {title: "Singular values",
    reading: "Falling fast = few directions are used. Between tokens of an image, and between images.",
    controls: [choice("level", "Level", ["both", "token", "image"]),
      choice("relative_to", "Relative to", ["first", "none", "depth0"])]},
  "feature-variance": {title: "Variance of feature maps", reading: "Attention smooths, the MLP spreads."},
  "fourier": {title: "Frequencies as a map", reading: "Mean log amplitude at every frequency, zero in the middle.",
    fixed: {map: "true"}, controls: [entry("layers", "Layers", "all"), choice("part", "Part", ["encoder", "decoder"])]},
  "pca": {title: "Principal components", reading: "Tokens of the images on the directions in which they vary most.",
    controls: [depth, tokens]},
  "tsne": {title: "t-SNE", reading: "Tokens embedded in the plane, coloured by image or class.",
    controls: [depth, tokens, entry("perplexity", "Perplexity", "30")]},
  "linear-probe": {title: "Linear probe by depth",
    reading: "What separates linearly after each block. Needs images with classes.",
    controls: [pool, choice("normalizer", "Normaliser", ["batch_norm", "layer_norm", "none"])]},
  "knn": {title: "k-NN by depth", reading: "Accuracy of the nearest neighbours. Needs images with classes.",
    controls: [pool, entry("k", "k", "10,20")]},
  "alignment": {title: "Alignment of layers", pair: true,
    reading: "Shared neighbours, canonical correlations or Procrustes distance between layers of two models.",
    controls: [choice("metric", "Metric", ["mutual-knn", "cknna", "svcca", "pwcca", "procrustes"]), tokens]},
  "frequency-robustness": {title: "Robustness to noise by frequency",
    reading: "Accuracy lost to noise of one frequency band. Needs images with classes.",
    controls: [entry("frequencies", "Bands (π)", "0.1,0.3,0.5")]},
  "shape-bias": {title: "Shape bias",
    reading: "Decisions by shape rather than texture, on images whose cues conflict (shapes-textures does)."},
  "lesion": {title: "Lesion study", reading: "Accuracy lost with one attention or one MLP left out.",
    controls: [choice("parts", "Parts", ["both", "attn", "mlp"])]}
};

const groups = [
  ["Attention", ["attention-similarity", "cls-attention"]],
  ["Representation", ["token-similarity", "token-displacement", "token-norms", "singular-values", "feature-variance",
    "fourier"]],
  ["Geometry", ["pca", "tsne", "linear-probe", "knn", "alignment"]],
  ["Interventions", ["frequency-robustness", "shape-bias", "lesion"]]
];

/** The kinds as a select takes them. */
export const kindOptions = groups.map(([label, names]) =>
  ({label, options: names.map((name) => [name, kinds[name].title])}));
