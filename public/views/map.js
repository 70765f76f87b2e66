import {button, h} from "../lib/dom.js";
import {colorBar, paintAttention, paintTile} from "../charts/attention-map.js";
import {count, plural} from "../lib/format.js";
import {problemView} from "./problem.js";

/**
 * The map of one model over its photo, with the pinned patches and the heads of the layer below.
 * Tells by callbacks: `hover({row, col} | null)`, `pick({row, col}, isMore)`, `drag({row, col, row2, col2})`,
 * `key(event)`, `head(index)`, `show(pin)`, `report(name)`.
 */
export function createMap(slot, callbacks) {
  const name = h("strong", {});
  const caption = h("span", {class: "muted small"});
  const reportButton = button("Load report", () => callbacks.report(name.textContent), {look: "link small",
    title: "What became of every tensor of the checkpoint"});
  const canvas = h("canvas", {class: "map-canvas", tabindex: 0, role: "application",
    "aria-roledescription": "attention map", "aria-describedby": "map-keys"});
  const veil = h("div", {class: "map-veil"});
  const bar = h("div", {class: "bar"});
  const low = h("span", {});
  const high = h("span", {});
  const unit = h("span", {class: "unit"});
  const scale = h("div", {class: "map-scale muted small"}, low, bar, high, unit);
  const pinned = h("div", {class: "pins", role: "group"});
  const heads = h("div", {class: "heads", role: "group"});
  const tilesPart = h("div", {class: "map-tiles"}, pinned, heads);
  const node = h("figure", {class: "map", "data-slot": slot, "data-state": "loading"},
    h("figcaption", {}, h("span", {class: "map-name"}, h("span", {class: "swatch"}), name, reportButton), caption),
    h("div", {class: "map-stage"}, canvas, veil),
    scale, tilesPart);
  let grid = {rows: 1, cols: 1};
  let barColors = "";
  let isBusy = false;
  let from = null;
  let dragged = null;

  function patchAt(event) {
    const box = canvas.getBoundingClientRect();
    const clamp = (value, end) => Math.min(end - 1, Math.max(0, Math.floor(value)));
    return {
      row: clamp(((event.clientY - box.top) / box.height) * grid.rows, grid.rows),
      col: clamp(((event.clientX - box.left) / box.width) * grid.cols, grid.cols)
    };
  }

  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerType === "touch") return;
    const patch = patchAt(event);
    if (from && (from.row !== patch.row || from.col !== patch.col)) dragged = {...from, row2: patch.row, col2: patch.col};
    callbacks.hover(from && dragged ? {...from, row2: patch.row, col2: patch.col} : patch);
  });
  canvas.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "touch" || event.button !== 0) return;
    from = patchAt(event);
    dragged = null;
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointerup", () => {
    if (dragged) callbacks.drag(dragged);
    from = null;
  });
  canvas.addEventListener("pointercancel", () => { from = dragged = null; });
  canvas.addEventListener("pointerleave", () => callbacks.hover(null));
  canvas.addEventListener("click", (event) => {
    if (!dragged) callbacks.pick(patchAt(event), event.shiftKey);
    dragged = null;
  });
  canvas.addEventListener("keydown", callbacks.key);
  new ResizeObserver(() => callbacks.resized()).observe(canvas);

  function describe(model, imageWords) {
    const {depth, num_heads: numHeads, grid: [rows, cols], patch_size: patch, num_prefix_tokens: prefix,
      class_token: cls, num_registers: registers} = model.config;
    grid = {rows, cols};
    name.textContent = model.name;
    const tokens = [cls !== false && prefix > 0 ? "class token" : "", registers ? plural(registers, "register") : ""];
    caption.textContent = [
      imageWords, `${depth} layers × ${numHeads} heads`, `${rows}×${cols} patches of ${patch} px`,
      prefix > 1 ? tokens.filter(Boolean).join(" and ") : "", `${count(model.parameters)} parameters`, model.recognised_as
    ].filter(Boolean).join(" · ");
    const [height, width] = model.config.img_size;
    canvas.style.aspectRatio = `${width} / ${height}`;
  }

  /** A button with a small map for each entry `{label, words, values, isOn, press}`; kept while their number stays. */
  function tiles(place, entries, look, overlay) {
    while (place.children.length > entries.length) place.lastChild.remove();
    while (place.children.length < entries.length) {
      const tile = h("button", {type: "button", class: "tile", on: {click: () => tile.press()}},
        h("canvas", {"aria-hidden": "true", width: 1, height: 1}), h("span", {"aria-hidden": "true"}));
      place.append(tile);
    }
    entries.forEach(({label, words, values, isOn, press}, i) => {
      const tile = place.children[i];
      tile.press = press;
      if (tile.title !== words) {
        tile.lastChild.textContent = label;
        tile.title = words;
        tile.setAttribute("aria-label", words);
      }
      tile.setAttribute("aria-pressed", String(isOn));
      tile.classList.toggle("waiting", !values);
      // What the hand does not change is not painted again.
      const key = `${overlay.id} ${look.colorsName} ${look.clip} ${look.mass} ${look.scale} ${look.high}`;
      if (!values || (tile.painted === values && tile.paintedAs === key)) return;
      Object.assign(tile, {painted: values, paintedAs: key});
      paintTile(tile.firstChild, {values, ...grid}, {...look, ...overlay.limits(values, look)});
    });
  }

  /**
   * values: the map, or null while it is on its way; colors: three bytes for each patch instead, or null.
   * pins and heads: `[{label, words, values, isOn, press}]`.
   * look: `{colors, colorsName, opacity, mass, clip, smooth, scale, high}`, high null for a scale of each map's own.
   */
  function paint({photo, values, colors, query, isKept, pins, heads: all, pinPlaces, look, overlay}) {
    const ends = values ? overlay.limits(values, look) : {low: 0, high: 0, threshold: -Infinity};
    paintAttention(canvas, {photo, values, patches: colors, ...grid}, {
      width: canvas.clientWidth || 320, pixelRatio: devicePixelRatio, height: canvas.clientHeight || 320, ...look, ...ends,
      query: overlay.hasQuery && typeof query === "object" ? query : null, pinned: isKept, pins: pinPlaces
    });
    low.textContent = values ? overlay.tell(ends.low) : "";
    high.textContent = values ? overlay.tell(ends.high) : "";
    unit.textContent = overlay.unit;
    scale.classList.toggle("empty", Boolean(colors));
    if (barColors !== look.colorsName) {
      barColors = look.colorsName;
      bar.replaceChildren(colorBar({colors: look.colors}));
    }
    tilesPart.classList.toggle("smooth", look.smooth);
    tiles(pinned, pins, look, overlay);
    tiles(heads, all, look, overlay);
    pinned.setAttribute("aria-label", `Pinned patches in ${name.textContent}`);
    heads.setAttribute("aria-label", `Heads of ${name.textContent}`);
    pinned.hidden = pins.length === 0;
  }

  return {
    node, canvas, describe, paint,
    get grid() { return grid; },
    /** Whether the veil says more than that something is on its way. */
    get isBusy() { return isBusy; },
    label(text) { canvas.setAttribute("aria-label", text); },
    state(value, content = null) {
      isBusy = value === "loading" && !(content instanceof Element);
      node.dataset.state = value;
      veil.replaceChildren(...(content ? [content].flat().filter(Boolean) : []));
    },
    fail(error, model, retry) {
      name.textContent = model;
      caption.textContent = "";
      this.state("error", problemView(error, {retry}));
    }
  };
}
