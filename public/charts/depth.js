import {axis, faded, figure, lightTheme, marker, plain} from "./figure.js";

/**
 * Curves by depth, one for each model, with the standard error as a band.
 * data: `[{name, x, mean, sem, perHead}]`; sem and perHead may be null.
 * Clicking a point tells the page by a `pick` event whose detail is the x of the point.
 */
export function depthChart(data, {
  Plotly, width = 560, height = 300, theme = lightTheme,
  title = "", unit = "", digits = 3, xTitle = "layer", range = null, references = [], dots = false, chosen = null
} = {}) {
  const traces = data.flatMap((series, i) => {
    const color = theme.series[i % theme.series.length];
    return [
      ...(series.sem ? [band(series, color)] : []),
      ...(dots && series.perHead ? [headDots(series, color, unit, digits)] : []),
      line(series, color, i, unit, digits)
    ];
  });
  const all = data.flatMap(({x}) => x);
  const low = Math.min(...all);
  const high = Math.max(...all);
  const step = Math.max(1, Math.ceil((high - low) / (width < 420 ? 7 : 13)));
  const node = figure(traces, {
    xaxis: axis(theme, xTitle, {range: [low - 0.4, high + 0.4], dtick: step, tick0: low, showgrid: false}),
    yaxis: axis(theme, unit && unit !== "1" ? `${title} (${unit})` : title, range ? {range} : {rangemode: "tozero"}),
    shapes: [marker(chosen, theme), ...references.map((reference) => rule(reference, theme))],
    annotations: references.map((reference, i) => note(reference, theme, i))
  }, {
    Plotly, width, height, theme,
    label: `${title} by ${xTitle}. ` +
      data.map(({name, mean}) => `${name}: ${inWords(mean, digits)}`).join("; ")
  });
  node.on("plotly_click", ({points}) => {
    node.dispatchEvent(new CustomEvent("pick", {bubbles: true, detail: points[0].x}));
  });
  // Moving the mark is a small change of a drawn chart, not a new chart.
  node.mark = (x) => Plotly.relayout(node, {"shapes[0].x0": x, "shapes[0].x1": x, "shapes[0].visible": x != null});
  return node;
}

const inWords = (values, digits) =>
  values.map((value) => value == null ? "none" : value.toFixed(digits)).join(", ");

function line({name, x, mean, sem}, color, i, unit, digits) {
  const suffix = unit && unit !== "1" ? ` ${unit}` : "";
  return {
    type: "scatter", mode: "lines+markers", x, y: mean, name: plain(name), customdata: sem ?? x.map(() => null),
    line: {color, width: 2}, marker: {color, size: 6, symbol: i === 0 ? "circle" : "square"},
    hovertemplate: `<b>${plain(name)}</b><br>%{x}: %{y:.${digits}f}${suffix}` +
      (sem ? ` ± %{customdata:.${digits}f}` : "") + "<extra></extra>"
  };
}

function band({x, mean, sem}, color) {
  const known = x.map((_, i) => i).filter((i) => mean[i] != null && sem[i] != null);
  return {
    type: "scatter", mode: "lines", fill: "toself", fillcolor: faded(color, 0.2), line: {width: 0}, hoverinfo: "skip",
    x: [...known.map((i) => x[i]), ...known.map((i) => x[i]).reverse()],
    y: [...known.map((i) => mean[i] + sem[i]), ...known.map((i) => mean[i] - sem[i]).reverse()]
  };
}

function headDots({name, x, perHead}, color, unit, digits) {
  const flat = perHead.flatMap((values, i) => values.map((value, head) => ({x: x[i], value, head})));
  return {
    type: "scatter", mode: "markers", x: flat.map((dot) => dot.x), y: flat.map((dot) => dot.value),
    customdata: flat.map((dot) => dot.head), marker: {color: faded(color, 0.45), size: 4},
    hovertemplate: `${plain(name)}, layer %{x}, head %{customdata}: %{y:.${digits}f}<extra></extra>`
  };
}

function rule({y}, theme) {
  return {
    type: "line", xref: "paper", x0: 0, x1: 1, y0: y, y1: y, layer: "below",
    line: {color: theme.muted, width: 1.2, dash: "dash"}
  };
}

function note({y, text}, theme, i) {
  return {
    xref: "paper", x: i % 2 ? 0.01 : 0.99, y, yanchor: "bottom", xanchor: i % 2 ? "left" : "right", showarrow: false,
    text: plain(text), font: {size: 11, color: theme.muted}
  };
}
