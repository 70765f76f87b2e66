import {button, h, inNextFrame, remembered} from "../lib/dom.js";
import {colorTable} from "../lib/colors.js";
import {figures, largestOf, mapOf, queryText, sameQuery, samePlace} from "../lib/attention.js";
import {imageName} from "../lib/format.js";
import {parsePins, parseQuery} from "../state.js";
import * as choice from "./choice.js";
import {hasCls, inside} from "./choice.js";
import {createControls} from "./controls.js";
import {createHeadGrid} from "./head-grid.js";
import {createMap} from "./map.js";
import {createReadout, queryName} from "./readout.js";
import {createReplay} from "./replay.js";
import {dataMenu, save} from "./data-menu.js";
import {overlayOf} from "./overlays.js";
import {waitView} from "./problem.js";

/** Above this many bytes one head of a layer is fetched, not all: a 37×37 grid has 1.9 MB a head. */
const ALL_HEADS_BYTES = 2 ** 20;
/** A query that is still on its way through the keys is not asked for. */
const QUERY_MILLISECONDS = 120;
const MOST_PINS = 6;

/** The explorer: photo, map, pinned patches, heads, controls and figures, for one model or two side by side. */
export function createExplorer({api, state, announce, openReport, gallery, refresh}) {
  const slots = ["a", "b"].map((slot) => createSlot(slot));
  const controls = createControls({state});
  const readout = createReadout();
  const actions = h("div", {class: "panel-actions start"});
  const side = h("div", {class: "side card"}, controls.node, readout.node, actions);
  const headGrid = createHeadGrid({api, state, choose: (layer, head) => state.set({layer: String(layer), head: String(head)})});
  const replay = createReplay({api, state});
  const node = h("section", {class: "explorer", id: "explorer", "data-panel": "attention", "data-state": "loading",
    "aria-label": "Attention explorer"},
    gallery,
    h("div", {class: "maps card"}, howTo(), replay.node,
      h("div", {class: "maps-row"}, slots.map(({view}) => view.node))),
    side, headGrid.node);
  let models = [];
  let hover = null;
  const tables = remembered(colorTable);
  const repaint = inNextFrame(paint);

  function createSlot(slot) {
    const record = {slot, view: null, ...nothing()};
    record.view = createMap(slot, {
      hover(patch) {
        hover = patch && record.stack ? {record, patch} : null;
        repaint();
      },
      pick: (patch, isMore) => isMore
        ? state.set({pins: pinned(state.value.pins, fromGrid(record, patch))}) : keep(fromGrid(record, patch)),
      drag: (patches) => keep(fromGrid(record, patches)),
      key: (event) => onKey(event, record),
      head: (index) => state.set({head: state.value.head === String(index) ? "mean" : String(index)}),
      report: openReport,
      resized: () => repaint()
    });
    return record;
  }

  // Which layer, head and query: the address may name what a model does not have, so it is brought into range.
  const active = () => slots.slice(0, models.length).filter(({model}) => model?.config);
  const imageOf = ({slot}) => slot === "b" && state.value.beside ? state.value.beside : state.value.image;
  const overlay = () => overlayOf(state.value.overlay);

  const layerOf = (model) => choice.layerOf(model, state.value.layer);
  const headOf = (model) => choice.headOf(model, state.value.head);

  /** The chosen query in the first model's grid: the middle of the photo when nothing is said. */
  function chosenQuery() {
    const first = slots[0].model;
    const {grid} = slots[0].view;
    const asked = parseQuery(state.value.query);
    if (typeof asked === "object") return inside(asked, grid);
    if (asked === "mean") return "mean";
    return asked === "cls" ? hasCls(first) ? "cls" : "mean" : {row: grid.rows >> 1, col: grid.cols >> 1};
  }

  const toGrid = (patch, record) => samePlace(patch, slots[0].view.grid, record.view.grid);
  const fromGrid = (record, patch) => samePlace(patch, record.view.grid, slots[0].view.grid);
  const pinsOf = (record) => parsePins(state.value.pins).map((pin) => toGrid(inside(pin, slots[0].view.grid), record));

  function queryFor(record) {
    if (hover?.record === record) return hover.patch;
    if (hover) return samePlace(hover.patch, hover.record.view.grid, record.view.grid);
    return keptQuery(record);
  }

  /** The chosen query in this model's grid: the same place of the photo. */
  function keptQuery(record) {
    const chosen = chosenQuery();
    if (typeof chosen === "object") return toGrid(chosen, record);
    return chosen === "cls" && !hasCls(record.model) ? "mean" : chosen;
  }

  function keep(patches) {
    const text = queryText(patches);
    hover = null;
    state.set({query: state.value.query === text ? "" : text});
    readout.say(entries());
  }

  /** The pins with a patch beside them, or without it. */
  function pinned(text, patch) {
    const pins = parsePins(text);
    const rest = pins.filter((pin) => !sameQuery(pin, patch));
    return (rest.length < pins.length ? rest : [...pins, patch].slice(-MOST_PINS)).map(queryText).join(";");
  }

  function onKey(event, record) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const {grid} = slots[0].view;
    const {depth, num_heads: numHeads} = slots[0].model.config;
    const from = hover ? fromGrid(hover.record, hover.patch) : chosenQuery();
    const isPatch = typeof from === "object";
    const at = isPatch ? {row: from.row, col: from.col} : {row: grid.rows >> 1, col: grid.cols >> 1};
    const next = choice.keyPatch(event.key, {at, isPatch, grid, depth, numHeads, layer: layerOf(slots[0].model),
      head: headOf(slots[0].model), query: state.value.query, pins: state.value.pins, pin: pinned});
    if (!next) return;
    if (next.query != null) hover = null;
    state.set(next);
    readout.say(entries());
    event.preventDefault();
    record.view.canvas.focus();
  }

  /** What one slot shows: the photo, the maps of the kept query in every layer and head, and one layer's whole maps. */
  async function load(record) {
    const {model, view} = record;
    const image = imageOf(record);
    const layer = layerOf(model);
    const {num_heads: numHeads, grid: [rows, cols]} = model.config;
    const few = numHeads * (rows * cols) ** 2 <= ALL_HEADS_BYTES;
    const head = few ? "all" : headOf(model);
    const key = [model.name, model.sha256, image, layer, head, overlay().id].join(" ");
    if (record.key === key) return askQuery(record);
    const isElsewhere = record.place !== `${model.name} ${image}`;
    Object.assign(record, {key, stack: null, over: null, place: `${model.name} ${image}`});
    if (isElsewhere) Object.assign(record, {photo: null, layers: null, asked: ""});
    record.control?.abort();
    record.control = new AbortController();
    const options = {
      signal: record.control.signal, onWait: (...wait) => view.state("loading", waitView(...wait))
    };
    tell(record);
    repaint();
    try {
      await Promise.all([photoOf(record, image, key, options), askQuery(record, options)]);
      if (record.key !== key) return;
      if (overlay().load) {
        const over = await overlay().load(api, {model: model.name, image, layer, query: keptQuery(record)}, options);
        if (record.key !== key) return;
        record.over = over;
      } else {
        const stack = await api.attention({model: model.name, image, layer, head}, options);
        if (record.key !== key) return;
        record.stack = stack;
      }
      tell(record);
      repaint();
      if (!overlay().load) ahead(record, {model: model.name, image, layer, head, depth: model.config.depth}, key);
    } catch (error) {
      if (record.key !== key || error.name === "AbortError") return;
      Object.assign(record, nothing(), {model});
      fail(record, error);
    }
  }

  /** Whether the map of the kept query is there, or on its way. */
  function tell(record) {
    if (mapFor(record, keptQuery(record))) record.view.state("ready");
    else record.view.state("loading", h("span", {class: "spinner", role: "img", "aria-label": "Loading"}));
    setState();
  }

  async function photoOf(record, image, key, options) {
    const photo = record.photo ?? await api.photo(record.model.name, image, options);
    if (record.key !== key) return;
    record.photo = photo;
    repaint();
  }

  /** The maps of the kept query in every layer and head. A rectangle is averaged of what one layer holds. */
  async function askQuery(record, options = null) {
    const query = keptQuery(record);
    const {row2, col2, ...patch} = typeof query === "object" ? query : {};
    const asked = queryText(typeof query === "object" ? patch : query);
    if (record.asked === asked || (record.model.config.depth === 0)) return;
    record.asked = asked;
    tell(record);
    const {place} = record;
    if (record.layers) await new Promise((resolve) => setTimeout(resolve, QUERY_MILLISECONDS));
    if (record.asked !== asked || record.place !== place) return;
    const signal = options?.signal ?? record.control?.signal;
    try {
      const layers = await api.attentionOfQuery({model: record.model.name, image: imageOf(record), query: asked},
        {...options, signal});
      if (record.asked !== asked || record.place !== place) return;
      Object.assign(record, {layers, layersOf: asked});
      tell(record);
      showHeadGrid();
      repaint();
    } catch (error) {
      if (record.asked === asked) record.asked = "";
      if (options) throw error;
    }
  }

  /** Neighbouring layers come ahead of the hand, when there is nothing else to do. */
  function ahead(record, what, key) {
    const idle = window.requestIdleCallback ?? ((run) => setTimeout(run, 200));
    idle(async () => {
      for (const layer of [what.layer + 1, what.layer - 1].filter((one) => one >= 0 && one < what.depth)) {
        if (record.key !== key || !node.isConnected) return;
        await api.attention({...what, layer}, {signal: record.control.signal}).catch(() => {});
      }
    });
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

  /** The stack that knows the map of a query in a layer: the layer's own, or that of the kept query. */
  function stackFor(record, query) {
    if (record.stack && query !== "cls") return record.stack;
    const own = typeof query === "object" && query.row2 != null ? null : queryText(query);
    return record.layers && own === record.layersOf ? record.layers[layerOf(record.model)] : null;
  }

  function mapFor(record, query, head = headOf(record.model)) {
    if (overlay().load) return record.over?.values ?? null;
    const stack = stackFor(record, query);
    return stack ? mapOf(stack, query, Number.isNaN(Number(head)) ? head : Number(head)) : null;
  }

  const entries = () => active().map((record) => {
    const query = queryFor(record);
    const head = headOf(record.model);
    const stack = overlay().load ? null : stackFor(record, query);
    const {name, config: {patch_size: patchSize}} = record.model;
    return {name, slot: record.slot, query, figures: stack && figures(stack, query, patchSize,
      Number.isNaN(Number(head)) ? head : Number(head))};
  });

  /** The largest share that the colours reach: null for each map's own. */
  function commonScale() {
    const {scale} = state.value;
    const known = active();
    if (scale === "layer") return (record) => record.stack ? largestOf(record.stack) : null;
    if (scale !== "global") return () => null;
    const all = known.flatMap(({layers}) => layers ?? []);
    const high = all.length ? Math.max(...all.map(largestOf)) : null;
    return () => high;
  }

  function paint() {
    if (active().length === 0 || !slots[0].model?.config) return;
    const now = state.value;
    const common = commonScale();
    const look = {
      colors: tables(now.colors), colorsName: now.colors, opacity: Number(now.opacity), mass: Number(now.mass),
      clip: Number(now.clip), smooth: now.smooth === "1"
    };
    for (const record of active()) {
      const query = queryFor(record);
      const chosen = headOf(record.model);
      const pins = pinsOf(record);
      record.view.paint({
        photo: record.photo, values: mapFor(record, query), query, isKept: !hover, overlay: overlay(),
        look: {...look, high: common(record)}, pinPlaces: overlay().hasQuery ? pins : [],
        pins: overlay().hasQuery ? pins.map((pin, i) => ({
          label: String(i + 1), words: `Pinned patch ${i + 1}, ${queryName(pin)}`, values: mapFor(record, pin),
          isOn: sameQuery(pin, query), press: () => state.set({query: queryText(fromGrid(record, pin))})
        })) : [],
        heads: overlay().hasHeads ? Array.from({length: record.model.config.num_heads}, (_, head) => ({
          label: String(head), words: `Head ${head}`, values: headMap(record, query, head), isOn: chosen === String(head),
          press: () => state.set({head: chosen === String(head) ? "mean" : String(head)})
        })) : []
      });
    }
    readout.update(entries());
  }

  /** One head's map: of the whole layer where all heads are here, otherwise of the kept query. */
  function headMap(record, query, head) {
    const kept = record.layers?.[layerOf(record.model)];
    if (record.stack?.heads > 1 && query !== "cls") return mapOf(record.stack, query, head);
    return kept ? mapOf(kept, query, head) : null;
  }

  function showHeadGrid() {
    headGrid.update(active().filter(({layers}) => layers).map((record) => ({slot: record.slot, model: record.model,
      image: imageOf(record), layers: record.layers, query: parseQuery(record.layersOf), layer: layerOf(record.model),
      head: headOf(record.model)})), tables(state.value.colors));
  }

  function showControls() {
    const first = slots[0].model;
    side.hidden = !first?.config;
    if (side.hidden) return;
    controls.update({depth: first.config.depth, layer: layerOf(first), query: chosenQuery(), hasCls: hasCls(first),
      heads: ["mean", "max", "min"], overlay: overlay()});
    const single = active().filter((record) => typeof keptQuery(record) !== "object" || keptQuery(record).row2 == null);
    const calls = single.map((record) => call(record, keptQuery(record)));
    const layers = active().map((record) => call(record, "all"));
    actions.replaceChildren(
      button("PNG", savePictures, {look: "button quiet", title: "Save the maps as pictures"}),
      dataMenu(calls, {formats: ["json", "npy", "npz", "png"], announce, name: "This map"}),
      dataMenu(layers, {formats: ["npy", "npz"], announce, name: "Whole layer"}));
  }

  function call(record, query) {
    const {model} = record;
    const what = {model: model.name, image: imageOf(record), layer: layerOf(model), head: headOf(model),
      query: queryText(query)};
    return {label: model.name, model, url: (format) => overlay().url?.(api, what, format) ??
      api.attentionURL({...what, format, overlay: format === "png" ? "true" : ""})};
  }

  /** The maps as they are seen, for pictures and reports: `[{title, canvas}]`. */
  const pictures = () => active().filter(({view}) => view.node.dataset.state === "ready").map((record) => ({
    title: `${record.model.name}, ${imageName(imageOf(record))}, layer ${layerOf(record.model)}, head ` +
      `${headOf(record.model)}, query ${queryName(keptQuery(record))}`, canvas: record.view.canvas
  }));

  function savePictures() {
    for (const {title, canvas} of pictures()) {
      canvas.toBlob((blob) => save(blob, `${title.replaceAll(/[^\w.-]+/g, "-")}.png`));
    }
  }

  /** Shows these models (objects of the API, or `{name, error}` for one that cannot be shown). */
  function update(next) {
    // One model may look at two images.
    models = next.length === 1 && state.value.beside ? [next[0], next[0]] : next;
    node.classList.toggle("pair", models.length > 1);
    replay.update(models);
    slots.forEach((record, i) => {
      const model = models[i] ?? null;
      record.view.node.hidden = i > 0 && !model;
      if (record.model?.name !== model?.name || record.model?.sha256 !== model?.sha256) {
        record.control?.abort();
        Object.assign(record, nothing());
      }
      record.model = model;
      if (!model) return;
      if (model.error) return replace(record, () => fail(record, model.error, refresh));
      if (model.state !== "ready") {
        return replace(record, () => record.view.state("loading", `${model.name} is loading…`));
      }
      if (!imageOf(record)) {
        return replace(record, () => record.view.state("empty", "Choose an image, or drop one anywhere on the page."));
      }
      record.view.describe(model, state.value.beside ? imageName(imageOf(record)) : "");
    });
    // A grid is known for all before a query is brought into each.
    for (const record of active().filter(({model}) => model.state === "ready" && !model.error && imageOf(slots[0]))) {
      record.view.label(`${overlay().title} of ${record.model.name} on ${imageName(imageOf(record))}, ` +
        `layer ${layerOf(record.model)}, head ${headOf(record.model)}`);
      load(record);
    }
    setState();
    showControls();
    showHeadGrid();
    repaint();
  }

  state.subscribe((_, changed) => {
    if (!node.isConnected) return;
    if (changed.has("beside")) return refresh();
    if (["image", "layer", "head", "overlay"].some((name) => changed.has(name))) return update(models);
    if (changed.has("query")) active().filter(({key}) => key).forEach((record) => askQuery(record));
    const looks = ["query", "pins", "colors", "opacity", "scale", "mass", "clip", "smooth", "grid"];
    if (looks.some((name) => changed.has(name))) {
      showControls();
      if (changed.has("grid") || changed.has("colors")) showHeadGrid();
      repaint();
    }
  });
  return {
    node, update, pictures,
    layer: () => slots[0].model?.config ? layerOf(slots[0].model) : null,
    /** Gives up what is on its way: the page shows something else. */
    leave() {
      replay.stop();
      for (const record of slots) {
        record.control?.abort();
        Object.assign(record, {key: "", asked: ""});
      }
    }
  };
}

/** A slot without a model. */
const nothing = () => ({model: null, key: "", place: "", asked: "", photo: null, stack: null, layers: null, layersOf: "",
  over: null, control: null});

function howTo() {
  const key = (name) => h("kbd", {}, name);
  return h("div", {class: "reading muted", id: "map-keys"},
    h("span", {class: "for-mouse"}, "Move over a photo: the map shows what that patch attends to. Click keeps it, ",
      "Shift-click pins it beside others, drag averages. ",
      h("details", {class: "keys"}, h("summary", {}, "Keys"), "Arrows move, ", key("["), key("]"), " layer, ",
        key(","), key("."), " head, ", key("a"), " all heads, ", key("c"), " class token, ", key("m"), " mean, ", key("p"),
        " pin, ", key("Enter"), " keep, ", key("Esc"), " back.")),
    h("span", {class: "for-touch"}, "Tap a patch of a photo: the map shows what it attends to."));
}
