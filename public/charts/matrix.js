import {colorScale} from "../lib/colors.js";
import {axis, figure, lightTheme, plain} from "./figure.js";

/** A matrix in colours. data: `{name, rows, cols, values}`, the first row on top; a value may be null. */
export function matrixChart({name, rows, cols, values}, {
  Plotly, width = 560, height = null, theme = lightTheme, colors = "viridis", xTitle = "", yTitle = "", title = ""
} = {}) {
  const cell = Math.min((width - 150) / Math.max(1, cols.length), 320 / Math.max(1, rows.length), 48);
  const ticks = (labels) => {
    const step = Math.max(1, Math.ceil(labels.length / (width < 420 ? 7 : 13)));
    const shown = labels.map((_, i) => i).filter((i) => i % step === 0);
    return {tickvals: shown, ticktext: shown.map((i) => plain(String(labels[i]).replace(/^blocks\./, "")))};
  };
  return figure([{
    type: "heatmap", z: values, x: cols.map((_, i) => i), y: rows.map((_, i) => i), xgap: 1, ygap: 1,
    colorscale: colorScale(colors), hoverongaps: false,
    text: values.map((row, i) => row.map((value, j) =>
      `${plain(rows[i])}, ${plain(cols[j])}: ${value == null ? "not defined" : value.toPrecision(4)}`)),
    hovertemplate: "%{text}<extra></extra>",
    colorbar: {thickness: 10, outlinewidth: 0, tickfont: {size: 11, color: theme.muted}, len: 1, ypad: 0}
  }], {
    margin: {l: 76, r: 14, t: 10, b: 56},
    xaxis: axis(theme, xTitle, {...ticks(cols), showgrid: false, constrain: "domain"}),
    yaxis: axis(theme, yTitle, {...ticks(rows), showgrid: false, autorange: "reversed", scaleanchor: "x",
      constrain: "domain"})
  }, {
    Plotly, width, theme, height: height ?? Math.max(200, Math.round(cell * rows.length) + 80),
    label: `${title} of ${name}: a matrix of ${rows.length} by ${cols.length}`
  });
}
