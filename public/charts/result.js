// Draws any answer by its own `figures`, which say what goes where.

import {h} from "../lib/dom.js";
import {familyChart} from "./family.js";
import {linesChart} from "./lines.js";
import {mapsChart} from "./maps.js";
import {matrixChart} from "./matrix.js";
import {pictureChart} from "./picture.js";
import {cloudChart} from "./cloud.js";

/** Maps that are drawn at the most. */
const MOST_MAPS = 96;

/**
 * Every figure of an answer, the answers of several models in one: `[{title, chart}]`, not yet in the page.
 * answers: `[{name, result}]` of the same analysis.
 */
export function resultCharts(answers, options) {
  const [{result: {figures = []}}] = answers;
  return figures.flatMap((figure) => charts(figure, answers, options).map(({name, chart}) =>
    ({title: name ? `${figure.title}: ${name}` : figure.title, chart})));
}

/** Charts under their titles, as a node. */
export const chartList = (charts) => h("div", {class: "result-figures"}, charts.map(({title, chart, more}) =>
  h("figure", {class: "result-figure"}, h("figcaption", {}, title), chart, more)));

/** The charts of a figure: one for all models, or `{name, chart}` of each. */
function charts(figure, answers, options) {
  const look = {...options, xTitle: figure.x_label, yTitle: figure.y_label, title: figure.title};
  if (PICTURES[figure.form]) return PICTURES[figure.form](figure, answers.filter(({result}) => at(result, figure.values)), look);
  const known = answers.filter(({result}) => at(result, figure.values) != null);
  const each = (draw) => known.map((answer) => ({name: answer.name, chart: draw(answer)}));
  if (figure.form === "heat_map") {
    // Matrices of the same quantity side by side have one scale.
    const all = known.flatMap(({result}) => at(result, figure.values).flat()).filter((value) => value != null);
    const limits = known.length > 1 && all.length > 0 ? [Math.min(...all), Math.max(...all)] : null;
    return each(({name, result}) => {
      const values = at(result, figure.values);
      return matrixChart({
        name, values, rows: names(result, figure.series, values.length), cols: names(result, figure.x, values[0].length)
      }, {...look, limits});
    });
  }
  if (figure.form === "scatter") return each(({name, result}) => cloudChart({
    name, points: at(result, figure.values), groups: at(result, figure.series)?.map(String) ?? null
  }, {...look, tip: pointWords(result)}));
  if (known.length === 0) return [];
  const isFamily = known.some(({result}) => Array.isArray(at(result, figure.values)[0]));
  if (isFamily && figure.ordered) return pairs(known).map((pair) =>
    ({chart: familyChart(pair.map((answer) => family(figure, answer)), look)}));
  const references = chance(known[0].result, figure);
  return [{chart: linesChart(known.flatMap((answer, color) => lines(figure, answer, color)), {...look, references})}];
}

/** Where a point of a cloud comes from: its class, image and patch. */
function pointWords({labels, image_of_point: images, images: refs, grid}) {
  if (!images || !refs) return null;
  const of = images.filter((image) => image === images[0]).length;
  const isWhole = grid && of === grid[0] * grid[1];
  return (i) => [labels?.[i] ?? `image ${images[i]}`, refs[images[i]]?.ref ?? `image ${images[i]}`,
    isWhole ? `row ${Math.floor((i % of) / grid[1])}, column ${(i % of) % grid[1]}` : ""].filter(Boolean).join("\n");
}

/** Forms that are looked at: maps over their images, patches in colours, and images and labels as the server draws them. */
const PICTURES = {maps: mapCharts, colours: mapCharts, images: serverPictures, labels: serverPictures};

function serverPictures(figure, answers, look) {
  return answers.map(({name, result}) =>
    ({name, chart: pictureChart({name, address: look.pictureOf(result, figure.values)}, look)}));
}

function mapCharts(figure, answers, look) {
  return answers.map(({name, result}) =>
    ({name, chart: mapsChart({name, ...mapsOf(figure, name, result, look)}, {...look, limits: figure.range ?? null})}));
}

/** The maps of an answer, (image, …, row, column), with the names of what they differ in and the addresses of their images. */
function mapsOf(figure, model, result, {photoOf}) {
  const isColored = figure.form === "colours";
  const values = at(result, figure.values);
  const shape = extents(values);
  const inner = shape.length - (isColored ? 3 : 2);
  const refs = result.images ?? [];
  let maps = values.map((value, i) => ({labels: shape[0] > 1 ? [refs[i]?.ref ?? `image ${i}`] : [], value,
    photo: refs[i] ? photoOf(model, refs[i].ref) : null}));
  for (let axis = 1; axis < inner; axis++) {
    // The series, or what stands for places, names the first extent within an image.
    const path = axis === 1 ? figure.series ?? figure.x : null;
    const words = path ? names(result, path, shape[axis]).map((name) => `${typeof name === "number" ? axisWord(path) : ""}${name}`) : null;
    maps = maps.flatMap(({labels, value, photo}) => value.map((next, i) =>
      ({labels: [...labels, words?.[i] ?? (shape[axis] > 1 ? String(i) : "")], value: next, photo})));
  }
  const [rows, cols] = shape.slice(inner);
  return {rows, cols, maps: maps.slice(0, MOST_MAPS).map(({labels, value, photo}) => {
    const flat = value.flat(2), label = labels.filter(Boolean).join(", ");
    return {label, photo, ...(isColored ? {colors: Uint8ClampedArray.from(flat, (share) => 255 * share)} : {values: flat})};
  })};
}

const extents = (value) => Array.isArray(value) ? [value.length, ...extents(value[0])] : [];

/** "depth " of a field of depths. */
const axisWord = (path) => path ? `${path.split(".").at(-1).replace(/s$/, "")} ` : "";

/** The accuracy of guessing, where accuracies are drawn and the classes are known. */
function chance({classes, n_classes: count}, {values}) {
  const n = Array.isArray(classes) ? classes.length : count;
  return /accuracy|top1/.test(values) && n > 1 ? [{y: 1 / n, text: `chance, 1 of ${n}`}] : [];
}

/** A chart of families has room for two models. */
const pairs = (all) => Array.from({length: Math.ceil(all.length / 2)}, (_, i) => all.slice(2 * i, 2 * i + 2));

function family(figure, {name, result}) {
  const values = at(result, figure.values);
  const labels = names(result, figure.series, values.length);
  const x = at(result, figure.x) ?? values[0].map((_, i) => i);
  return {name, x, curves: values.map((row, depth) => ({depth, label: String(labels[depth]), values: row}))};
}

function lines(figure, {name, result}, color) {
  const values = at(result, figure.values), bands = figure.band ? at(result, figure.band) : null;
  if (!Array.isArray(values[0])) {
    return [{name, x: names(result, figure.x, values.length), y: values, band: bands, color}];
  }
  const labels = names(result, figure.series, values.length);
  return values.map((y, i) => ({
    name: `${name} ${labels[i]}`, x: names(result, figure.x, y.length), y, band: bands?.[i] ?? null, color, dash: i
  }));
}

/** The field under a dotted path, or undefined. */
function at(result, path) {
  return path?.split(".").reduce((value, key) => value?.[key], result);
}

const names = (result, path, count) => at(result, path) ?? Array.from({length: count}, (_, i) => i);
