import {button, h} from "../lib/dom.js";
import {number} from "../lib/format.js";

const HIDDEN = "vitscope.guide";
/** Below this share of mutual information a map hardly depends on its query; above this share of the uniform distance
    it is no longer near. */
const ALIKE = 0.1;
const NEAR = 0.8;
/** Attention this close to an even spread, from every patch, is that of a network that has not learned to look. */
const EVEN = {nmi: 0.01, distance: 0.02};

/** The three steps of the guide: words, and what they set in the address. */
const STEPS = [
  {
    title: "Point", go: {query: "2,2", pins: "1,1;3,5;6,3", head: "mean", overlay: "attention"}, at: "explorer",
    words: "Three patches are pinned; move over a photo to try others. Are a model's three maps alike, or does each stay " +
      "near its patch?"
  },
  {
    title: "Go deeper", go: {layer: "-1", pins: "1,1;3,5;6,3"}, at: "explorer",
    words: "This is the last layer. Step back with the slider or [ and ]: contrast looks everywhere from early on, " +
      "masking begins wide, narrows, and widens again at the end."
  },
  {
    title: "Beyond one image", go: {}, at: "analyses",
    words: "The same over the whole probe set, with standard errors: NMI near 0 means one map for every query, distance " +
      "near the dashed line means attention spread evenly. The dotted curve is a model without training."
  }
];

/** The sentence that tells what is to be seen, with the numbers of the shown models, and the steps that show it. */
export function createFinding({api, state}) {
  const sentence = h("p", {class: "finding-words", "aria-live": "polite"});
  const words = h("p", {class: "muted small"});
  const steps = h("div", {class: "segments-row finding-steps", role: "group", "aria-label": "Three steps"},
    STEPS.map(({title}, i) => button(`${i + 1} ${title}`, () => go(i), {look: "button quiet"})));
  const guide = h("div", {class: "finding-guide"}, steps, words,
    button("Dismiss", dismiss, {look: "link small", title: "Hide the three steps"}));
  const node = h("section", {class: "card finding", id: "finding", "aria-label": "What to see", "data-panel": "finding",
    "data-state": "idle"}, sentence, guide);
  let asked = "";
  let control = null;
  let results = [];

  function isDismissed() {
    try {
      return localStorage.getItem(HIDDEN) === "1";
    } catch {
      return false;
    }
  }

  function dismiss() {
    try {
      localStorage.setItem(HIDDEN, "1");
    } catch {
      // Without storage they come again with the next visit.
    }
    state.set({step: ""});
    guide.hidden = true;
  }

  function go(i) {
    state.set({...STEPS[i].go, step: String(i + 1)});
    document.getElementById(STEPS[i].at)?.scrollIntoView({block: "start",
      behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth"});
  }

  function showStep() {
    const at = Number(state.value.step) - 1;
    words.textContent = STEPS[at]?.words ?? "Three steps show what these models do differently.";
    [...steps.children].forEach((step, i) => step.setAttribute("aria-pressed", String(i === at)));
    guide.hidden = isDismissed() && !STEPS[at];
  }

  /** models: those shown; measured: `{chosen, parameters, nImages}`; `maps` settles when the maps need the server no more. */
  async function update(models, {parameters, nImages, chosen}, layer, maps) {
    const usable = models.filter((model) => model.state === "ready" && !model.error);
    showStep();
    node.hidden = usable.length === 0;
    if (node.hidden) return;
    const wanted = JSON.stringify([usable.map(({name, sha256}) => [name, sha256]), parameters]);
    if (wanted !== asked) {
      asked = wanted;
      control?.abort();
      control = new AbortController();
      results = [];
      node.dataset.state = "loading";
      sentence.textContent = "Measuring what these models look at…";
      const {signal} = control;
      await maps;
      if (asked !== wanted || signal.aborted) return;
      const ask = (name, kind) => api.analysis(api.analysisURL(name, kind, parameters), {signal});
      try {
        const found = await Promise.all(usable.map(async ({name}) => {
          const [nmi, distance] = await Promise.all([ask(name, "attention-nmi"), ask(name, "attention-distance")]);
          return {name, nmi, distance};
        }));
        if (asked !== wanted) return;
        results = found;
        node.dataset.state = "ready";
      } catch (error) {
        if (asked !== wanted || error.name === "AbortError") return;
        asked = "";
        node.dataset.state = "error";
        sentence.textContent = `What these models look at could not be measured: ${error.message}`;
        return;
      }
    }
    tell(layer, nImages === 1 ? "this image" : `the ${nImages} images of ${chosen}`);
  }

  function tell(layer, where) {
    if (results.length === 0) return;
    sentence.replaceChildren(...results.flatMap(({name, nmi, distance}, i) => [
      h("span", {"data-slot": i ? "b" : "a"}, h("span", {class: "swatch"}), " ", h("strong", {}, name), ": ",
        verdict(at(nmi.mean, layer), at(distance.mean, layer), distance.uniform)), " "]),
    h("span", {class: "muted"}, `In layer ${Math.min(layer, results[0].nmi.mean.length - 1)}, over ${where}.`));
  }

  return {
    node, update, showStep,
    /** The layer changed: the same measures, other numbers. */
    mark: tell,
    leave() {
      control?.abort();
      if (node.dataset.state === "loading") asked = "";
    },
    words: () => sentence.textContent
  };
}

const at = (values, layer) => values[Math.min(layer, values.length - 1)];

/** What the numbers say, and the numbers. NMI is a share; distance and uniform are pixels. */
export function verdict(nmi, distance, uniform) {
  if (nmi == null || distance == null) return "its attention has no numbers here.";
  const share = nmi >= 0.01 ? number(nmi, 2) : nmi >= 0.001 ? number(nmi, 3) : "under 0.001";
  const numbers = `(NMI ${share}, ${number(distance, 0)} px where even attention has ${number(uniform, 0)} px)`;
  if (nmi < EVEN.nmi && Math.abs(distance / uniform - 1) < EVEN.distance) {
    return `looks everywhere alike, as a network without training does ${numbers}.`;
  }
  if (nmi < ALIKE) return `nearly the same map wherever you point ${numbers}.`;
  if (distance < NEAR * uniform) return `stays near the patch you point at ${numbers}.`;
  return `looks across the image, from each patch in its own way ${numbers}.`;
}
