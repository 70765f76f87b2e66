// What each analysis panel asks, draws and says about reading it. Drawing is left to charts/.

import {ckaChart} from "../charts/cka.js";
import {depthChart} from "../charts/depth.js";
import {familyChart} from "../charts/family.js";

/** A panel for a kind, with the kind's own name and words unless it says others. */
const of = (kinds, kind, more) => {
  const {title = kind, reading = ""} = kinds.find(({name}) => name === kind) ?? {};
  return {id: kind, title, reading, calls: eachModel(kind), ...more};
};

/** The calls of a panel that asks the same of every model. */
const eachModel = (kind) => ({api, models, parameters}) => models.map(({name}) => ({
  label: name, url: (format) => api.analysisURL(name, kind, parameters, format)
}));

const series = (results) => results.map(({model, layers, mean, sem, per_head: perHead}) =>
  ({name: model.name, x: layers, mean, sem, perHead}));

/** Lines that two models share are drawn once. */
function references(results, valueOf, text) {
  const values = results.map(valueOf).filter((value) => value != null);
  const same = (a, b) => Math.abs(a - b) < 0.01 * b;
  const distinct = values.filter((value, i) => values.findIndex((other) => same(other, value)) === i);
  return distinct.map((y, i) => ({y, text: distinct.length > 1 ? `${text}, ${results[i].model.name}` : text}));
}

/** The panels that are always there, with the words of the kinds they show. */
export const panelsOf = (kinds) => [
  of(kinds, "attention-distance", {
    hasBand: true, depth: (layer) => layer, layer: (x) => x,
    draw: (results, options) => depthChart(series(results), {
      title: "distance", unit: "px", digits: 1,
      references: references(results, ({uniform}) => uniform, "uniform"), ...options
    })
  }),
  of(kinds, "attention-nmi", {
    hasBand: true, depth: (layer) => layer, layer: (x) => x,
    draw: (results, options) => depthChart(series(results), {title: "NMI", unit: "1", digits: 3, ...options})
  }),
  of(kinds, "attention-entropy", {
    hasBand: true, depth: (layer) => layer, layer: (x) => x,
    draw: (results, options) => depthChart(series(results), {
      title: "entropy", unit: "nat", digits: 2,
      references: references(results, ({uniform, grid: [rows, cols]}) => uniform ?? Math.log(rows * cols), "uniform"),
      ...options
    })
  }),
  of(kinds, "fourier", {
    id: "high-frequency", title: "High frequencies by depth", hasBand: true,
    depth: (layer) => layer + 1, layer: (x) => Math.max(0, x - 1),
    reading: "The strength of the finest detail in the tokens. Falling = details are smoothed away and shapes " +
      "remain, as in contrastive models; holding = tokens stay distinct and keep texture, as in masked ones. " +
      "Depth 0 is the embedding.",
    draw: (results, options) => depthChart(results.map((result) => ({
      name: result.model.name, x: result.depth_curve.depth, mean: result.depth_curve.high_frequency,
      sem: result.high_frequency_sem?.filter((_, tap) => tap % 2 === 0) ?? null, perHead: null
    })), {title: "Δ log amplitude", digits: 2, xTitle: "depth", range: extent(results), ...options, dots: false})
  }),
  of(kinds, "fourier", {
    depth: (layer) => layer + 1,
    draw: (results, options) => familyChart(results.map((result) => ({
      name: result.model.name, x: result.frequency_pi,
      // Every second tap is the embedding or a whole block; those between are after the attention.
      curves: result.taps.map((label, tap) => ({depth: tap / 2, label, values: result.delta_log_amplitude[tap]}))
        .filter(({depth}) => Number.isInteger(depth))
    })), {height: 400, xTitle: "frequency (π)", yTitle: "Δ log amplitude", ...options})
  }),
  of(kinds, "cka", {
    wantsSet: true,
    calls: ({api, models, parameters, pair, kernel, estimator, tokens}) => {
      const [a, b] = pairOf(pair, models);
      return [{label: a === b ? a : `${a} × ${b}`, url: (format) => api.pairURL("cka", {a, b, ...parameters,
        kernel, estimator, tokens}, format)}];
    },
    draw: ([result], {layer, ...options}) => ckaChart({
      a: result.a.name, b: result.b.name, layersA: result.layers_a, layersB: result.layers_b, values: result.cka
    }, options)
  })
];

/** "aa", "ab" or "bb" as two names; what needs a second model falls back to the first. */
export function pairOf(pair, models) {
  const names = models.map(({name}) => name);
  const wanted = pair || (names.length > 1 ? "ab" : "aa");
  return [...wanted].map((letter) => names[letter === "b" ? 1 : 0] ?? names[0]);
}

function extent(results) {
  const values = results.flatMap(({depth_curve: {high_frequency: curve}, high_frequency_sem: sem}) =>
    curve.map((value, depth) => [value, sem?.[2 * depth] ?? 0])).filter(([value]) => value != null);
  const low = Math.min(...values.map(([value, error]) => value - error));
  const high = Math.max(...values.map(([value, error]) => value + error));
  const room = 0.08 * (high - low || 1);
  return [low - room, high + room];
}
