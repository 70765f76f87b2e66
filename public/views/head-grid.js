import {h, select} from "../lib/dom.js";
import {paintTile} from "../charts/attention-map.js";
import {distance, entropy, mapOf, percentile} from "../lib/attention.js";
import {number} from "../lib/format.js";
import {queryName} from "./readout.js";

/** What the maps can be ordered by: of the pinned query itself, or of the whole head on this image. */
const ORDERS = [["", "layer and head"], ["distance", "distance"], ["entropy", "entropy"], ["nmi", "NMI of the head"]];

/** Every layer and head for the kept query, as small maps that can be ordered. Calls `choose(layer, head)`. */
export function createHeadGrid({api, state, choose}) {
  const order = select(ORDERS, {on: {change: () => state.set({grid: order.value || "layer"})}});
  const body = h("div", {class: "grid-body"});
  const title = h("span", {class: "muted small"});
  const node = h("details", {class: "card head-grid", id: "head-grid",
    on: {toggle: () => state.set({grid: node.open ? state.value.grid || "layer" : ""}, {silent: true})}},
  h("summary", {}, "Every layer and head", title),
  h("div", {class: "panel-controls"}, h("label", {class: "field inline"}, h("span", {class: "field-label"}, "Order by"), order)),
  body);
  let shown = "";

  /** NMI of each head on the image; null while it is not known. */
  async function nmiOf({model, image}) {
    const url = api.analysisURL(model.name, "attention-nmi", {image});
    return (await api.analysis(url)).per_head;
  }

  /** records: `[{slot, model, image, layers, query, layer, head}]`. */
  async function update(records, colors) {
    const {grid} = state.value;
    node.hidden = records.length === 0;
    if (node.open !== (grid !== "")) node.open = grid !== "";
    title.textContent = records.length ? ` for ${queryName(records[0].query)}` : "";
    order.value = grid === "layer" ? "" : grid;
    if (!grid || records.length === 0) {
      body.replaceChildren();
      shown = "";
      return;
    }
    const key = JSON.stringify([grid, state.value.colors, records.map(({model, image, query, layer, head}) =>
      [model.name, image, query, layer, head])]);
    if (shown === key) return;
    shown = key;
    const nmi = grid === "nmi" ? await Promise.all(records.map(nmiOf)).catch(() => null) : null;
    if (shown !== key) return;
    body.replaceChildren(...records.map((record, i) => block(record, grid, nmi?.[i], colors)));
  }

  function block(record, by, nmi, colors) {
    const {model, layers, query, slot} = record;
    const {patch_size: patchSize, num_heads: numHeads} = model.config;
    const isPatch = typeof query === "object";
    const entries = layers.flatMap((stack, layer) => Array.from({length: numHeads}, (_, head) => {
      const map = mapOf(stack, query, head);
      const value = by === "distance" ? isPatch ? distance(map, query, stack.cols, patchSize) : null
        : by === "entropy" ? entropy(map) : by === "nmi" ? nmi?.[layer]?.[head] ?? null : null;
      return {layer, head, map, value, stack};
    }));
    if (by !== "layer") entries.sort((a, b) => (a.value ?? Infinity) - (b.value ?? Infinity));
    const digits = by === "distance" ? 1 : by === "nmi" ? 3 : 2;
    const unit = by === "distance" ? " px" : "";
    const tiles = entries.map(({layer, head, map, value, stack}) => {
      const words = `Layer ${layer}, head ${head}${value == null ? "" : `: ${number(value, digits)}${unit}`}`;
      return h("button", {type: "button", class: "tile", title: words, "aria-label": `${model.name}, ${words}`,
        "aria-pressed": String(layer === record.layer && String(head) === record.head), on: {click: () => choose(layer, head)}},
      paintTile(document.createElement("canvas"), {values: map, rows: stack.rows, cols: stack.cols},
        {colors, high: percentile(map, Number(state.value.clip))}),
      h("span", {"aria-hidden": "true"}, by === "layer" ? `${layer}·${head}` : `${layer}·${head}  ${number(value, digits)}`));
    });
    return h("section", {class: "grid-block", "data-slot": slot, "aria-label": model.name},
      h("h2", {}, h("span", {class: "swatch"}), model.name,
        h("span", {class: "muted small"}, by === "layer" ? " a row for each layer, a column for each head"
          : by === "distance" && !isPatch ? " the class token and the mean have no distance" : " least first")),
      h("div", {class: by === "layer" ? "grid-tiles by-layer" : "grid-tiles", style: {"--heads": numHeads}}, tiles));
  }

  return {node, update};
}
