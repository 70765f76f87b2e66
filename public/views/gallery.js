import {button, fill, h} from "../lib/dom.js";
import {imageName, plural} from "../lib/format.js";
import {problemView} from "./problem.js";

const PAGE = 30;

/** Thumbnails of a probe set, a dataset or the uploads; one of them is the image that is looked at. */
export function createGallery({api, state, lists, uploads, pickFile}) {
  const source = h("select", {id: "image-source", "aria-label": "Where the images come from",
    on: {change: () => state.set({from: source.value})}});
  const strip = h("div", {class: "thumbs", role: "group", "aria-label": "Images"});
  const more = button("More", () => show(shown + PAGE), {look: "button quiet"});
  const note = h("p", {class: "muted small", hidden: true});
  const node = h("section", {class: "gallery card", "aria-label": "Images"},
    h("div", {class: "gallery-head"}, source,
      button("Upload…", pickFile, {title: "An image; dropping or pasting one anywhere works too"})),
    strip, more, h("p", {class: "muted small"}, "Shift-click shows a second image beside the first."), note);
  let loaded = "";
  let images = [];
  let shown = 0;

  function wanted() {
    const {probeSets, datasets} = lists.value;
    if (state.value.from) return state.value.from;
    const {image} = state.value;
    const dataset = image.slice(0, image.lastIndexOf(":"));
    if (dataset === "sha256") return "uploads";
    const set = image ? probeSets.find(({images}) => images?.includes(image)) : probeSets[0];
    if (set) return `probe:${set.name}`;
    if (datasets.some(({name}) => name === dataset)) return `dataset:${dataset}`;
    const filled = datasets.find(({n_images: n}) => n > 0);
    if (filled) return `dataset:${filled.name}`;
    return "uploads";
  }

  function update() {
    const {probeSets, datasets} = lists.value;
    if (!probeSets || !datasets) return;
    const from = wanted();
    fill(source, [
      {label: "Probe sets", options: probeSets.map(({name, n_images: n}) => [`probe:${name}`, `${name} (${n})`])},
      {label: "Datasets", options: datasets.filter(({n_images: n}) => n > 0)
        .map(({name, n_images: n}) => [`dataset:${name}`, `${name} (${n})`])},
      {label: "Here", options: [["uploads", "Uploaded"]]}
    ].filter(({options}) => options.length > 0), from);
    tell(datasets.find(({name}) => from === `dataset:${name}`));
    load(from);
  }

  /** What the dataset's folder holds beside its images, because numbers then differ from other programs'. */
  function tell(dataset) {
    const left = (dataset?.left_out ?? []).filter(({reason}) => reason !== "not_a_picture" && reason !== "system");
    note.hidden = left.length === 0;
    note.title = dataset?.index_rule ?? "";
    note.textContent = "Left out: " + left.map(({n_files: n, kind, reason, examples}) =>
      `${n} × ${kind || "file"}, ${reason.replaceAll("_", " ")} (${examples.join(", ")}${n > examples.length ? ", …" : ""})`).join("; ");
  }

  async function load(from) {
    const key = from === "uploads" ? `uploads ${uploads.value.join()}` : from;
    if (loaded === key) return;
    loaded = key;
    strip.setAttribute("aria-busy", "true");
    try {
      const found = await imagesOf(from);
      if (loaded !== key) return;
      images = found;
      show(PAGE);
      // The very first image is chosen for the visitor.
      if (!state.value.image && images.length > 0) state.set({image: images[0].ref}, {silent: true});
    } catch (error) {
      if (loaded === key) strip.replaceChildren(problemView(error));
    }
    strip.removeAttribute("aria-busy");
  }

  async function imagesOf(from) {
    const name = from.slice(from.indexOf(":") + 1);
    if (from === "uploads") return uploads.value.map((ref) => ({ref, label: imageName(ref)}));
    if (from.startsWith("probe:")) {
      const set = lists.value.probeSets.find((one) => one.name === name);
      return (set?.images ?? []).map((ref) => ({ref, label: ref}));
    }
    const {images: listed} = await api.datasetImages(name);
    return mixed(listed).map(({ref, class: label}) => ({ref, label: `${label}, ${ref}`}));
  }

  function show(count) {
    shown = Math.min(count, images.length);
    strip.replaceChildren(...images.slice(0, shown).map(thumb));
    if (images.length === 0) {
      const hint = "Nothing here yet. Drop an image anywhere on the page.";
      strip.replaceChildren(h("p", {class: "muted small"}, hint));
    }
    more.hidden = shown >= images.length;
    more.textContent = `More (${plural(images.length - shown, "image")})`;
    mark();
  }

  function thumb({ref, label}) {
    const tile = h("button", {
      type: "button", class: "thumb", title: label, "data-ref": ref, "aria-pressed": String(ref === state.value.image),
      tabindex: -1, on: {click: (event) => state.set(event.shiftKey
        ? {beside: ref === state.value.beside ? "" : ref} : {image: ref})}
    }, h("img", {src: api.thumbnailURL(ref), alt: label, width: 56, height: 56, loading: "lazy", decoding: "async",
      on: {error: () => tile.classList.add("broken")}}));
    return tile;
  }

  function mark() {
    for (const tile of strip.querySelectorAll(".thumb")) {
      const {ref} = tile.dataset;
      tile.setAttribute("aria-pressed", String(ref === state.value.image || ref === state.value.beside));
      tile.classList.toggle("second", ref === state.value.beside);
    }
    rove();
  }

  /** One stop of the Tab key for all images; arrows go from one to the next. */
  function rove(to = strip.querySelector(".thumb[aria-pressed=true]") ?? strip.querySelector(".thumb")) {
    for (const tile of strip.querySelectorAll(".thumb[tabindex='0']")) tile.tabIndex = -1;
    if (to) to.tabIndex = 0;
  }

  strip.addEventListener("keydown", (event) => {
    const tiles = [...strip.querySelectorAll(".thumb")];
    const at = tiles.indexOf(document.activeElement);
    const columns = getComputedStyle(strip).gridTemplateColumns.split(" ").length;
    const to = {ArrowLeft: at - 1, ArrowRight: at + 1, ArrowUp: at - columns, ArrowDown: at + columns, Home: 0,
      End: tiles.length - 1}[event.key];
    if (at < 0 || to == null || !tiles[to]) return;
    rove(tiles[to]);
    tiles[to].focus();
    event.preventDefault();
  });
  lists.subscribe(update);
  uploads.subscribe(update);
  state.subscribe((_, changed) => {
    if (changed.has("from") || changed.has("image")) update();
    if (changed.has("image") || changed.has("beside")) mark();
  });
  return {node, update};
}

/** One of each class in turn: a listing is sorted by class, and its start would show only the first. */
function mixed(images) {
  const classes = Map.groupBy ? Map.groupBy(images, (image) => image.class) : groups(images);
  const rows = [...classes.values()];
  const longest = Math.max(0, ...rows.map((row) => row.length));
  return Array.from({length: longest}, (_, i) => rows.flatMap((row) => row[i] ?? [])).flat();
}

function groups(images) {
  const result = new Map();
  for (const image of images) result.set(image.class, [...result.get(image.class) ?? [], image]);
  return result;
}
