import {button, h, inNextFrame, remembered} from "../lib/dom.js";
import {colorTable} from "../lib/colors.js";
import {figures, largestOf, queryText, sameQuery, samePlace, summary} from "../lib/attention.js";
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
import {createSlotMaps} from "./slot-maps.js";

const MOST_PINS = 6;
/** What else is asked for waits for the maps so long. */
const MAPS_MILLISECONDS = 3000;

/** The explorer: photo, map, pinned patches, heads, controls and figures, for one model or two side by side. */
export function createExplorer({api, state, kinds, announce, openReport, gallery, refresh}) {
  const slots = ["a", "b"].map((slot) => createSlot(slot));
  const controls = createControls({state, kinds});
  const readout = createReadout();
  const actions = h("div", {class: "panel-actions start"});
  const side = h("div", {class: "side card"}, controls.node, readout.node, actions);
  const headGrid = createHeadGrid({api, state, choose: (layer, head) => state.set({layer: String(layer), head: String(head)})});
  const replay = createReplay({api, state});
  const guide = howTo();
  const node = h("section", {class: "explorer", id: "explorer", "data-panel": "attention", "data-state": "loading",
    "aria-label": "Attention explorer"},
    gallery,
    h("div", {class: "maps card"}, guide.node, replay.node,
      h("div", {class: "maps-row"}, slots.map(({view}) => view.node))),
    side, headGrid.node);
  let models = [];
  let hover = null;
  let isNear = false;
  const waiting = [];
  const tables = remembered(colorTable);
  const repaint = inNextFrame(paint);

  function createSlot(slot) {
    const record = {slot, model: null};
    record.maps = createSlotMaps({api,
      changed() {
        tell(record);
        showHeadGrid();
        repaint();
      },
      waits: (...wait) => record.view.state("loading", waitView(...wait)),
      failed(error) {
        record.maps.clear();
        fail(record, error);
      }});
    record.view = createMap(slot, {
      hover(patch) {
        near(patch !== null);
        hover = patch && record.maps.followsHand ? {record, patch} : null;
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

  /** Where a layer is much, its maps are fetched when the hand comes to a photo. */
  function near(isThere) {
    if (isNear === isThere) return;
    isNear = isThere;
    if (isNear) active().filter(isShown).forEach(load);
  }

  // Which layer, head and query: the address may name what a model does not have, so it is brought into range.
  const active = () => slots.slice(0, models.length).filter(({model}) => model?.config);
  const imageOf = ({slot}) => slot === "b" && state.value.beside ? state.value.beside : state.value.image;
  const overlay = () => overlayOf(state.value.overlay);

  const layerOf = (model) => choice.layerOf(model, state.value.layer);
  const depthOf = (model) => choice.depthOf(model, state.value.depth);
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
    const isByDepth = overlay().place === "depth";
    const from = hover ? fromGrid(hover.record, hover.patch) : chosenQuery();
    const isPatch = typeof from === "object";
    const at = isPatch ? {row: from.row, col: from.col} : {row: grid.rows >> 1, col: grid.cols >> 1};
    const next = choice.keyPatch(event.key, {at, isPatch, grid, numHeads, head: headOf(slots[0].model), ...(isByDepth
      ? {place: "depth", level: depthOf(slots[0].model), levels: depth + 1}
      : {place: "layer", level: layerOf(slots[0].model), levels: depth}),
    query: state.value.query, pins: state.value.pins, pin: pinned});
    if (!next) return;
    if (next.query != null) hover = null;
    state.set(next);
    readout.say(entries());
    event.preventDefault();
    record.view.canvas.focus();
  }

  /** What one slot shows is fetched, as far as it is not here. */
  function load(record) {
    const {model} = record;
    record.maps.show({model, image: imageOf(record), layer: layerOf(model), depth: depthOf(model), head: headOf(model),
      query: keptQuery(record), pins: pinsOf(record), overlay: overlay(), isNormed: state.value.norm !== "0",
      needsWhole: isNear || state.value.scale === "layer"});
    tell(record);
  }

  const isShown = ({model}) => model.state === "ready" && !model.error && imageOf(slots[0]);

  /** Whether the map of the kept query is there, or on its way. */
  function tell(record) {
    if (record.maps.stack(keptQuery(record))) record.view.state("ready");
    else if (record.view.node.dataset.state !== "loading" || !record.view.isBusy) {
      record.view.state("loading", h("span", {class: "spinner", role: "img", "aria-label": "Loading"}));
    }
    setState();
  }

  function fail(record, error, retry = () => update(models)) {
    record.view.fail(error, record.model.name, retry);
    setState();
  }

  /** Puts something else in place of a map; what was on its way is given up. */
  function replace(record, show) {
    record.maps.clear();
    show();
  }

  function setState() {
    const states = slots.slice(0, Math.max(1, models.length)).map(({view}) => view.node.dataset.state);
    node.dataset.state = ["error", "loading", "empty"].find((one) => states.includes(one)) ?? "ready";
    if (node.dataset.state !== "loading") waiting.splice(0).forEach((resolve) => resolve());
  }

  /** A head's number, or how heads are made one, as stacks take it. */
  const headIn = (record, head = headOf(record.model)) => Number.isNaN(Number(head)) ? head : Number(head);
  const mapFor = (record, query) => record.maps.map(query, headIn(record));

  const entries = () => active().map((record) => {
    const query = queryFor(record);
    const stack = record.maps.stack(query);
    const {name, config: {patch_size: patchSize}} = record.model;
    const read = overlay().load ? summary : figures;
    return {name, slot: record.slot, query: overlay().hasQuery ? query : null,
      figures: stack && !stack.colors ? read(stack, query, patchSize, headIn(record)) : null};
  });

  /** The largest share that the colours reach: null for each map's own. */
  function commonScale() {
    const {scale} = state.value;
    if (scale === "layer") return ({maps}) => maps.whole ? largestOf(maps.whole) : null;
    if (scale !== "global") return () => null;
    const all = active().flatMap((record) => record.maps.layers(keptQuery(record)) ?? []);
    const high = all.length ? Math.max(...all.map(largestOf)) : null;
    return () => high;
  }

  function paint() {
    if (active().length === 0 || !slots[0].model?.config) return;
    const now = state.value;
    const common = commonScale();
    const look = {
      colors: tables(now.colors), colorsName: now.colors, opacity: Number(now.opacity), mass: Number(now.mass),
      clip: Number(now.clip), smooth: now.smooth === "1", scale: now.scale
    };
    for (const record of active()) {
      const query = queryFor(record);
      const chosen = headOf(record.model);
      const pins = pinsOf(record);
      record.view.paint({
        photo: record.maps.photo, values: mapFor(record, query), colors: record.maps.stack(query)?.colors, query,
        isKept: !hover, overlay: overlay(),
        look: {...look, high: common(record)}, pinPlaces: overlay().hasQuery ? pins : [],
        pins: overlay().hasQuery ? pins.map((pin, i) => ({
          label: String(i + 1), words: `Pinned patch ${i + 1}, ${queryName(pin)}`, values: mapFor(record, pin),
          isOn: sameQuery(pin, query), press: () => state.set({query: queryText(fromGrid(record, pin))})
        })) : [],
        heads: overlay().hasHeads ? Array.from({length: record.model.config.num_heads}, (_, head) => ({
          label: String(head), words: `Head ${head}`, values: record.maps.headMap(query, head), isOn: chosen === String(head),
          press: () => state.set({head: chosen === String(head) ? "mean" : String(head)})
        })) : []
      });
    }
    readout.update(entries(), overlay());
  }

  function showHeadGrid() {
    const known = active().map((record) => ({slot: record.slot, model: record.model, image: imageOf(record),
      layers: record.maps.layers(keptQuery(record)), query: keptQuery(record), layer: layerOf(record.model),
      head: headOf(record.model)}));
    headGrid.update(known.filter(({layers}) => layers), tables(state.value.colors));
  }

  function showControls() {
    const first = slots[0].model;
    side.hidden = !first?.config;
    if (side.hidden) return;
    controls.update({levels: first.config.depth, layer: layerOf(first), depth: depthOf(first), query: chosenQuery(),
      hasCls: hasCls(first), heads: ["mean", "max", "min"], overlay: overlay()});
    const single = active().filter((record) => typeof keptQuery(record) !== "object" || keptQuery(record).row2 == null);
    const calls = single.map((record) => call(record, keptQuery(record)));
    const whole = active().map((record) => call(record, "all"));
    const {place, hasQuery, says} = overlay();
    guide.say(says, hasQuery);
    actions.replaceChildren(
      button("PNG", savePictures, {look: "button quiet", title: "Save the maps as pictures"}),
      dataMenu(calls, {formats: ["json", "npy", "npz", "png"], announce, name: "This map"}),
      ...(hasQuery ? [dataMenu(whole, {formats: ["npy", "npz"], announce, name: `Whole ${place}`})] : []));
  }

  function call(record, query) {
    const {model} = record;
    const what = {model, image: imageOf(record), layer: layerOf(model), depth: depthOf(model), head: headOf(model),
      query: queryText(query), isNormed: state.value.norm !== "0"};
    return {label: model.name, model, url: (format) => overlay().url?.(api, what, format) ??
      api.attentionURL({...what, model: model.name, depth: null, isNormed: null, format, overlay: format === "png" ? "true" : ""})};
  }

  /** The maps as they are seen, for pictures and reports: `[{title, canvas}]`. */
  const pictures = () => active().filter(({view}) => view.node.dataset.state === "ready").map((record) => ({
    title: titleOf(record), canvas: record.view.canvas
  }));

  /** What a map shows, in words. */
  function titleOf(record) {
    const {title, place, hasHeads, hasQuery} = overlay();
    const {model} = record;
    return [`${title} of ${model.name}`, imageName(imageOf(record)), place && `${place} ${(place === "depth" ? depthOf
      : layerOf)(model)}`, hasHeads && `head ${headOf(model)}`, hasQuery && `query ${queryName(keptQuery(record))}`]
      .filter(Boolean).join(", ");
  }

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
      record.model = model;
      if (!model) record.maps.clear();
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
    for (const record of active().filter(isShown)) {
      record.view.label(titleOf(record));
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
    if (["image", "layer", "depth", "norm", "head", "overlay", "query", "pins", "scale"].some((name) => changed.has(name))) {
      return update(models);
    }
    const looks = ["colors", "opacity", "mass", "clip", "smooth", "grid"];
    if (looks.some((name) => changed.has(name))) {
      showControls();
      if (changed.has("grid") || changed.has("colors")) showHeadGrid();
      repaint();
    }
  });
  return {
    node, update, pictures,
    /** Settles once the maps are there, or cannot be; after a while in any case. */
    settled: () => new Promise((resolve) => {
      if (node.dataset.state !== "loading") return resolve();
      waiting.push(resolve);
      setTimeout(resolve, MAPS_MILLISECONDS);
    }),
    layer: () => slots[0].model?.config ? layerOf(slots[0].model) : null,
    /** Gives up what is on its way: the page shows something else. */
    leave() {
      replay.stop();
      for (const {maps} of slots) maps.clear();
    }
  };
}

/** How the maps are used. */
function howTo() {
  const key = (name) => h("kbd", {}, name);
  const forMouse = h("span", {}), forTouch = h("span", {class: "for-touch"});
  const keys = h("details", {class: "keys"}, h("summary", {}, "Keys"), "Arrows move, ", key("["), key("]"), " layer, ",
    key(","), key("."), " head, ", key("a"), " all heads, ", key("c"), " class token, ", key("m"), " mean, ", key("p"),
    " pin, ", key("Enter"), " keep, ", key("Esc"), " back.");
  return {
    node: h("div", {class: "reading muted", id: "map-keys"}, h("span", {class: "for-mouse"}, forMouse, keys), forTouch),
    say(what, hasQuery) {
      forMouse.textContent = hasQuery ? `Move over a photo: the map shows ${what}. Click keeps it, Shift-click pins it ` +
        "beside others, drag averages. " : `The map shows ${what}. `;
      forTouch.textContent = hasQuery ? `Tap a patch of a photo: the map shows ${what}.` : `The map shows ${what}.`;
    }
  };
}
