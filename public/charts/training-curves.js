import {figure, lightTheme, seriesLook} from "./figure.js";

/**
 * Metrics of a run against its steps.
 * data: `[{name, steps, epochs, values}]`; a value may be null, and the line is then broken.
 * alarms: `[{step, text}]`, marked on the curves.
 */
export function trainingCurves(data, {
  width = 560, height = 300, theme = lightTheme, title = "", total = null, alarms = []
} = {}) {
  const looks = data.map((_, i) => ({...seriesLook(theme, i), dash: [null, "7 4", "2 3", "9 3 2 3"][i % 4]}));
  const last = data.map(({name, values}) => `${name} ${values.findLast((value) => value != null) ?? "none"}`);
  return figure({
    cells: [{
      x: {title: "step", ...(total ? {range: [0, total]} : {zero: true})}, y: {title},
      marks: [...data.map(({name, steps, epochs, values}, i) => ({
        kind: "line", name, x: steps, y: values, ...looks[i], symbol: steps.length < 40 ? looks[i].symbol : null,
        size: 2.5, width: i === 0 ? 2 : 1.5,
        tip: (k) => `${name} ${values[k] == null ? "none" : Number(values[k].toPrecision(4))}\nstep ${steps[k]}, ` +
          `epoch ${Number((epochs?.[k] ?? 0).toFixed(2))}`
      })), ...alarms.map(({step, text}) => ({kind: "flag", x: step, text}))]
    }],
    legend: data.length > 1 ? data.map(({name}, i) => ({name, ...looks[i]})) : [], pick: false
  }, {width, height, theme, label: `${title} against the step. Last: ${last.join("; ")}`});
}
