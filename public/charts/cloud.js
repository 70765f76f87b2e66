import {colorAt, colorTable} from "../lib/colors.js";
import {axis, figure, lightTheme, plain} from "./figure.js";

/** Points in the plane, coloured by group. data: `{name, points: [[x, y]], groups: [label]}`; groups may be null. */
export function cloudChart({name, points, groups}, {
  Plotly, width = 560, height = 380, theme = lightTheme, colors = "plasma", xTitle = "", yTitle = "", title = ""
} = {}) {
  const names = groups ? [...new Set(groups)] : [""];
  const table = colorTable(colors);
  const traces = names.map((group, i) => {
    const own = groups ? points.filter((_, at) => groups[at] === group) : points;
    return {
      type: "scatter", mode: "markers", name: plain(group), x: own.map(([x]) => x), y: own.map(([, y]) => y),
      marker: {size: points.length > 600 ? 3 : 5, opacity: 0.8,
        color: colorAt(table, names.length > 1 ? 0.06 + 0.82 * i / (names.length - 1) : 0.4)},
      hovertemplate: `${plain(group)}<extra></extra>`
    };
  });
  return figure(traces, {
    xaxis: axis(theme, xTitle, {showgrid: false}), yaxis: axis(theme, yTitle, {showgrid: false}),
    showlegend: names.length > 1 && names.length <= 12,
    legend: {orientation: "h", y: -0.18, font: {size: 11, color: theme.text}, itemsizing: "constant"}
  }, {Plotly, width, height, theme, label: `${title} of ${name}: ${points.length} points in ${names.length} groups`});
}
