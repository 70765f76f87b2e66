// What stands inside the axes of a chart. A mark is one of
// {kind: "line", name, x, y, color, width, dash, symbol, tip(i), highlights}: a curve, broken where y is null
// {kind: "band", name, x, low, high, color}: a region around a curve
// {kind: "dots", name, x, y, color, size, opacity, tip(i)}: points
// {kind: "rule", y, text, color}: a line across, with words at its end
// {kind: "flag", x, text, color}: a line down, with words at its foot
// {kind: "cells", values, colors, low, high, tip(row, col)}: a matrix, the first row at y 0

import {colorAt, colorTable} from "../lib/colors.js";
import {s, textWidth} from "../lib/svg.js";

const HOVER_PIXELS = 40;
/** Beyond so many cells a matrix is one image. */
const MOST_CELLS = 2500;

/** A small shape around a point. */
export function symbolPath(symbol, x, y, r) {
  switch (symbol) {
    case "square": return `M${x - r} ${y - r}h${2 * r}v${2 * r}h${-2 * r}z`;
    case "triangle": return `M${x} ${y - 1.2 * r}L${x + 1.2 * r} ${y + r}L${x - 1.2 * r} ${y + r}z`;
    case "diamond": return `M${x} ${y - 1.3 * r}L${x + 1.3 * r} ${y}L${x} ${y + 1.3 * r}L${x - 1.3 * r} ${y}z`;
    case "cross": return `M${x - r} ${y - r}h${0.7 * r}L${x} ${y - 0.4 * r}L${x + 0.3 * r} ${y - r}h${0.7 * r}` +
      `L${x + 0.4 * r} ${y}L${x + r} ${y + r}h${-0.7 * r}L${x} ${y + 0.4 * r}L${x - 0.3 * r} ${y + r}h${-0.7 * r}` +
      `L${x - 0.4 * r} ${y}z`;
    default: return `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`;
  }
}

/** `{x: [numbers], y: [numbers]}` that the axes must show. */
export function markRange(mark) {
  switch (mark.kind) {
    case "band": return {x: mark.x, y: [...mark.low, ...mark.high]};
    case "rule": return {x: [], y: mark.optional ? [] : [mark.y]};
    case "flag": return {x: [], y: []};
    case "cells": return {x: [-0.5, mark.values[0].length - 0.5], y: [-0.5, mark.values.length - 0.5]};
    default: return {x: mark.x, y: mark.y};
  }
}

export function drawMark(root, mark, plot, chosen) {
  const {sx, sy, theme, box} = plot;
  switch (mark.kind) {
    case "line": {
      const width = mark.highlights != null && mark.highlights === chosen ? 4 : mark.width ?? 2;
      root.append(s("path", {class: "curve", d: curve(mark, sx, sy), fill: "none", stroke: mark.color,
        "stroke-width": width, "stroke-dasharray": mark.dash, "stroke-linejoin": "round"}));
      if (!mark.symbol) break;
      root.append(s("path", {class: "points", fill: mark.color, d: mark.x.map((x, i) =>
        mark.y[i] == null ? "" : symbolPath(mark.symbol, round(sx(x)), round(sy(mark.y[i])), mark.size ?? 3.5)).join("")}));
      break;
    }
    case "band": {
      const known = mark.x.map((_, i) => i).filter((i) => mark.low[i] != null && mark.high[i] != null);
      if (known.length < 2) break;
      const edge = (ends) => known.map((i) => `${round(sx(mark.x[i]))} ${round(sy(ends[i]))}`);
      root.append(s("path", {class: "band", fill: mark.color, "fill-opacity": 0.2,
        d: `M${[...edge(mark.high), ...edge(mark.low).reverse()].join("L")}z`}));
      break;
    }
    case "dots": {
      const r = (mark.size ?? 4) / 2;
      root.append(s("path", {class: "points", fill: mark.color, "fill-opacity": mark.opacity ?? 0.8,
        d: mark.x.map((x, i) => mark.y[i] == null ? "" :
          symbolPath(mark.symbol ?? "circle", round(sx(x)), round(sy(mark.y[i])), r)).join("")}));
      break;
    }
    case "rule": {
      const py = sy(mark.y);
      const color = mark.color ?? theme.muted;
      root.append(s("line", {class: "rule", x1: box.x, x2: box.x + box.w, y1: py, y2: py, stroke: color,
        "stroke-dasharray": mark.dash ?? "6 4"}));
      const words = haloed(mark.text, box.x + box.w - 2, py + (mark.below ? 12 : -4), "end", theme, color);
      root.append(words);
      break;
    }
    case "flag": {
      const px = sx(mark.x);
      const color = mark.color ?? theme.muted;
      root.append(s("line", {class: "flag", x1: px, x2: px, y1: box.y, y2: box.y + box.h, stroke: color,
        "stroke-dasharray": "4 3"}));
      const isLate = px + textWidth(mark.text) > box.x + box.w;
      root.append(haloed(mark.text, px + (isLate ? -4 : 4), box.y + 10, isLate ? "end" : "start", theme, color));
      break;
    }
    case "cells": drawCells(root, mark, plot);
  }
}

/** Words that stay readable where a curve runs behind them. */
function haloed(text, x, y, anchor, theme, color) {
  return s("text", {x, y, "text-anchor": anchor, "font-size": 11, fill: color, stroke: theme.card, "stroke-width": 3,
    "paint-order": "stroke"}, text);
}

const round = (value) => Math.round(value * 10) / 10;

function curve({x, y}, sx, sy) {
  let path = "";
  let isBroken = true;
  for (let i = 0; i < x.length; i++) {
    if (y[i] == null || !Number.isFinite(y[i])) {
      isBroken = true;
      continue;
    }
    path += `${isBroken ? "M" : "L"}${round(sx(x[i]))} ${round(sy(y[i]))}`;
    isBroken = false;
  }
  return path;
}

const share = ({low, high}, value) => high > low ? (value - low) / (high - low) : 0.5;

function drawCells(root, mark, {sx, sy}) {
  const {values, colors, low, high} = mark;
  const table = colorTable(colors);
  const [rows, cols] = [values.length, values[0].length];
  const [x0, x1, y0, y1] = [sx(-0.5), sx(cols - 0.5), sy(-0.5), sy(rows - 0.5)];
  const [w, h] = [(x1 - x0) / cols, (y1 - y0) / rows];
  if (rows * cols > MOST_CELLS) return root.append(cellsAsImage(mark, table, {x0, x1, y0, y1}));
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) {
      const value = values[row][col];
      if (value == null) continue;
      root.append(s("rect", {class: "cell", x: round(x0 + col * w), y: round(Math.min(y0 + row * h, y0 + (row + 1) * h)),
        width: Math.max(1, round(Math.abs(w)) - 0.6), height: Math.max(1, round(Math.abs(h)) - 0.6),
        fill: colorAt(table, share({low, high}, value))}));
    }
  }
}

function cellsAsImage({values, low, high}, table, {x0, x1, y0, y1}) {
  const [rows, cols] = [values.length, values[0].length];
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [cols, rows];
  const context = canvas.getContext("2d");
  const image = context.createImageData(cols, rows);
  values.forEach((row, i) => row.forEach((value, j) => {
    if (value == null) return;
    const at = 4 * ((y1 > y0 ? i : rows - 1 - i) * cols + j);
    const color = 3 * Math.round(255 * Math.min(1, Math.max(0, share({low, high}, value))));
    image.data.set([table[color], table[color + 1], table[color + 2], 255], at);
  }));
  context.putImageData(image, 0, 0);
  return s("image", {class: "cell", href: canvas.toDataURL(), x: x0, y: Math.min(y0, y1), width: x1 - x0,
    height: Math.abs(y1 - y0), "image-rendering": "pixelated", preserveAspectRatio: "none"});
}

/** The point of a plot next to a place: `{px, py, x, text, series, index}`; null where none is near. */
export function nearest(plot, {x, y}) {
  let best = null;
  let least = HOVER_PIXELS;
  const told = plot.marks.filter((mark) => mark.tip);
  told.forEach((mark, series) => {
    if (mark.kind === "cells") {
      const col = Math.round(plot.sx.back(x)), row = Math.round(plot.sy.back(y));
      if (mark.values[row]?.[col] === undefined) return;
      best = {px: plot.sx(col), py: plot.sy(row), x: col, text: mark.tip(row, col), series,
        index: row * mark.values[0].length + col};
      least = 0;
      return;
    }
    for (let i = 0; i < mark.x.length; i++) {
      if (mark.y[i] == null) continue;
      const px = plot.sx(mark.x[i]);
      if (Math.abs(px - x) >= least) continue;
      const py = plot.sy(mark.y[i]);
      const away = Math.hypot(px - x, py - y);
      if (away >= least) continue;
      least = away;
      best = {px, py, x: mark.x[i], i, mark, series, index: i};
    }
  });
  if (best?.mark) best.text = best.mark.tip(best.i);
  return best;
}

/** Every point of a mark, in order: for keys. */
nearest.all = (plot, mark) => mark.kind === "cells"
  ? mark.values.flatMap((row, i) => row.map((_, j) =>
    ({px: plot.sx(j), py: plot.sy(i), x: j, text: mark.tip(i, j), index: i * row.length + j})))
  : mark.x.map((x, i) => ({px: plot.sx(x), py: plot.sy(mark.y[i] ?? 0), x, text: mark.tip(i), index: i}));
