import {figure, lightTheme, seriesLook} from "./figure.js";

const DASHES = [null, "7 4", "2 3", "9 3 2 3"];

/**
 * Curves over numbers or names.
 * data: `[{name, x, y, band, color, dash}]`; band, the half-width, may be null; color and dash are small numbers.
 */
export function linesChart(data, {
  width = 560, height = 320, theme = lightTheme, xTitle = "", yTitle = "", title = "", references = []
} = {}) {
  const names = data[0]?.x ?? [];
  const isNumeric = data.every(({x}) => x.every((place) => place !== "" && Number.isFinite(Number(place))));
  const places = (x) => isNumeric ? x.map(Number) : x.map((_, i) => i);
  const looks = data.map(({color, dash = 0}) => ({...seriesLook(theme, color), dash: DASHES[dash % DASHES.length]}));
  const marks = data.flatMap(({name, x, y, band}, i) => {
    const at = places(x);
    const edge = (sign) => y.map((value, k) => value == null || band[k] == null ? null : value + sign * band[k]);
    return [
      band && {kind: "band", name, x: at, low: edge(-1), high: edge(1), color: looks[i].color},
      {kind: "line", name, x: at, y, ...looks[i], symbol: at.length <= 40 ? looks[i].symbol : null, size: 3,
        tip: (k) => `${name}\n${x[k]}: ${round(y[k])}${band?.[k] == null ? "" : ` ± ${round(band[k])}`}`}
    ].filter(Boolean);
  });
  const step = Math.max(1, Math.ceil(names.length / (width < 420 ? 5 : 10)));
  const isWhole = isNumeric && names.every((name) => Number.isInteger(Number(name)));
  const all = isNumeric ? names.map(Number) : names.map((_, i) => i);
  const shown = all.map((at, i) => ({at, text: String(names[i]).replace(/^blocks\./, "")})).filter((_, i) => i % step === 0);
  return figure({
    cells: [{x: {title: xTitle, ...(isNumeric && !isWhole ? {} : {ticks: shown})}, y: {title: yTitle},
      marks: [...marks, ...references.map((one) => ({kind: "rule", ...one}))]}],
    legend: data.length > 1 ? data.map(({name}, i) => ({name, ...looks[i]})) : [], pick: false
  }, {
    width, height: height + Math.min(120, 10 * Math.max(0, data.length - 3)), theme,
    label: `${title}: ${yTitle} against ${xTitle} of ${data.map(({name}) => name).join(", ")}`
  });
}

const round = (value) => value == null ? "none" : String(Number(value.toPrecision(4))).replace("-", "−");
