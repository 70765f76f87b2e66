import {mapOf, queryText} from "../lib/attention.js";

/** Above this many bytes one head of a layer is fetched, not all, and only when the hand is over the photo. */
const ALL_HEADS_BYTES = 2 ** 20;
/** A query that is still on its way through the keys is not asked for. */
const QUERY_MILLISECONDS = 120;
/** Queries whose maps are held: the kept one, the pins, and some that were just left. */
const MOST_QUERIES = 12;

/** Whether all heads of a layer, with a byte for each pair of patches, are few. */
const areFew = ({config: {num_heads: heads, grid: [rows, cols]}}) => heads * (rows * cols) ** 2 <= ALL_HEADS_BYTES;

/** A rectangle of patches is asked for by its first. */
const askedText = (query) => queryText(typeof query === "object" ? {row: query.row, col: query.col} : query);

/**
 * What one side of the explorer shows, and how it comes here: the photo, the maps of the kept and pinned queries in every
 * layer and head, the maps of all patches in one layer, and what another overlay answers.
 * `changed()` is called when something is here, `waits(seconds, why, work)` while the server is busy, `failed(error)` when it
 * refuses.
 */
export function createSlotMaps({api, changed, waits, failed}) {
  let held = nothing();
  let wanted = null;

  /** what: `{model, image, layer, depth, head, query, pins, overlay, isNormed, needsWhole}`. */
  function show(what) {
    const place = [what.model.name, what.model.sha256, what.image].join(" ");
    if (held.place !== place) {
      clear();
      held = {...nothing(), place, control: new AbortController()};
    }
    wanted = what;
    fetchPhoto();
    if (what.overlay.load) return fetchOverlay();
    // Where a layer is small, it has the pins' maps, too.
    for (const query of [what.query, ...(areFew(what.model) ? [] : what.pins)]) fetchQuery(askedText(query));
    fetchWhole();
  }

  function clear() {
    held.control.abort();
    held.wholeControl.abort();
    held = nothing();
    wanted = null;
  }

  /** Runs `load(options)`, and `keep(answer)` where what it is for is still shown. */
  async function fetching(load, keep, {signal = held.control.signal, lost = () => {}} = {}) {
    const at = held;
    try {
      const found = await load({signal, onWait: waits});
      if (held !== at || signal.aborted) return;
      keep(found);
      changed();
    } catch (error) {
      if (held !== at) return;
      lost();
      if (error.name !== "AbortError") failed(error);
    }
  }

  function fetchPhoto() {
    if (held.hasAskedPhoto) return;
    held.hasAskedPhoto = true;
    fetching((options) => api.photo(wanted.model.name, wanted.image, options), (photo) => { held.photo = photo; });
  }

  /** The maps of a query in every layer and head. */
  async function fetchQuery(text) {
    const {queries, asked} = held;
    if (queries.has(text) || asked.has(text) || wanted.model.config.depth === 0) return;
    asked.add(text);
    const at = held;
    if (queries.size > 0) await new Promise((resolve) => setTimeout(resolve, QUERY_MILLISECONDS));
    if (held !== at) return;
    if (![wanted.query, ...wanted.pins].some((query) => askedText(query) === text)) return asked.delete(text);
    const {model, image} = wanted;
    fetching((options) => api.attentionOfQuery({model: model.name, image, query: text}, options), (layers) => {
      asked.delete(text);
      queries.set(text, layers);
      for (const old of queries.keys()) if (queries.size > MOST_QUERIES) queries.delete(old);
    }, {lost: () => asked.delete(text)});
  }

  /** The maps of all patches in the layer. */
  function fetchWhole() {
    const {model, image, layer, head, query, needsWhole} = wanted;
    const few = areFew(model);
    const part = {model: model.name, image, layer, head: few ? "all" : head};
    const key = `${layer} ${part.head}`;
    if (held.wholeKey !== key) {
      held.wholeControl.abort();
      Object.assign(held, {wholeKey: key, whole: null, isWholeAsked: false});
    }
    const averages = query === "mean" || query.row2 != null;
    if (held.isWholeAsked || !(few || needsWhole || averages)) return;
    Object.assign(held, {isWholeAsked: true, wholeControl: new AbortController()});
    fetching((options) => api.attention(part, options), (stack) => {
      held.whole = stack;
      if (few) ahead(part, model.config.depth);
    }, {signal: held.wholeControl.signal});
  }

  /** Neighbouring layers come ahead of the hand, when there is nothing else to do. */
  function ahead(part, depth) {
    const idle = window.requestIdleCallback ?? ((run) => setTimeout(run, 200));
    const {signal} = held.wholeControl;
    idle(async () => {
      for (const layer of [part.layer + 1, part.layer - 1].filter((one) => one >= 0 && one < depth)) {
        if (!signal.aborted) await api.attention({...part, layer}, {signal}).catch(() => {});
      }
    });
  }

  /** What the overlay answers: all patches at once, or the kept query and the pins. */
  function fetchOverlay() {
    const {model, image, layer, depth, query, pins, overlay, isNormed} = wanted;
    const key = [overlay.id, overlay.place === "layer" ? layer : overlay.place === "depth" ? depth : "",
      overlay.isNormed ? isNormed : ""].join(" ");
    if (held.overKey !== key) Object.assign(held, {overKey: key, over: new Map()});
    const texts = overlay.hasQuery ? [query, ...pins].map((one) =>
      typeof one === "object" && overlay.holdsAll?.(model) ? "all" : askedText(one)) : [""];
    const {over} = held;
    for (const text of new Set(texts)) {
      if (over.has(text)) continue;
      over.set(text, null);
      fetching((options) => overlay.load(api, {model, image, layer, depth, query: text, isNormed}, options),
        (found) => over.set(text, found), {lost: () => over.delete(text)});
    }
  }

  /** The stack that knows the map of a query: the whole layer's, or the query's own; null while it is on its way. */
  function stack(query) {
    if (!wanted) return null;
    if (wanted.overlay.load) {
      const {over} = held;
      return (typeof query === "object" ? over.get("all") : null) ?? over.get(askedText(query)) ?? over.get("") ?? null;
    }
    if (held.whole && query !== "cls") return held.whole;
    const own = query.row2 == null ? held.queries.get(queryText(query)) : null;
    return own?.[wanted.layer] ?? null;
  }

  return {
    show, clear, stack,
    get photo() { return held.photo; },
    /** Whether the map follows the hand. */
    get followsHand() { return Boolean(wanted?.overlay.load ? held.over.get("all") : held.whole); },
    /** All layers of a query that was asked for; a rectangle is known by its first patch. */
    layers: (query) => held.queries.get(askedText(query)) ?? null,
    map(query, head) {
      const found = stack(query);
      return found && !found.colors ? remembered(found, query, head) : null;
    },
    /** One head's map: of the whole layer where all heads are here, otherwise of the kept query. */
    headMap(query, head) {
      if (!wanted) return null;
      if (held.whole?.heads > 1 && query !== "cls") return remembered(held.whole, query, head);
      const kept = held.queries.get(askedText(wanted.query))?.[wanted.layer];
      return kept ? remembered(kept, wanted.query, head) : null;
    },
    /** The whole layer, where it is here. */
    get whole() { return held.whole; }
  };
}

/** Maps of a stack that were just painted: pins and heads are asked for at every move of the hand, and stay the same. */
const MOST_MAPS = 64;
const maps = new WeakMap();

function remembered(stack, query, head) {
  const known = maps.get(stack) ?? maps.set(stack, new Map()).get(stack);
  const key = `${queryText(query)} ${head}`;
  const map = known.get(key) ?? mapOf(stack, query, head);
  known.delete(key);
  known.set(key, map);
  if (known.size > MOST_MAPS) known.delete(known.keys().next().value);
  return map;
}

/** Before anything is shown. */
const nothing = () => ({place: "", control: new AbortController(), hasAskedPhoto: false, photo: null, queries: new Map(),
  asked: new Set(), wholeKey: "", whole: null, isWholeAsked: false, wholeControl: new AbortController(), overKey: "",
  over: new Map()});
