import {colorAt, colorTable} from "../lib/colors.js";
import {figure, lightTheme, seriesLook} from "./figure.js";

const SYMBOLS = ["circle", "triangle", "square", "diamond", "cross"];
const MOST_NAMED = 20;

/**
 * Points in the plane, coloured by group. data: `{name, points: [[x, y]], groups: [label]}`; groups may be null.
 * tip(i): the words of a point.
 */
export function cloudChart({name, points, groups}, {
  width = 560, height = 420, theme = lightTheme, xTitle = "", yTitle = "", title = "", tip = null
} = {}) {
  const names = groups ? [...new Set(groups)] : [""];
  // Few groups get colours and symbols that are told apart; many get places in one colour map.
  const table = colorTable("viridis");
  const look = (i) => names.length <= MOST_NAMED
    ? {color: seriesLook(theme, i).color, symbol: SYMBOLS[Math.floor(i / 6) % SYMBOLS.length]}
    : {color: colorAt(table, 0.08 + 0.84 * i / (names.length - 1)), symbol: "circle"};
  const marks = names.map((group, i) => {
    const own = points.map((_, at) => at).filter((at) => !groups || groups[at] === group);
    return {kind: "dots", name: group, x: own.map((at) => points[at][0]), y: own.map((at) => points[at][1]),
      size: points.length > 600 ? 4 : 7, opacity: points.length > 3000 ? 0.55 : 0.8, ...look(i),
      tip: (k) => tip ? tip(own[k]) : group};
  });
  return figure({
    cells: [{x: {title: xTitle}, y: {title: yTitle, grid: false}, marks}], pick: false,
    legend: names.length > 1 && names.length <= MOST_NAMED
      ? names.map((group, i) => ({name: group, ...look(i), symbol: "none"})) : []
  }, {width, height, theme, label: `${title} of ${name}: ${points.length} points in ${names.length} groups`});
}
