import {button, h, remembered} from "../lib/dom.js";
import {colorBar, paintAttention, paintTile} from "../charts/attention-map.js";
import {largest, mapOf, massThreshold} from "../lib/attention.js";
import {count, percent} from "../lib/format.js";
import {problemView} from "./problem.js";

/**
 * The map of one model over its photo, with a small map for each head below.
 * Tells by callbacks: `hover({row, col} | null)`, `pick({row, col})`, `key(event)`, `head(index)`, `report(name)`.
 */
export function createMap(slot, callbacks) {
  const name = h("strong", {});
  const caption = h("span", {class: "muted small"});
  const reportButton = button("Load report", () => callbacks.report(name.textContent), {look: "link small"});
  const canvas = h("canvas", {class: "map-canvas", tabindex: 0, role: "application",
    "aria-roledescription": "attention map", "aria-describedby": "map-keys"});
  const veil = h("div", {class: "map-veil"});
  const bar = h("div", {class: "bar"});
  const low = h("span", {}, "0");
  const high = h("span", {});
  const unit = h("span", {class: "unit"}, "of the attention");
  const heads = h("div", {class: "heads", role: "group", "aria-label": "Heads"});
  const node = h("figure", {class: "map", "data-slot": slot, "data-state": "loading"},
    h("figcaption", {}, h("span", {class: "map-name"}, h("span", {class: "swatch"}), name, reportButton), caption),
    h("div", {class: "map-stage"}, canvas, veil),
    h("div", {class: "map-scale muted small"}, low, bar, high, unit), heads);
  let grid = {rows: 1, cols: 1};
  let tiles = [];
  let barColors = "";

  function patchAt(event) {
    const box = canvas.getBoundingClientRect();
    const clamp = (value, end) => Math.min(end - 1, Math.max(0, Math.floor(value)));
    return {
      row: clamp(((event.clientY - box.top) / box.height) * grid.rows, grid.rows),
      col: clamp(((event.clientX - box.left) / box.width) * grid.cols, grid.cols)
    };
  }

  canvas.addEventListener("pointermove", (event) => event.pointerType !== "touch" && callbacks.hover(patchAt(event)));
  canvas.addEventListener("pointerleave", () => callbacks.hover(null));
  canvas.addEventListener("click", (event) => callbacks.pick(patchAt(event)));
  canvas.addEventListener("keydown", callbacks.key);
  new ResizeObserver(() => callbacks.resized()).observe(canvas);

  function describe(model) {
    const {depth, num_heads: numHeads, grid: [rows, cols], patch_size: patch, num_prefix_tokens: prefix} = model.config;
    grid = {rows, cols};
    name.textContent = model.name;
    caption.textContent = [
      `${depth} layers × ${numHeads} heads`, `${rows}×${cols} patches of ${patch} px`,
      prefix > 1 ? `${prefix} prefix tokens` : "", `${count(model.parameters)} parameters`, model.recognised_as
    ].filter(Boolean).join(" · ");
    const [height, width] = model.config.img_size;
    canvas.style.aspectRatio = `${width} / ${height}`;
  }

  function makeTiles(n, chosen) {
    if (tiles.length !== n) {
      tiles = Array.from({length: n}, (_, i) => h("button",
        {type: "button", class: "tile", title: `Head ${i}`, "aria-label": `Head ${i}`,
          on: {click: () => callbacks.head(i)}},
        h("canvas", {"aria-hidden": "true", width: grid.cols, height: grid.rows}), h("span", {}, String(i))));
      heads.replaceChildren(...tiles);
    }
    tiles.forEach((tile, i) => tile.setAttribute("aria-pressed", String(chosen === String(i))));
  }

  /** `look`: {colors, colorsName, opacity, mass, smooth, perLayer}; `heads` may come later than `stack`, or never. */
  function paint({photo, stack, heads: all, query, pinned, chosenHead, numHeads, look}) {
    const values = stack ? mapOf(stack, query) : null;
    const top = stack ? (look.perLayer ? largestOf(stack) : largest(values ?? [])) : 0;
    const patch = typeof query === "object" ? query : null;
    paintAttention(canvas, {photo, values, ...grid}, {
      width: canvas.clientWidth || 320, pixelRatio: devicePixelRatio, colors: look.colors, opacity: look.opacity,
      height: canvas.clientHeight || 320, high: top, threshold: values ? massThreshold(values, look.mass) : 0,
      smooth: look.smooth, query: patch, pinned
    });
    high.textContent = stack ? percent(top) : "";
    if (barColors !== look.colorsName) {
      barColors = look.colorsName;
      bar.replaceChildren(colorBar({colors: look.colors}));
    }
    makeTiles(numHeads, chosenHead);
    heads.classList.toggle("smooth", look.smooth);
    if (!all) return;
    tiles.forEach((tile, head) => {
      const map = mapOf(all, query, head);
      if (map) {
        paintTile(tile.firstChild, {values: map, ...grid}, {
          colors: look.colors, high: look.perLayer ? largestOf(all) : largest(map),
          threshold: massThreshold(map, look.mass)
        });
      }
    });
  }

  return {
    node, canvas, describe, paint,
    get grid() { return grid; },
    label(text) { canvas.setAttribute("aria-label", text); },
    state(value, content = null) {
      node.dataset.state = value;
      veil.replaceChildren(...(content ? [content] : []));
    },
    fail(error, model, retry) {
      name.textContent = model;
      caption.textContent = "";
      this.state("error", problemView(error, {retry}));
    }
  };
}

// The largest value of a layer is asked for at every move; a stack never changes, so it is looked for once.
const largestOf = remembered((stack) => Math.max(largest(stack.values), largest(stack.cls ?? [])), new WeakMap());
