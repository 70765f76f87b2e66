import {colorAt, colorTable} from "../lib/colors.js";
import {brightness, few, figure, lightTheme, seriesLook} from "./figure.js";

/**
 * A family of curves for each model, such as log amplitudes against frequency: a line for each depth, coloured from
 * shallow to deep.
 * data: `[{name, x, curves: [{depth, label, values}]}]`.
 */
export function familyChart(data, {
  width = 560, height = 320, theme = lightTheme, colors = "plasma", chosen = null, xTitle = "", yTitle = ""
} = {}) {
  // The brightest end of the map would vanish on a white card, the darkest on a black one.
  const [from, to] = brightness(theme.card) < 0.5 ? [0.25, 1] : [0, 0.82];
  const table = colorTable(colors);
  const deepest = Math.max(...data.flatMap(({curves}) => curves.map(({depth}) => depth)));
  const stacked = data.length > 1 && width < 480;
  const node = figure({
    cells: data.map(({name, x, curves}, i) => ({
      title: name, color: seriesLook(theme, i).color,
      x: {title: xTitle, zero: true, grid: true, unmarked: true}, y: {title: yTitle},
      marks: curves.map(({depth, label, values}) => ({
        kind: "line", x, y: values, color: colorAt(table, from + (to - from) * (depth / Math.max(1, deepest))), width: 1.6,
        tip: (at) => `${name}, ${label}\n${xTitle} ${round(x[at])}: ${round(values[at])}`,
        highlights: depth
      }))
    })),
    bar: {colors, from, to, low: 0, high: Math.max(1, deepest), title: "depth",
      words: few(Array.from({length: deepest + 1}, (_, at) => at), 7).map((at) => ({at, text: String(at)}))},
    stacked, pick: false
  }, {
    width, height: stacked ? Math.round(height * 1.7) : height, theme, chosen,
    label: `${yTitle} against ${xTitle} for each depth of ${data.map((model) => model.name).join(" and ")}`
  });
  return node;
}

const round = (value) => value == null ? "none" : String(Number(value.toPrecision(3))).replace("-", "−");
