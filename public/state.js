// Where the page is: every choice lives in the address, so that reload, back and a shared link restore it.

/** A value with listeners, for what is fetched rather than chosen. */
export function createValue(initial) {
  const listeners = new Set();
  let value = initial;
  return {
    get value() { return value; },
    set(next) {
      value = next;
      for (const listener of [...listeners]) listener(value);
    },
    subscribe(listener) { listeners.add(listener); }
  };
}

export const defaults = Object.freeze({
  model: "", compare: "", image: "", from: "", layer: "", head: "mean", query: "",
  colors: "viridis", opacity: "0.6", scale: "map", mass: "1", smooth: "", probe: "", convention: "corrected",
  dots: "", cka: "", kernel: "linear", estimator: "unbiased", tokens: "patch_mean",
  more: "", options: "", against: "", metrics: "", view: "", job: "", curve: "", by: "layer",
  baseline: "", also: "", unit: "px", fit: "", full: "", paper: "", published: "", pins: "", overlay: "attention", depth: "", norm: "", clip: "100", grid: "", beside: "",
  step: "", run: ""
});

/** Choices that a user would expect the back button to undo; the others replace the current entry. */
const STEPS = new Set(["model", "compare", "image", "view", "job"]);

/** The choices, kept in the fragment of the address. Listeners get `(state, changed)`. */
export function createState(window) {
  const listeners = new Set();
  let state = parse(window.location.hash);

  function tell(next) {
    const changed = new Set(Object.keys(defaults).filter((key) => next[key] !== state[key]));
    state = next;
    if (changed.size > 0) for (const listener of [...listeners]) listener(state, changed);
  }

  window.addEventListener("popstate", () => tell(parse(window.location.hash)));
  return {
    get value() { return state; },
    /** Changes some choices. `silent` never makes a new history entry: for what the page filled in itself. */
    set(patch, {silent = false} = {}) {
      const next = {...state, ...patch};
      const moved = Object.keys(patch).filter((key) => next[key] !== state[key]);
      if (moved.length === 0) return;
      const address = `#${serialize(next)}`;
      if (!silent && moved.some((key) => STEPS.has(key))) window.history.pushState(null, "", address);
      else window.history.replaceState(null, "", address);
      tell(next);
    },
    subscribe(listener) { listeners.add(listener); }
  };
}

/** Unknown names in an address are ignored, missing ones take their defaults. */
export function parse(hash) {
  const found = new URLSearchParams(hash.replace(/^#/, ""));
  const state = {...defaults};
  for (const key of Object.keys(defaults)) if (found.has(key)) state[key] = found.get(key);
  return state;
}

export function serialize(state) {
  const chosen = new URLSearchParams();
  for (const [key, value] of Object.entries(state)) if (value !== defaults[key]) chosen.set(key, value);
  // These marks are legal in a fragment and keep addresses readable: shapes-textures:5 rather than %3A5.
  return chosen.toString().replaceAll("%3A", ":").replaceAll("%2C", ",").replaceAll("%40", "@").replaceAll("%3B", ";")
    .replaceAll("%7C", "|");
}

/** The query of a map: "cls", "mean", a patch "ROW,COL", or a rectangle of them, "ROW,COL-ROW,COL". */
export function parseQuery(text) {
  const patch = /^(\d{1,4}),(\d{1,4})(?:-(\d{1,4}),(\d{1,4}))?$/.exec(text);
  if (!patch) return text;
  const [row, col, row2, col2] = patch.slice(1).map((part) => part == null ? null : Number(part));
  return row2 == null ? {row, col} : {row, col, row2, col2};
}

/** The pinned patches: "2,3;5,1". */
export const parsePins = (text) => text.split(";").map(parseQuery).filter((pin) => typeof pin === "object");
