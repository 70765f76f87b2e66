import {button, h, inNextFrame, remembered} from "../lib/dom.js";
import {colorTable} from "../lib/colors.js";
import {figures, oneHead, samePlace} from "../lib/attention.js";
import {imageName} from "../lib/format.js";
import {parseQuery} from "../state.js";
import {createControls} from "./controls.js";
import {createMap} from "./map.js";
import {createReadout} from "./readout.js";
import {dataMenu, save} from "./data-menu.js";
import {waitView} from "./problem.js";

/** Above this, all heads of a layer are not fetched at once (a 37×37 grid with 16 heads has 120 MB of maps). */
const ALL_HEADS_BYTES = 32 * 2 ** 20;

/** The attention explorer: photo, map, heads, controls and figures, for one model or two side by side. */
export function createExplorer({api, state, announce, openReport, gallery, refresh}) {
  const slots = ["a", "b"].map((slot) => createSlot(slot));
  const controls = createControls({state});
  const readout = createReadout();
  const actions = h("div", {class: "panel-actions start"});
  const side = h("div", {class: "side card"}, controls.node, readout.node, actions);
  const node = h("section", {class: "explorer", id: "explorer", "data-panel": "attention", "data-state": "loading",
    "aria-label": "Attention explorer"},
    gallery,
    h("div", {class: "maps card"}, howTo(),
      h("div", {class: "maps-row"}, slots.map(({view}) => view.node))),
    side);
  let models = [];
  let hover = null;
  const tables = remembered(colorTable);
  const repaint = inNextFrame(paint);

  function createSlot(slot) {
    const record = {slot, model: null, key: "", photo: null, stack: null, heads: null, control: null, view: null};
    record.view = createMap(slot, {
      hover(patch) {
        hover = patch && record.stack ? {record, patch} : null;
        repaint();
      },
      pick: (patch) => pin(fromGrid(record, patch)),
      key: (event) => onKey(event, record),
      head: (index) => state.set({head: state.value.head === String(index) ? "mean" : String(index)}),
      report: openReport,
      resized: () => repaint()
    });
    return record;
  }

  // Which layer, head and query: the address may name what a model does not have, so it is brought into range.
  const active = () => slots.slice(0, models.length).filter(({model}) => model?.config);
  const hasCls = ({config}) => config.class_token !== false && config.num_prefix_tokens > 0;

  function layerOf({config: {depth}}) {
    const asked = Number.parseInt(state.value.layer, 10);
    if (!Number.isInteger(asked)) return Math.floor(depth / 2);
    return Math.min(depth - 1, Math.max(0, asked < 0 ? depth + asked : asked));
  }

  function headOf({config: {num_heads: numHeads}}) {
    const {head} = state.value;
    if (["mean", "max", "min"].includes(head)) return head;
    const index = Number.parseInt(head, 10);
    return Number.isInteger(index) ? String(Math.min(numHeads - 1, Math.max(0, index))) : "mean";
  }

  /** The chosen query in the first model's grid. */
  function chosenQuery() {
    const first = slots[0].model;
    const {rows, cols} = slots[0].view.grid;
    const asked = parseQuery(state.value.query);
    if (asked === "center") return {row: rows >> 1, col: cols >> 1};
    if (typeof asked === "object") return {row: Math.min(asked.row, rows - 1), col: Math.min(asked.col, cols - 1)};
    return asked === "mean" || !hasCls(first) ? "mean" : "cls";
  }

  function queryFor(record) {
    if (hover?.record === record) return hover.patch;
    if (hover) return samePlace(hover.patch, hover.record.view.grid, record.view.grid);
    return keptQuery(record);
  }

  /** The chosen query in this model's grid: the same place of the photo. */
  function keptQuery(record) {
    const chosen = chosenQuery();
    if (typeof chosen === "object") return samePlace(chosen, slots[0].view.grid, record.view.grid);
    return chosen === "cls" && !hasCls(record.model) ? "mean" : chosen;
  }

  const fromGrid = (record, patch) => samePlace(patch, record.view.grid, slots[0].view.grid);

  function pin({row, col}) {
    const text = `${row},${col}`;
    const again = state.value.query === text;
    hover = null;
    state.set({query: again ? "" : text});
    readout.say(entries());
  }

  function onKey(event, record) {
    const steps = {ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1]};
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const {rows, cols} = slots[0].view.grid;
    const from = hover ? fromGrid(hover.record, hover.patch) : chosenQuery();
    const at = typeof from === "object" ? from : {row: rows >> 1, col: cols >> 1};
    if (steps[event.key]) {
      const [down, right] = typeof from === "object" ? steps[event.key] : [0, 0];
      hover = null;
      const row = Math.min(rows - 1, Math.max(0, at.row + down));
      const col = Math.min(cols - 1, Math.max(0, at.col + right));
      state.set({query: `${row},${col}`});
      readout.say(entries());
    } else if (event.key === "Enter" || event.key === " ") {
      pin(at);
    } else if (event.key === "Escape") {
      hover = null;
      state.set({query: ""});
    } else if (event.key === "[" || event.key === "]") {
      const layer = layerOf(slots[0].model) + (event.key === "]" ? 1 : -1);
      state.set({layer: String(Math.min(slots[0].model.config.depth - 1, Math.max(0, layer)))});
    } else {
      return;
    }
    event.preventDefault();
    record.view.canvas.focus();
  }

  async function load(record) {
    const {model, view} = record;
    const {image} = state.value;
    const layer = layerOf(model);
    const head = headOf(model);
    const key = [model.name, model.sha256, image, layer, head].join(" ");
    if (record.key === key) return;
    record.key = key;
    record.control?.abort();
    record.control = new AbortController();
    const options = {
      signal: record.control.signal, onWait: (seconds, why) => view.state("loading", waitView(seconds, why)[0])
    };
    const what = {model: model.name, image, layer, cls: hasCls(model)};
    view.state("loading", h("span", {class: "spinner", "aria-label": "Loading"}));
    setState();
    try {
      const {num_heads: numHeads, grid: [rows, cols]} = model.config;
      const few = numHeads * (rows * cols) ** 2 * 4 <= ALL_HEADS_BYTES;
      const single = /^\d+$/.test(head);
      const all = few ? api.attention({...what, head: "all"}, options) : null;
      // Its failure is told where it is awaited; without this, giving up early would count as unhandled.
      all?.catch(() => {});
      const [photo, stack] = await Promise.all([
        api.photo(model.name, image, options),
        single && all ? all.then((stacks) => oneHead(stacks, Number(head))) : api.attention({...what, head}, options)
      ]);
      if (record.key !== key) return;
      Object.assign(record, {photo, stack});
      view.state("ready");
      repaint();
      const heads = await all;
      if (record.key !== key) return;
      record.heads = heads;
      repaint();
    } catch (error) {
      if (record.key !== key || error.name === "AbortError") return;
      Object.assign(record, {photo: null, stack: null, heads: null});
      fail(record, error);
    }
    setState();
  }

  function fail(record, error, retry = () => update(models)) {
    record.view.fail(error, record.model.name, () => {
      record.key = "";
      retry();
    });
    setState();
  }

  /** Puts something else in place of a map; what was on its way is given up. */
  function replace(record, show) {
    record.control?.abort();
    record.key = "";
    show();
  }

  function setState() {
    const states = slots.slice(0, Math.max(1, models.length)).map(({view}) => view.node.dataset.state);
    node.dataset.state = ["error", "loading", "empty"].find((one) => states.includes(one)) ?? "ready";
  }

  const entries = () => active().filter(({stack}) => stack).map((record) => {
    const query = queryFor(record);
    const {name, config: {patch_size: patchSize}} = record.model;
    return {name, slot: record.slot, query, figures: figures(record.stack, query, patchSize)};
  });

  function paint() {
    if (active().length === 0 || !slots[0].model?.config) return;
    const now = state.value;
    const look = {
      colors: tables(now.colors), colorsName: now.colors, opacity: Number(now.opacity), mass: Number(now.mass),
      smooth: now.smooth === "1", perLayer: now.scale === "layer"
    };
    for (const record of active()) {
      record.view.paint({...record, query: queryFor(record), pinned: !hover, look,
        chosenHead: headOf(record.model), numHeads: record.model.config.num_heads});
    }
    readout.update(entries());
  }

  function showControls() {
    const first = slots[0].model;
    side.hidden = !first?.config;
    if (side.hidden) return;
    controls.update({depth: first.config.depth, layer: layerOf(first), query: chosenQuery(), hasCls: hasCls(first),
      heads: ["mean", "max", "min"]});
    const calls = active().map((record) => call(record.model, keptQuery(record)));
    const layers = active().map(({model}) => call(model, "all"));
    actions.replaceChildren(
      button("PNG", savePictures, {look: "button quiet"}),
      dataMenu(calls, {formats: ["json", "npy", "npz", "png"], announce, name: "This map"}),
      dataMenu(layers, {formats: ["npy", "npz"], announce, name: "Whole layer"}));
  }

  function call(model, query) {
    const asked = typeof query === "object" ? `${query.row},${query.col}` : query;
    const {image} = state.value;
    const what = {model: model.name, image, layer: layerOf(model), head: headOf(model), query: asked};
    return {label: model.name, url: (format) =>
      api.attentionURL({...what, format, overlay: format === "png" ? "true" : ""})};
  }

  function savePictures() {
    for (const {view, model} of active()) {
      const name = `${model.name}_${imageName(state.value.image)}_layer-${layerOf(model)}_head-${headOf(model)}`;
      view.canvas.toBlob((blob) => save(blob, `${name.replaceAll(/[^\w.-]+/g, "-")}.png`));
    }
  }

  /** Shows these models (objects of the API, or `{name, error}` for one that cannot be shown). */
  function update(next) {
    models = next;
    node.classList.toggle("pair", models.length > 1);
    slots.forEach((record, i) => {
      const model = models[i] ?? null;
      record.view.node.hidden = i > 0 && !model;
      if (record.model?.name !== model?.name) Object.assign(record, {photo: null, stack: null, heads: null, key: ""});
      record.model = model;
      if (!model) return;
      if (model.error) return replace(record, () => fail(record, model.error, refresh));
      if (model.state !== "ready") {
        return replace(record, () => record.view.state("loading", `${model.name} is loading…`));
      }
      if (!state.value.image) {
        return replace(record, () => record.view.state("empty", "Choose an image, or drop one anywhere on the page."));
      }
      record.view.describe(model);
      record.view.label(`Attention of ${model.name} on ${imageName(state.value.image)}, ` +
        `layer ${layerOf(model)}, head ${headOf(model)}`);
      load(record);
    });
    setState();
    showControls();
    repaint();
  }

  state.subscribe((_, changed) => {
    if (["image", "layer", "head"].some((name) => changed.has(name))) return update(models);
    if (["query", "colors", "opacity", "scale", "mass", "smooth"].some((name) => changed.has(name))) {
      showControls();
      repaint();
    }
  });
  return {node, update, layer: () => slots[0].model?.config ? layerOf(slots[0].model) : null};
}

function howTo() {
  return h("p", {class: "reading muted", id: "map-keys"},
    h("span", {class: "for-mouse"}, "Move over a photo, or use the arrow keys on it: the map shows what that patch " +
      "attends to. Click or Enter keeps it, Escape goes back. ",
      h("kbd", {}, "["), " ", h("kbd", {}, "]"), " change the layer."),
    h("span", {class: "for-touch"}, "Tap a patch of a photo: the map shows what it attends to."));
}
