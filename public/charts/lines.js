import {axis, faded, figure, lightTheme, plain} from "./figure.js";

const DASHES = ["solid", "dash", "dot", "dashdot"];
/** Colours after the page's own two, readable on light and dark. */
const MORE_COLORS = ["#2e8b57", "#8e5bd0", "#c2407a", "#8a7200", "#1593a5", "#77808c"];

function seriesColor(theme, i) {
  const all = [...theme.series, ...MORE_COLORS];
  return all[i % all.length];
}

/**
 * Curves over numbers or names.
 * data: `[{name, x, y, band, color, dash}]`; band, the half-width, may be null; color and dash are small numbers.
 */
export function linesChart(data, {
  Plotly, width = 560, height = 320, theme = lightTheme, xTitle = "", yTitle = "", title = ""
} = {}) {
  const names = data[0]?.x ?? [];
  const isNumeric = data.every(({x}) => x.every((place) => place !== "" && Number.isFinite(Number(place))));
  const places = (x) => isNumeric ? x.map(Number) : x.map((_, i) => i);
  const traces = data.flatMap(({name, x, y, band, color, dash = 0}) => {
    const ink = seriesColor(theme, color);
    const known = y.map((_, i) => i).filter((i) => y[i] != null && band?.[i] != null);
    const at = places(x);
    return [
      ...(known.length ? [{
        type: "scatter", mode: "lines", fill: "toself", fillcolor: faded(ink, 0.16), line: {width: 0},
        hoverinfo: "skip", showlegend: false,
        x: [...known.map((i) => at[i]), ...known.map((i) => at[i]).reverse()],
        y: [...known.map((i) => y[i] + band[i]), ...known.map((i) => y[i] - band[i]).reverse()]
      }] : []),
      {
        type: "scatter", mode: at.length <= 40 ? "lines+markers" : "lines", x: at, y, name: plain(name),
        line: {color: ink, width: 2, dash: DASHES[dash % DASHES.length]}, marker: {color: ink, size: 5},
        customdata: x.map((place) => plain(place)),
        hovertemplate: `<b>${plain(name)}</b><br>%{customdata}: %{y:.4~g}<extra></extra>`
      }
    ];
  });
  const step = Math.max(1, Math.ceil(names.length / (width < 420 ? 5 : 10)));
  const ticks = isNumeric ? {} : {
    tickvals: names.map((_, i) => i).filter((i) => i % step === 0),
    ticktext: names.filter((_, i) => i % step === 0).map(plain)
  };
  return figure(traces, {
    xaxis: axis(theme, xTitle, {showgrid: false, ...ticks}), yaxis: axis(theme, yTitle),
    showlegend: data.length > 1,
    legend: {orientation: "h", y: -0.24, font: {size: 11, color: theme.text}}, margin: {l: 52, r: 14, t: 10, b: 60}
  }, {
    Plotly, width, height, theme,
    label: `${title}: ${yTitle} against ${xTitle} of ${data.map(({name}) => name).join(", ")}`
  });
}
