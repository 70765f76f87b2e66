// What all Plotly charts share: one look, one size, one way of marking a layer.

/** Colours of a chart; the page passes its own, read from its style sheet. */
export const lightTheme = Object.freeze({
  text: "#1b1f24", muted: "#59636e", line: "#e1e5ea", card: "#ffffff", series: ["#0b5cad", "#b34700"]
});

const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif";

/** A drawn Plotly figure as a node. The size is given: nothing is measured, so it may be detached. */
export function figure(traces, layout, {Plotly, width, height, theme, label}) {
  const node = document.createElement("div");
  node.className = "figure";
  node.setAttribute("role", "img");
  node.setAttribute("aria-label", label);
  // On narrow, touched screens a drag must scroll the page rather than zoom the chart.
  const dragmode = width < 480 ? false : "zoom";
  Plotly.newPlot(node, traces, {
    width, height, dragmode,
    margin: {l: 52, r: 14, t: 10, b: 42},
    font: {family: FONT, size: 12, color: theme.text},
    paper_bgcolor: theme.card, plot_bgcolor: theme.card,
    hovermode: "closest", hoverdistance: 30,
    hoverlabel: {bgcolor: theme.card, bordercolor: theme.muted, font: {color: theme.text, size: 12}},
    showlegend: false,
    ...layout
  }, {displayModeBar: false, doubleClick: "reset", showTips: false});
  return node;
}

/** An axis in the page's look. */
export function axis(theme, title, more = {}) {
  return {
    title: {text: title, font: {size: 12, color: theme.muted}, standoff: 8},
    gridcolor: theme.line, linecolor: theme.line, zerolinecolor: theme.line, tickcolor: theme.line,
    tickfont: {color: theme.muted, size: 11}, automargin: true, zeroline: false, ...more
  };
}

/** A thin line at a place on the x axis. */
export function marker(x, theme) {
  return {
    type: "line", x0: x, x1: x, y0: 0, y1: 1, yref: "paper", layer: "below",
    line: {color: theme.muted, width: 1, dash: "dot"}, visible: x != null
  };
}

/** A colour with transparency, for bands and dots. Takes #rrggbb. */
export function faded(hex, alpha) {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  return `rgba(${r}, ${g}, ${b}, ${alpha})`;
}

/** How light a colour is, from 0 to 1. Takes #rrggbb. */
export function brightness(hex) {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255);
  return 0.299 * r + 0.587 * g + 0.114 * b;
}

/** Text that Plotly shows as it is: it reads a little HTML in labels, and names come from users. */
export function plain(text) {
  return String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
