import {colorAt, colorScale, colorTable} from "../lib/colors.js";
import {axis, brightness, figure, lightTheme, plain} from "./figure.js";

/**
 * A family of curves for each model, such as log amplitudes against frequency: a line for each depth, coloured from
 * shallow to deep.
 * data: `[{name, x, curves: [{depth, label, values}]}]`.
 */
export function familyChart(data, {
  Plotly, width = 560, height = 320, theme = lightTheme, colors = "plasma", chosen = null, xTitle = "", yTitle = ""
} = {}) {
  // The brightest end of the map would vanish on a white card, the darkest on a black one.
  const dark = brightness(theme.card) < 0.5;
  const [from, to] = dark ? [0.25, 1] : [0, 0.82];
  const table = colorTable(colors);
  const deepest = Math.max(...data.flatMap(({curves}) => curves.map(({depth}) => depth)));
  const stacked = data.length > 1 && width < 480;
  const traces = data.flatMap(({x, curves}, i) => curves.map(({depth, label, values}) => ({
    type: "scatter", mode: "lines", x, y: values,
    xaxis: axisName("x", i, stacked), yaxis: axisName("y", i, !stacked),
    line: {color: colorAt(table, from + (to - from) * (depth / Math.max(1, deepest))), width: thickness(depth, chosen)},
    hovertemplate: `${plain(label)}<br>%{x:.3~g}: %{y:.3~g}<extra></extra>`
  })));
  traces.push({
    type: "scatter", mode: "markers", x: [null], y: [null], hoverinfo: "skip",
    marker: {
      color: [0], cmin: 0, cmax: deepest, colorscale: colorScale(colors, from, to), showscale: true,
      colorbar: {
        title: {text: "depth", side: "top", font: {size: 11, color: theme.muted}},
        thickness: 10, outlinewidth: 0, len: 1,
        tickfont: {size: 11, color: theme.muted}, dtick: Math.max(1, Math.ceil(deepest / 6)), tick0: 0, ypad: 0
      }
    }
  });
  const node = figure(traces, layout(data, stacked, theme, xTitle, yTitle), {
    Plotly, width, height: stacked ? Math.round(height * 1.7) : height, theme,
    label: `${yTitle} against ${xTitle} for each depth of ${data.map((model) => model.name).join(" and ")}`
  });
  const depths = data.flatMap(({curves}) => curves.map(({depth}) => depth));
  const lines = depths.map((_, i) => i);
  node.mark = (depth) => Plotly.restyle(node, {"line.width": depths.map((one) => thickness(one, depth))}, lines);
  return node;
}

const thickness = (depth, chosen) => depth === chosen ? 4 : 1.6;

function layout(data, stacked, theme, xTitle, yTitle) {
  const result = {
    xaxis: axis(theme, xTitle, {rangemode: "tozero"}),
    yaxis: axis(theme, yTitle), annotations: []
  };
  if (data.length < 2) return result;
  if (stacked) {
    Object.assign(result.yaxis, {domain: [0.55, 1]});
    result.yaxis2 = axis(theme, yTitle, {domain: [0, 0.43], matches: "y"});
  } else {
    Object.assign(result.xaxis, {domain: [0, 0.47]});
    result.xaxis2 = axis(theme, xTitle, {domain: [0.53, 1], matches: "x"});
  }
  result.annotations = data.map((model, i) => ({
    text: plain(model.name), xref: "paper", yref: "paper", showarrow: false, xanchor: "right", yanchor: "top",
    x: stacked ? 0.98 : [0.46, 0.99][i], y: stacked ? [0.99, 0.42][i] : 0.99,
    font: {size: 12, color: theme.series[i]}
  }));
  return result;
}

const axisName = (letter, i, shared) => i === 0 || shared ? letter : `${letter}${i + 1}`;
