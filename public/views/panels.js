// What each analysis panel asks, draws and says about reading it. Drawing is left to charts/.

import {button} from "../lib/dom.js";
import {ckaChart} from "../charts/cka.js";
import {depthChart} from "../charts/depth.js";
import {familyChart} from "../charts/family.js";
import {PUBLISHED} from "../charts/published.js";

/** A panel for a kind, with the kind's own name and words unless it says others. */
const of = (kinds, kind, more) => {
  const {title = kind, reading = ""} = kinds.find(({name}) => name === kind) ?? {};
  const panel = {id: kind, title, reading, calls: eachModel(kind, more.hasBaseline), ...more};
  return {...panel, draw: (answers, options, context) => [{title: panel.title, chart: more.draw(answers, options, context)}]};
};

/** The calls of a panel that asks the same of every model, and of the baseline. */
const eachModel = (kind, hasBaseline) => ({api, models, others, baseline, parameters}) => [
  ...models, ...(hasBaseline ? others : []), ...(hasBaseline && baseline ? [{...baseline, isBaseline: true}] : [])
].map((model) => ({
  label: model.name, isBaseline: Boolean(model.isBaseline), model,
  url: (format) => api.analysisURL(model.name, kind, parameters, format)
}));

const scaled = (values, factor) => values?.map((value) => Array.isArray(value) ? scaled(value, factor)
  : value == null ? null : value * factor) ?? null;

const series = (answers, factorOf = () => 1) => answers.map(({name, isBaseline, result}) => {
  const factor = factorOf(result);
  return {name: isBaseline ? `${name} (baseline)` : name, isBaseline, x: result.layers, mean: scaled(result.mean, factor),
    sem: scaled(result.sem, factor), perHead: scaled(result.per_head, factor)};
});

/** Lines that several models share are drawn once. */
function references(answers, valueOf, text) {
  const values = answers.map(({name, result}) => ({name, value: valueOf(result)})).filter(({value}) => value != null);
  const same = (a, b) => Math.abs(a - b) < 0.01 * Math.abs(b);
  const distinct = values.filter(({value}, i) => values.findIndex((other) => same(other.value, value)) === i);
  return distinct.map(({name, value}) => ({y: value, text: distinct.length > 1 ? `${text}, ${name}` : text}));
}

/** What the published distances were measured on: 14×14 patches of 224 pixels, where even attention has 116.49 px. */
const PUBLISHED_INPUT = {uniform: 116.49, img_size: [224, 224]};

/** What distances are told in: pixels, or what models of different sizes share. */
export const UNITS = [["px", "pixels"], ["uniform", "× uniform"], ["side", "× image side"]];

const distanceFactor = (unit) => ({uniform, img_size: [height]}) =>
  unit === "uniform" ? 1 / uniform : unit === "side" ? 1 / height : 1;

/** The panels that are always there, with the words of the kinds they show. `set(patch)` changes the page's state. */
export function panelsOf(kinds, {set}) {
  const byLayer = {hasBaseline: true, place: (layer) => layer, pick: (x) => set({layer: String(x)})};
  /** A button that fits the axis to the curves, or starts it from 0 again. */
  const fitting = (id) => ({look: {fit}}) => {
    const isFit = fit.includes(id);
    return button(isFit ? "From 0" : "Fit axis", () =>
      set({fit: (isFit ? fit.filter((one) => one !== id) : [...fit, id]).join(",")}),
    {look: "button quiet", "aria-pressed": String(isFit), title: isFit ? "Begin the axis at 0" : "Fit the axis to the curves"});
  };
  const zero = (id, {fit}) => !fit.includes(id);
  /** A button that gives the axis the ends of the paper's figure. */
  const paperAxis = (id) => ({look: {paper}}) => {
    const isOn = paper.includes(id);
    return button("Paper's axis", () =>
      set({paper: (isOn ? paper.filter((one) => one !== id) : [...paper, id]).join(",")}),
    {look: "button quiet", "aria-pressed": String(isOn), title: `From ${PUBLISHED[id].range.join(" to ")}, as in the paper's figure`});
  };
  const tools = (id) => (context) => [paperAxis(id)(context), fitting(id)(context)];
  /** The curves of others, and the axis, as far as they are wanted. */
  const paperLook = (id, {paper}) => paper.includes(id) ? {range: PUBLISHED[id].range} : {};
  const withPublished = (id, data, {published}, factor = 1) => published
    ? [...data, ...PUBLISHED[id].curves.map((curve) => ({...curve, mean: scaled(curve.mean, factor), sem: null, perHead: null,
      isPublished: true}))] : data;
  return [
    of(kinds, "attention-distance", {
      ...byLayer, tools: (context) => context.look.distanceUnit === "px" ? tools("attention-distance")(context)
        : fitting("attention-distance")(context),
      draw: (answers, {distanceUnit: unit, ...options}) => depthChart(withPublished("attention-distance",
        series(answers, distanceFactor(unit)), options, distanceFactor(unit)(PUBLISHED_INPUT)), {
        title: unit === "px" ? "distance" : `distance / ${unit === "side" ? "image side" : "uniform distance"}`,
        unit: unit === "px" ? "px" : "1", digits: unit === "px" ? 1 : 3,
        references: references(answers, (result) => result.uniform && result.uniform * distanceFactor(unit)(result), "uniform"),
        zero: zero("attention-distance", options), ...(unit === "px" ? paperLook("attention-distance", options) : {}), ...options
      })
    }),
    of(kinds, "attention-nmi", {
      ...byLayer, tools: tools("attention-nmi"),
      draw: (answers, options) => depthChart(withPublished("attention-nmi", series(answers), options), {title: "NMI", unit: "1",
        digits: 3, zero: zero("attention-nmi", options), ...paperLook("attention-nmi", options), ...options})
    }),
    of(kinds, "attention-entropy", {
      ...byLayer, tools: fitting("attention-entropy"),
      draw: (answers, options) => depthChart(series(answers), {
        title: "entropy", unit: "nat", digits: 2,
        references: references(answers, ({uniform, grid: [rows, cols]}) => uniform ?? Math.log(rows * cols), "uniform"),
        zero: zero("attention-entropy", options), ...options
      })
    }),
    of(kinds, "fourier", {
      id: "high-frequency", title: "High frequencies by depth", hasBaseline: true,
      place: (layer) => layer + 1, pick: (x) => set({layer: String(Math.max(0, x - 1))}),
      reading: "The strength of the finest detail in the tokens. Falling = details are smoothed away and shapes " +
        "remain, as in contrastive models; holding = tokens stay distinct and keep texture, as in masked ones. " +
        "Depth 0 is the embedding; depth 1 follows layer 0.",
      tools: paperAxis("high-frequency"),
      draw: (answers, options) => depthChart(withPublished("high-frequency", answers.map(({name, isBaseline, result}) => ({
        name: isBaseline ? `${name} (baseline)` : name, isBaseline, x: result.depth_curve.depth,
        mean: result.depth_curve.high_frequency,
        sem: result.high_frequency_sem?.filter((_, tap) => tap % 2 === 0) ?? null, perHead: null
      })), options), {title: "Δ log amplitude", digits: 2, xTitle: "depth", zero: false, ...paperLook("high-frequency", options),
        ...options, dots: false})
    }),
    of(kinds, "fourier", {
      place: (layer) => layer + 1,
      draw: (answers, options) => familyChart(answers.map(({name, result}) => ({
        name, x: result.frequency_pi,
        // Every second tap is the embedding or a whole block; those between are after the attention.
        curves: result.taps.map((label, tap) => ({depth: tap / 2, label, values: result.delta_log_amplitude[tap]}))
          .filter(({depth}) => Number.isInteger(depth))
      })), {height: 400, xTitle: "frequency (π)", yTitle: "Δ log amplitude", ...options})
    }),
    of(kinds, "cka", {
      refuses: ({nImages}) => nImages < 4
        ? "CKA compares layers over many images. Choose a probe set of four images or more." : "",
      calls: ({api, models, parameters, pair, kernel, estimator, tokens}) => {
        const [a, b] = pairOf(pair, models);
        return [{label: a === b ? a : `${a} × ${b}`, url: (format) => api.pairURL("cka", {a, b, ...parameters,
          kernel, estimator, tokens}, format)}];
      },
      tools: ({look: {full}}) => button(full ? "Fit colours" : "0 to 1", () => set({full: full ? "" : "1"}), {
        look: "button quiet", "aria-pressed": String(full),
        title: full ? "From the least to the largest value" : "The whole scale, from 0 to 1"
      }),
      draw: ([{result}], {layer, ...options}) => ckaChart({
        a: result.a.name, b: result.b.name, layersA: result.layers_a, layersB: result.layers_b, values: result.cka
      }, options)
    })
  ];
}

/** Two names from "A|B", or from the letters of the first and second model: "ab", "aa" or "bb". */
export function pairOf(pair, models) {
  const names = models.map(({name}) => name);
  if (pair.includes("|")) return pair.split("|");
  const wanted = pair || (names.length > 1 ? "ab" : "aa");
  return [...wanted].map((letter) => names[letter === "b" ? 1 : 0] ?? names[0]);
}
