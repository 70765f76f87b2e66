import {colorScale} from "../lib/colors.js";
import {axis, figure, lightTheme, plain} from "./figure.js";

/**
 * The similarity of every layer of one model (rows) with every layer of another (columns).
 * data: `{a, b, layersA, layersB, values}`; a value may be null, and is then left blank.
 */
export function ckaChart({a, b, layersA, layersB, values}, {
  Plotly, width = 560, height = null, theme = lightTheme, colors = "magma", low = 0
} = {}) {
  // Cells are squares: the room left of the margins and the colour scale, up to a height that fits a screen.
  const cell = Math.min((width - 150) / layersB.length, 340 / layersA.length);
  height ??= Math.max(220, Math.round(cell * layersA.length) + 80);
  const known = values.flat().filter((value) => value != null);
  const rows = layersA.map((_, i) => i);
  const cols = layersB.map((_, i) => i);
  const text = values.map((row, i) => row.map((value, j) =>
    `${plain(a)} ${plain(layersA[i])}<br>${plain(b)} ${plain(layersB[j])}<br>` +
    `CKA ${value == null ? "not defined" : value.toFixed(3)}`));
  return figure([{
    type: "heatmap", x: cols, y: rows, z: values, zmin: Math.min(low, ...known), zmax: 1, xgap: 1, ygap: 1,
    colorscale: colorScale(colors), text, hovertemplate: "%{text}<extra></extra>", hoverongaps: true,
    colorbar: {thickness: 10, outlinewidth: 0, tickfont: {size: 11, color: theme.muted}, len: 1, ypad: 0}
  }], {
    hovermode: "closest",
    margin: {l: 76, r: 14, t: 10, b: 62},
    xaxis: layerAxis(theme, b, layersB, width, {constrain: "domain"}),
    yaxis: layerAxis(theme, a, layersA, width, {scaleanchor: "x", constrain: "domain"})
  }, {
    Plotly, width, height, theme,
    label: `CKA between the layers of ${a} and of ${b}, ${range(known)}`
  });
}

const range = (values) => values.length === 0
  ? "nowhere defined"
  : `from ${Math.min(...values).toFixed(2)} to ${Math.max(...values).toFixed(2)}`;

function layerAxis(theme, model, labels, width, more) {
  const step = Math.ceil(labels.length / (width < 420 ? 8 : 14));
  const shown = labels.map((_, i) => i).filter((i) => i % step === 0);
  return axis(theme, plain(model), {
    tickvals: shown, ticktext: shown.map((i) => shorten(labels[i])),
    ticks: "", showgrid: false, showline: false, ...more
  });
}

const shorten = (label) => plain(label.replace(/^blocks\./, ""));
