import {figure, lightTheme, seriesLook} from "./figure.js";

const PUBLISHED_DASHES = ["7 4", "9 3 2 3"];

/**
 * Curves by depth, one for each model, with the standard error as a band.
 * data: `[{name, x, mean, sem, perHead, isBaseline, isPublished}]`; sem and perHead may be null. A baseline is what a model
 * without training gives, a published curve somebody else's: they stand back.
 * Clicking a point tells the page by a `pick` event whose detail is the x of the point.
 */
export function depthChart(data, {
  width = 560, height = 300, theme = lightTheme,
  title = "", unit = "", digits = 3, xTitle = "layer", range = null, zero = true, references = [], dots = false,
  chosen = null
} = {}) {
  const suffix = unit && unit !== "1" ? ` ${unit}` : "";
  let published = 0;
  const looks = data.map(({isBaseline, isPublished}, i) => isBaseline ? {color: theme.muted, dash: "2 4", symbol: null}
    : isPublished ? {color: theme.muted, dash: PUBLISHED_DASHES[published++ % 2], symbol: null}
    : {...seriesLook(theme, i), dash: null});
  const marks = data.flatMap(({name, x, mean, sem, perHead, isBaseline, isPublished}, i) => {
    const look = looks[i];
    const tip = (at) => `${name}\n${xTitle} ${x[at]}: ${told(mean[at], digits)}${suffix}` +
      (sem?.[at] == null ? "" : ` ± ${told(sem[at], digits)}`);
    return [
      sem && !isBaseline && {kind: "band", name, x, low: minus(mean, sem, -1), high: minus(mean, sem, 1),
        color: look.color},
      dots && perHead && headDots({name, x, perHead}, look.color, suffix, digits, xTitle),
      {kind: "line", name, x, y: mean, ...look, width: isBaseline || isPublished ? 1.5 : 2, tip}
    ].filter(Boolean);
  });
  const all = data.flatMap(({x}) => x);
  const ends = [Math.min(...all) - 0.3, Math.max(...all) + 0.3];
  return figure({
    cells: [{
      x: {title: xTitle, range: ends, ticks: whole(all, width)},
      y: {title: suffix ? `${title} (${unit})` : title, range, zero: zero && !range},
      marks: [...marks, ...references.map(({y, text}, i) => ({kind: "rule", y, text, below: i % 2 === 1, optional: !zero}))]
    }],
    legend: data.map(({name}, i) => ({name, ...looks[i]}))
  }, {
    width, height, theme, chosen,
    label: `${title} by ${xTitle}. ` +
      data.map(({name, mean}) => `${name}: ${mean.map((value) => told(value, digits)).join(", ")}`).join("; ")
  });
}

const told = (value, digits) => value == null ? "none" : value.toFixed(digits).replace("-", "−");
const minus = (mean, sem, sign) => mean.map((value, i) => value == null || sem[i] == null ? null : value + sign * sem[i]);

/** Whole places along an axis, as many as there is room for. */
function whole(all, width) {
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const step = Math.max(1, Math.ceil((high - low) / (width < 420 ? 7 : 13)));
  return Array.from({length: Math.floor((high - low) / step) + 1}, (_, i) => ({at: low + i * step, text: `${low + i * step}`}));
}

function headDots({name, x, perHead}, color, suffix, digits, xTitle) {
  const flat = perHead.flatMap((values, i) => values.map((value, head) => ({x: x[i], value, head})));
  return {
    kind: "dots", name, x: flat.map((dot) => dot.x), y: flat.map((dot) => dot.value), color, size: 4, opacity: 0.45,
    tip: (i) => `${name}, head ${flat[i].head}\n${xTitle} ${flat[i].x}: ${told(flat[i].value, digits)}${suffix}`
  };
}
