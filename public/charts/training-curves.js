import {axis, figure, lightTheme, plain} from "./figure.js";

// Told apart without colour vision too: every line has a dash of its own.
const DASHES = ["solid", "dash", "dot", "dashdot"];

/**
 * Metrics of a run against its steps.
 * data: `[{name, steps, epochs, values}]`; a value may be null, and the line is then broken.
 */
export function trainingCurves(data, {
  Plotly, width = 560, height = 300, theme = lightTheme, title = "", total = null
} = {}) {
  const few = data.every(({steps}) => steps.length < 40);
  const traces = data.map(({name, steps, epochs, values}, i) => ({
    type: "scatter", mode: few ? "lines+markers" : "lines", x: steps, y: values, name: plain(name),
    customdata: epochs, connectgaps: false,
    line: {color: colorOf(i, theme), width: i === 0 ? 2 : 1.5, dash: DASHES[i % DASHES.length]}, marker: {size: 4},
    hovertemplate: `<b>${plain(name)}</b> %{y:.4~g}<br>step %{x}, epoch %{customdata:.2~f}<extra></extra>`
  }));
  const last = data.map(({name, values}) => `${name} ${values.findLast((value) => value != null) ?? "none"}`);
  return figure(traces, {
    margin: {l: 52, r: 14, t: data.length > 1 ? 30 : 10, b: 42},
    showlegend: data.length > 1,
    legend: {orientation: "h", x: 0, y: 1.02, yanchor: "bottom", font: {size: 11, color: theme.text}},
    xaxis: axis(theme, "step", total ? {range: [0, total]} : {rangemode: "tozero"}),
    yaxis: axis(theme, plain(title))
  }, {Plotly, width, height, theme, label: `${title} against the step. Last: ${last.join("; ")}`});
}

const colorOf = (i, theme) => [theme.series[0], theme.series[1], theme.muted, theme.text][i % 4];
