// What may lie over the photo. Each overlay is one declaration:
// `{id, kind, title, unit, says, place, hasHeads, hasQuery, isNormed, ...look, ...answer}`. `kind` is the server's, without
// which the overlay is not offered. `says` is what the map shows, in words. `place` is "layer" where it shows the attention of a layer, "depth" where it shows the tokens
// at a depth, or null; with `hasQuery` it depends on the chosen patch, with `isNormed` on whether the final norm comes first.
//
// A look is `{tell(value), limits(values, look), hasShares}`: the words of a value, the ends of its colours
// `{low, high, threshold}`, and whether the values are shares of a whole.
//
// An answer is `{url(api, what, format), load(api, what, options), holdsAll(model)}`. `load` gives, for
// `{model, image, layer, depth, query, isNormed}` with the query as text, a promise of a stack (lib/attention.js), or of
// `{rows, cols, colors}` with three bytes for each patch. Where `holdsAll` says so, it is asked for "all" patches at once, and
// the map then follows the hand. Without an answer the overlay is attention, whose maps are fetched by themselves.

import {massThreshold, percentile} from "../lib/attention.js";
import {percent} from "../lib/format.js";

/** Numbers of all pairs of patches that are fetched at once: those of a 16×16 grid are. */
const MOST_PAIRS = 2 ** 17;

const SHARES = {
  hasShares: true, tell: percent,
  limits: (values, {clip, mass, high}) =>
    ({low: 0, high: high ?? percentile(values, clip), threshold: massThreshold(values, mass)})
};

const COSINES = {
  hasShares: false, tell: (value) => value.toFixed(2).replace("-", "−"),
  limits: (values, {scale}) => ({low: scale === "map" ? values.reduce((a, b) => Math.min(a, b), 1) : -1, high: 1})
};

/** The maps that a kind of analysis answers. */
const answer = (kind, parametersOf) => ({
  kind,
  url: (api, what, format) => api.analysisURL(what.model.name, kind,
    {image: what.image, ...parametersOf(what), overlay: format === "png" ? "true" : ""}, format),
  async load(api, what, options) {
    const {shape, data} = await api.numbers(this.url(api, what, "npy"), options);
    if (this.isColored) {
      const [rows, cols] = shape.slice(-3);
      return {rows, cols, colors: Uint8ClampedArray.from(data, (value) => 255 * value)};
    }
    const [rows, cols] = shape.slice(-2);
    return {rows, cols, heads: 1, queries: data.length / (rows * cols), values: data};
  }
});

const tokensAt = ({depth, isNormed, query}) => ({depths: depth, query, final_norm: isNormed ? "" : "false"});

export const OVERLAYS = [
  {
    id: "attention", kind: "attention", title: "Attention", unit: "of the attention", says: "what that patch attends to",
    place: "layer", hasHeads: true, hasQuery: true, ...SHARES
  },
  {
    id: "patch-similarity", title: "Patch similarity", unit: "cosine", says: "how like that patch every other is",
    place: "depth", hasQuery: true, isNormed: true, ...COSINES,
    ...answer("patch-similarity", tokensAt),
    holdsAll: ({config: {grid: [rows, cols]}}) => (rows * cols) ** 2 <= MOST_PAIRS
  },
  {
    id: "patch-pca", title: "Patches in colours", unit: "", says: "patches that are represented alike in one colour",
    place: "depth", isNormed: true, isColored: true, ...SHARES,
    ...answer("patch-pca", tokensAt)
  },
  {
    id: "rollout", title: "Attention rollout", unit: "of the largest",
    says: "which patches reach the class token, or their mean, through all layers", place: null, ...SHARES,
    ...answer("attention-rollout", () => ({})),
    url: (api, {model, image}, format) => api.rolloutURL({model: model.name, image, format})
  }
];

/** What the server can answer, or what is said: attention where nothing of the kind is known. */
export const overlayOf = (id) => OVERLAYS.find((overlay) => overlay.id === id) ?? OVERLAYS[0];
export const overlaysOf = (kinds) => OVERLAYS.filter(({kind}) => kinds.some(({name}) => name === kind));
