// One chart as SVG: axes, curves, bands, dots, cells, a legend and a colour bar. It is drawn from a description, answers
// to pointer and keys, and gives itself away as a file that needs nothing else.

import {h} from "../lib/dom.js";
import {FONT, s, shortened, textWidth} from "../lib/svg.js";
import {colorAt, colorTable} from "../lib/colors.js";
import {extent, tickWords, ticks} from "./scale.js";
import {drawMark, markRange, nearest, symbolPath} from "./marks.js";

/** Colours of a chart; the page passes its own, read from its style sheet. */
export const lightTheme = Object.freeze({
  text: "#1b1f24", muted: "#59636e", line: "#e1e5ea", card: "#ffffff", series: ["#0b5cad", "#b34700"]
});

/** Colours after the page's own two; told apart without colour vision by the dashes and symbols that go with them. */
const MORE_COLORS = ["#00805f", "#a3418f", "#857300", "#5f6b78"];
const MORE_DARK = ["#4fd1a5", "#e58fd3", "#d6c243", "#a9b4c0"];
const DASHES = [null, "7 4", "2 3", "9 3 2 3"];
const SYMBOLS = ["circle", "square", "triangle", "diamond", "cross"];

/** The look of the i-th curve: `{color, dash, symbol}`. */
export function seriesLook(theme, i) {
  const colors = [...theme.series, ...(brightness(theme.card) < 0.5 ? MORE_DARK : MORE_COLORS)];
  return {color: colors[i % colors.length], dash: DASHES[Math.floor(i / 2) % DASHES.length],
    symbol: SYMBOLS[i % SYMBOLS.length]};
}

/** How light a colour is, from 0 to 1. Takes #rrggbb. */
export function brightness(hex) {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255);
  return 0.299 * r + 0.587 * g + 0.114 * b;
}

const LEGEND_LINE = 18;
let clips = 0;

/**
 * spec: `{cells: [{title, color, x, y, marks}], legend: [{name, color, dash, symbol}], bar: {colors, from, to, low, high,
 * title, words}, stacked, square, pick}`; an axis is `{title, range, zero, least, ticks: [{at, text}], grid, reversed,
 * unmarked}`,
 * marks are in marks.js. A click on a point tells the page by a `pick` event whose detail is the point's x.
 * The node can `mark(x)`, which moves the line of the chosen place, and tell `svg(title)`.
 */
export function figure(spec, {width, height, theme = lightTheme, label, chosen = null}) {
  const tip = h("div", {class: "tip", hidden: true});
  const said = h("p", {class: "off-screen", "aria-live": "polite"});
  const stage = h("div", {class: "figure-stage", role: "img", tabindex: 0, "aria-label": label});
  const node = h("div", {class: "figure"}, stage, tip, said);
  const off = new Set();
  let zoom = null;
  let plots = [];
  let at = null;
  let drag = null;

  function redraw() {
    const drawn = draw(spec, {width, height, theme, chosen, zoom, off});
    plots = drawn.plots;
    stage.replaceChildren(drawn.root);
  }

  function show(found, aloud) {
    at = found;
    tip.hidden = !found;
    if (!found) return;
    tip.replaceChildren(...found.text.split("\n").map((line, i) => h(i ? "span" : "strong", {}, line)));
    const room = width - 8;
    const wide = Math.min(room, Math.max(60, ...found.text.split("\n").map((line) => textWidth(line, 12) + 22)));
    tip.style.left = `${Math.round(Math.min(room - wide, Math.max(4, found.px - wide / 2)))}px`;
    tip.style.top = `${Math.round(found.py > 64 ? found.py - 14 : found.py + 16)}px`;
    tip.dataset.side = found.py > 64 ? "above" : "below";
    if (aloud) said.textContent = found.text.replaceAll("\n", ", ");
  }

  const place = (event) => {
    const box = stage.getBoundingClientRect();
    return {x: event.clientX - box.left, y: event.clientY - box.top};
  };
  const plotAt = ({x, y}) => plots.find(({box}) =>
    x >= box.x - 6 && x <= box.x + box.w + 6 && y >= box.y - 6 && y <= box.y + box.h + 6);

  stage.addEventListener("pointermove", (event) => {
    const here = place(event);
    if (drag) return drag.plot && showBox(here);
    const plot = plotAt(here);
    show(plot ? nearest(plot, here) : null, false);
  });
  stage.addEventListener("pointerleave", () => !drag && show(null));
  stage.addEventListener("blur", () => show(null));
  stage.addEventListener("click", (event) => {
    const name = event.target.closest("[data-series]")?.dataset.series;
    if (name != null) {
      if (!off.delete(name)) off.add(name);
      redraw();
    } else if (at && spec.pick !== false && !drag?.moved) tell();
  });
  // A drag looks closer; on touched screens it scrolls the page.
  stage.addEventListener("pointerdown", (event) => {
    const here = place(event);
    drag = event.pointerType === "touch" || event.button !== 0 || spec.square ? null
      : {from: here, plot: plotAt(here), moved: false};
  });
  stage.addEventListener("pointerup", (event) => {
    const done = drag;
    if (done?.moved) {
      const here = place(event);
      const {sx, sy} = done.plot;
      const order = (a, b) => a < b ? [a, b] : [b, a];
      zoom = {x: order(sx.back(done.from.x), sx.back(here.x)), y: order(sy.back(done.from.y), sy.back(here.y))};
      redraw();
      setTimeout(() => { drag = null; });
    } else drag = null;
  });
  stage.addEventListener("dblclick", () => {
    if (!zoom) return;
    zoom = null;
    redraw();
  });

  function showBox(here) {
    if (Math.hypot(here.x - drag.from.x, here.y - drag.from.y) < 8) return;
    drag.moved = true;
    stage.setPointerCapture?.(drag.id ?? 0);
    stage.querySelector(".zoom-box")?.remove();
    const [x, y] = [Math.min(here.x, drag.from.x), Math.min(here.y, drag.from.y)];
    stage.firstChild.append(s("rect", {class: "zoom-box", x, y, width: Math.abs(here.x - drag.from.x),
      height: Math.abs(here.y - drag.from.y), fill: theme.muted, "fill-opacity": 0.2, stroke: theme.muted}));
  }

  function tell() {
    stage.dispatchEvent(new CustomEvent("pick", {bubbles: true, detail: at.x}));
  }

  stage.addEventListener("keydown", (event) => {
    const steps = {ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0]};
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") {
      show(null);
      if (zoom) {
        zoom = null;
        redraw();
      }
    } else if (event.key === "Enter" && at && spec.pick !== false) tell();
    else if (steps[event.key]) show(step(plots, at, steps[event.key]), true);
    else return;
    event.preventDefault();
  });

  redraw();
  return Object.assign(node, {
    mark(x) {
      if (x === chosen) return;
      chosen = x;
      redraw();
    },
    /** A file that stands alone: with a title, in the colours that are seen. */
    svg: (title = "") => standalone(spec, {width, height, theme, chosen, zoom, off}, title, label)
  });
}

/** The neighbour of a point: along its series, or the same place of the next. */
function step(plots, at, [down, right]) {
  const marks = plots.flatMap((plot) => plot.points().map((points) => ({plot, points})));
  if (marks.length === 0) return null;
  const wrap = (i, n) => (i + n) % n;
  const series = at ? wrap(at.series + down, marks.length) : 0;
  const {points} = marks[series];
  return {...points[at ? Math.min(points.length - 1, wrap(at.index + right, points.length)) : 0], series};
}

function standalone(spec, look, title, label) {
  const above = title ? 30 : 8;
  const {root} = draw(spec, look);
  const total = look.height + above + 6;
  const svg = s("svg", {xmlns: "http://www.w3.org/2000/svg", width: look.width, height: total,
    viewBox: `0 0 ${look.width} ${total}`, role: "img", "aria-label": label},
  s("rect", {width: look.width, height: total, fill: look.theme.card}),
  title && s("text", {x: 12, y: 21, "font-family": FONT, "font-size": 14, "font-weight": 600, fill: look.theme.text},
    shortened(title, look.width - 24, 14)),
  s("g", {transform: `translate(0 ${above})`}, ...root.childNodes));
  svg.setAttribute("font-family", FONT);
  return new XMLSerializer().serializeToString(svg);
}

function draw({cells, legend = [], bar = null, stacked = false, square = false}, {
  width, height, theme, chosen, zoom, off
}) {
  const root = s("svg", {class: "chart", width, height, viewBox: `0 0 ${width} ${height}`, "font-family": FONT,
    "aria-hidden": "true"});
  const shown = cells.map((cell) => ({...cell, marks: cell.marks.filter(({name}) => !off.has(name))}));
  const ranges = shown.map((cell) => rangesOf(cell));
  const over = (pick) => [Math.min(...ranges.map((one) => pick(one)[0])), Math.max(...ranges.map((one) => pick(one)[1]))];
  const range = zoom ?? {x: over(({x}) => x), y: over(({y}) => y)};
  const yTicks = cells[0].y.ticks ?? words(ticks(range.y, height < 200 ? 4 : 6));
  const legendHeight = drawLegend(root, legend, {width, theme, off});
  const title = cells.some((cell) => cell.title) ? 18 : 4;
  const left = (cells[0].y.title ? 24 : 6) + Math.min(90, Math.max(12, ...yTicks.map(({text}) => textWidth(text)))) + 6;
  const frame = {x: left, y: legendHeight + title, w: width - left - (bar ? 36 + barWidth(bar) : 14), h: 0};
  frame.h = height - frame.y - 24 - (cells[0].x.title ? 18 : 0);
  const n = cells.length;
  const gap = stacked ? title + 34 : left;
  const plots = shown.map((cell, i) => {
    const box = stacked
      ? {...frame, y: frame.y + i * (frame.h + gap) / n, h: (frame.h + gap) / n - gap}
      : {...frame, x: frame.x + i * (frame.w + gap) / n, w: (frame.w + gap) / n - gap};
    if (square) fitSquare(box, range);
    const plot = {box, theme, marks: cell.marks, sx: scale(range.x, box.x, box.x + box.w, cell.x.reversed),
      sy: scale(range.y, box.y + box.h, box.y, cell.y.reversed)};
    plot.points = () => cell.marks.filter((mark) => mark.tip).map((mark) => nearest.all(plot, mark)).filter((p) => p.length);
    drawPlot(root, cell, plot, {yTicks, range, chosen, stacked, last: i === n - 1});
    return plot;
  });
  if (bar) drawBar(root, bar, {x: plots.at(-1).box.x + plots.at(-1).box.w + 14, y: frame.y,
    h: Math.max(60, plots[0].box.h)}, theme);
  return {root, plots};
}

const words = (places) => tickWords(places).map((text, i) => ({at: places[i], text}));

function rangesOf({x, y, marks}) {
  const found = marks.map(markRange);
  const all = (axis) => found.flatMap((one) => one[axis]);
  return {x: x.range ?? extent(all("x"), {room: 0.02, zero: x.zero}), y: y.range ?? extent(all("y"), y)};
}

/** Cells of a matrix are squares. */
function fitSquare(box, range) {
  const cell = Math.min(box.w / (range.x[1] - range.x[0]), box.h / (range.y[1] - range.y[0]));
  box.w = cell * (range.x[1] - range.x[0]);
  box.h = cell * (range.y[1] - range.y[0]);
}

function scale([low, high], from, to, reversed = false) {
  const [a, b] = reversed ? [to, from] : [from, to];
  const factor = (b - a) / (high - low || 1);
  return Object.assign((value) => a + (value - low) * factor, {back: (pixel) => low + (pixel - a) / factor});
}

function drawPlot(root, {title, color, x, y, marks}, plot, {yTicks, range, chosen}) {
  const {box, sx, sy, theme} = plot;
  const right = box.x + box.w, bottom = box.y + box.h;
  const text = (content, more) => s("text", {"font-size": 11, fill: theme.muted, ...more}, content);
  const inside = ({at}, [low, high]) => at >= low - 1e-9 && at <= high + 1e-9;
  for (const tick of yTicks.filter((one) => inside(one, range.y))) {
    const py = sy(tick.at);
    if (y.grid !== false) root.append(s("line", {x1: box.x, x2: right, y1: py, y2: py, stroke: theme.line}));
    root.append(text(shortened(tick.text, 90), {x: box.x - 6, y: py + 4, "text-anchor": "end"}));
  }
  const xTicks = x.ticks ?? words(ticks(range.x, Math.max(3, Math.floor(box.w / 60))));
  for (const tick of xTicks.filter((one) => inside(one, range.x))) {
    const px = sx(tick.at);
    if (x.grid) root.append(s("line", {x1: px, x2: px, y1: box.y, y2: bottom, stroke: theme.line}));
    root.append(text(shortened(tick.text, 76), {x: px, y: bottom + 15, "text-anchor": "middle"}));
  }
  if (y.grid !== false) root.append(s("line", {x1: box.x, x2: right, y1: bottom, y2: bottom, stroke: theme.line}));
  if (x.title) root.append(text(x.title, {x: box.x + box.w / 2, y: bottom + 33, "text-anchor": "middle", "font-size": 12}));
  if (y.title) {
    root.append(text(shortened(y.title, Math.max(80, box.h + 30), 12), {transform: `translate(${box.x -
      Math.min(90, Math.max(12, ...yTicks.map((one) => textWidth(one.text)))) - 17} ${box.y + box.h / 2}) rotate(-90)`,
    "text-anchor": "middle", "font-size": 12}));
  }
  if (title) root.append(text(title, {x: box.x, y: box.y - 6, "font-size": 12, "font-weight": 600, fill: color ?? theme.text}));
  const clip = `plot-${++clips}`;
  const inner = s("g", {"clip-path": `url(#${clip})`});
  root.append(s("clipPath", {id: clip}, s("rect", {x: box.x - 5, y: box.y - 5, width: box.w + 10, height: box.h + 10})),
    inner);
  if (chosen != null && !x.unmarked && inside({at: chosen}, range.x)) {
    inner.append(s("line", {class: "chosen", x1: sx(chosen), x2: sx(chosen), y1: box.y, y2: bottom, stroke: theme.muted,
      "stroke-dasharray": "2 3"}));
  }
  for (const mark of marks) drawMark(inner, mark, plot, chosen);
}

/** The names of the curves above the plot; a press on one hides or shows it. */
function drawLegend(root, legend, {width, theme, off}) {
  let x = 12, line = 0;
  for (const {name, text = name, color, dash, symbol, plain} of legend) {
    const words = shortened(text, width - 80, 12);
    const room = textWidth(words, 12) + 50;
    if (x > 12 && x + room > width) {
      x = 12;
      line++;
    }
    const y = line * LEGEND_LINE + 12;
    const entry = s("g", {class: "legend", "data-series": plain ? null : name, opacity: off.has(name) ? 0.35 : 1},
      s("rect", {x, y: y - 9, width: room - 10, height: LEGEND_LINE, fill: "transparent"}),
      symbol !== "none" && s("line", {x1: x, x2: x + 24, y1: y, y2: y, stroke: color, "stroke-width": 2,
        "stroke-dasharray": dash}),
      symbol && symbol !== "none" && s("path", {d: symbolPath(symbol, x + 12, y, 4), fill: color}),
      symbol === "none" && s("rect", {x: x + 8, y: y - 4, width: 9, height: 9, fill: color}),
      s("text", {x: x + 30, y: y + 4, "font-size": 12, fill: theme.text}, words));
    root.append(entry);
    x += room;
  }
  return legend.length ? (line + 1) * LEGEND_LINE + 8 : 8;
}

const barWords = ({low, high, words: told = null}) => told ?? words(ticks([low, high], 5));

/** Pixels that the longest word of a colour bar takes. */
const barWidth = (bar) => Math.max(16, ...barWords(bar).map(({text}) => textWidth(text)));

function drawBar(root, bar, {x, y, h: tall}, theme) {
  const {colors, from = 0, to = 1, low, high, title = ""} = bar;
  const table = colorTable(colors);
  for (let i = 0; i < 64; i++) {
    root.append(s("rect", {x, y: y + tall * (1 - (i + 1) / 64), width: 10, height: tall / 64 + 0.5,
      fill: colorAt(table, from + (to - from) * (i + 0.5) / 64)}));
  }
  for (const {at, text} of barWords(bar)) {
    const py = y + tall * (1 - (at - low) / (high - low || 1));
    if (py < y - 1 || py > y + tall + 1) continue;
    root.append(s("text", {x: x + 14, y: py + 4, "font-size": 11, fill: theme.muted}, text));
  }
  if (title) root.append(s("text", {x: x - 4, y: y - 6, "font-size": 11, fill: theme.muted}, title));
}

/** At most `count` of the entries, evenly, with the first and the last. */
export function few(list, count) {
  const step = Math.max(1, Math.ceil((list.length - 1) / Math.max(1, count - 1)));
  return list.filter((_, i) => i === list.length - 1 || (i % step === 0 && list.length - 1 - i >= step / 2));
}
