import {few, figure, lightTheme} from "./figure.js";

/**
 * A matrix in colours. data: `{name, rows, cols, values}`, the first row on top; a value may be null.
 * limits: the ends of the colours; without them, those of the values.
 */
export function matrixChart({name, rows, cols, values}, {
  width = 560, height = null, theme = lightTheme, colors = "viridis", xTitle = "", yTitle = "", title = "", limits = null,
  tip = (row, col, value) => `${value}\n${yTitle} ${row}, ${xTitle} ${col}`, label = "", digits = 4
} = {}) {
  const cell = Math.min((width - 150) / Math.max(1, cols.length), 340 / Math.max(1, rows.length), 48);
  const ticks = (labels, room) => few(labels.map((_, i) => i), Math.max(2, Math.floor(room)))
    .map((at) => ({at, text: String(labels[at]).replace(/^blocks\./, "")}));
  const known = values.flat().filter((value) => value != null);
  const least = Math.min(...known), most = Math.max(...known);
  // Numbers that are all the same are no middle of anything.
  const [low, high] = limits ?? [least, most > least ? most : least + 1];
  return figure({
    cells: [{
      x: {title: xTitle, ticks: ticks(cols, Math.min(width < 420 ? 7 : 13, cell * cols.length / 34)), range: [-0.5, cols.length - 0.5], grid: false},
      y: {title: yTitle, ticks: ticks(rows, Math.min(13, cell * rows.length / 14)), range: [-0.5, rows.length - 0.5], grid: false,
        reversed: true},
      marks: [{kind: "cells", values, colors, low, high, tip: (row, col) =>
        tip(rows[row], cols[col], values[row][col] == null ? "not defined" : Number(values[row][col].toPrecision(digits)))}]
    }],
    bar: known.length ? {colors, low, high} : null, square: true, pick: false
  }, {
    width, theme, height: height ?? Math.max(150, Math.round(cell * rows.length) + 62),
    label: label || `${title} of ${name}: a matrix of ${rows.length} by ${cols.length}`
  });
}
