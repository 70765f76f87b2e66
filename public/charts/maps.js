import {h} from "../lib/dom.js";
import {colorTable} from "../lib/colors.js";
import {number} from "../lib/format.js";
import {FONT, s} from "../lib/svg.js";
import {colorBar, paintAttention} from "./attention-map.js";
import {lightTheme} from "./figure.js";

const GAP = 10;
const CAPTION = 18;
const OPACITY = 0.65;

/**
 * Maps over the image that they are of, all in one scale. data: `{name, rows, cols, maps: [{label, values, colors, photo}]}`;
 * a map has values, some of which may be null, or three bytes of colour for each patch; photo is an address, or null.
 * limits: the ends of the colours; without them, those of the values.
 */
export function mapsChart({name, rows, cols, maps}, {
  width = 560, theme = lightTheme, colors = "viridis", title = "", limits = null
} = {}) {
  const known = maps.flatMap(({values}) => values ? [...values].filter((value) => value != null) : []);
  const [low, high] = limits ?? [known.reduce((a, b) => Math.min(a, b), Infinity), known.reduce((a, b) => Math.max(a, b), -Infinity)];
  const side = Math.floor(Math.min(width, maps.length === 1 ? 340 : Math.max(112, Math.min(220, (width + GAP) / maps.length - GAP))));
  const tall = Math.round(side * rows / cols);
  const table = colorTable(colors);
  const look = {width: side, height: tall, colors: table, low, high};
  const said = h("p", {class: "small muted map-value", "aria-live": "polite"}, " ");

  function tile({label, values, colors: patches, photo}) {
    const canvas = h("canvas", {role: "img", tabindex: 0, "aria-label": `${title} of ${name}${label ? `, ${label}` : ""}`});
    const paint = (image) => paintAttention(canvas, {photo: image, values, patches, rows, cols},
      {...look, pixelRatio: devicePixelRatio, opacity: OPACITY});
    paint(null);
    if (photo) {
      const image = new Image();
      image.src = photo;
      image.decode().then(() => paint(image), () => {});
    }
    canvas.style.width = `${side}px`;
    canvas.style.height = `${tall}px`;
    let at = 0;
    const tell = () => {
      const value = patches ? [...patches.subarray(3 * at, 3 * at + 3)].join(", ") : number(values[at], 4);
      said.textContent = `${label ? `${label}, ` : ""}row ${Math.floor(at / cols)}, column ${at % cols}: ${value}`;
    };
    canvas.addEventListener("pointermove", ({offsetX, offsetY}) => {
      const place = (value, size, end) => Math.min(end - 1, Math.max(0, Math.floor(value / size * end)));
      at = place(offsetY, tall, rows) * cols + place(offsetX, side, cols);
      tell();
    });
    canvas.addEventListener("keydown", (event) => {
      const step = {ArrowLeft: -1, ArrowRight: 1, ArrowUp: -cols, ArrowDown: cols}[event.key];
      if (!step) return;
      at = Math.min(rows * cols - 1, Math.max(0, at + step));
      tell();
      event.preventDefault();
    });
    return h("figure", {class: "map-tile", style: {width: `${side}px`}}, canvas, label && h("figcaption", {class: "small muted"}, label));
  }

  const scale = known.length > 0 && h("div", {class: "map-scale muted small"}, h("span", {}, number(low, 3)),
    h("div", {class: "bar"}, colorBar({colors: table})), h("span", {}, number(high, 3)));
  const node = h("div", {class: "maps-chart", style: {"max-width": `${width}px`}},
    h("div", {class: "map-row"}, maps.map(tile)), scale, said);
  return Object.assign(node, {
    mark() {},
    /** The maps without the photo, as a file that stands alone. */
    svg(text = "") {
      const across = Math.max(1, Math.floor((width + GAP) / (side + GAP)));
      const box = [Math.max(width, side), 30 + Math.ceil(maps.length / across) * (tall + CAPTION + GAP)];
      const svg = s("svg", {xmlns: "http://www.w3.org/2000/svg", width: box[0], height: box[1], viewBox: `0 0 ${box.join(" ")}`,
        "font-family": FONT, role: "img", "aria-label": text}, s("rect", {width: box[0], height: box[1], fill: theme.card}),
      s("text", {x: 2, y: 20, "font-size": 14, "font-weight": 600, fill: theme.text}, text),
      maps.map(({label, values, colors: patches}, i) => {
        const canvas = paintAttention(document.createElement("canvas"), {values, patches, rows, cols}, look);
        const [x, y] = [(i % across) * (side + GAP), 30 + Math.floor(i / across) * (tall + CAPTION + GAP)];
        return [s("image", {x, y, width: side, height: tall, href: canvas.toDataURL()}),
          s("text", {x, y: y + tall + 13, "font-size": 11, fill: theme.muted}, label ?? "")];
      }));
      return new XMLSerializer().serializeToString(svg);
    }
  });
}
