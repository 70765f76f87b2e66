import {matrixChart} from "./matrix.js";
import {lightTheme} from "./figure.js";

/**
 * The similarity of every layer of one model (rows, the first on top) with every layer of another (columns).
 * data: `{a, b, layersA, layersB, values}`; a value may be null, and is then left blank.
 * The colours go from the least to the largest value, or from 0 to 1 with `full`.
 */
export function ckaChart({a, b, layersA, layersB, values}, {
  width = 560, theme = lightTheme, full = false, measure = "CKA"
} = {}) {
  const known = values.flat().filter((value) => value != null);
  return matrixChart({name: a, rows: layersA, cols: layersB, values}, {
    width, theme, xTitle: b, yTitle: a, limits: full ? [Math.min(0, ...known), 1] : null,
    tip: (row, col, value) => `${measure} ${typeof value === "number" ? value.toFixed(3) : value}\n${a} ${row}\n${b} ${col}`,
    label: `${measure} between the layers of ${a} and of ${b}, ${range(known)}`
  });
}

const range = (values) => values.length === 0
  ? "nowhere defined"
  : `from ${Math.min(...values).toFixed(2)} to ${Math.max(...values).toFixed(2)}`;
