import {button, field, fill, h, select} from "../lib/dom.js";
import {imageName} from "../lib/format.js";
import {createAnalysisPanel} from "./analysis-panel.js";
import {createAnyAnalysis} from "./any-analysis.js";
import {createCompare} from "./compare.js";
import {createProbeSetDialog} from "./probe-set-form.js";
import {panelsOf} from "./panels.js";

/** The panels of curves and matrices, and the bar that says what they are measured on. */
export function createAnalyses({
  api, state, lists, kinds, plotly, announce, readTheme, layer, refresh
}) {
  const probe = h("select", {id: "probe", on: {change: () => state.set({probe: probe.value})}});
  const convention = select([["corrected", "corrected"], ["reference", "reference (as published)"]],
    {on: {change: () => state.set({convention: convention.value})}});
  const dots = h("input", {type: "checkbox", on: {change: () => state.set({dots: dots.checked ? "1" : ""})}});
  const dialog = createProbeSetDialog({api, lists, added(set) {
    state.set({probe: set.name});
    announce(`The probe set ${set.name} is ready.`);
    refresh();
  }});
  const cka = ckaControls(state);
  const panels = panelsOf(kinds).map((definition) => createAnalysisPanel(definition, {
    api, plotly, announce, controls: definition.id === "cka" ? cka.node : null,
    pick: (chosen) => state.set({layer: String(chosen)})
  }));
  const any = createAnyAnalysis({api, state, kinds, plotly, announce});
  const compare = createCompare({api, state, lists, kinds, plotly, announce});
  const node = h("section", {class: "analyses", id: "analyses", "aria-labelledby": "analyses-title"},
    h("div", {class: "analyses-head"},
      h("h2", {id: "analyses-title"}, "By depth"),
      h("div", {class: "analyses-bar"},
        field("Measured on", probe),
        button("New probe set…", () => dialog.open()),
        field("Convention", convention),
        h("label", {class: "check"}, dots, "Every head"))),
    h("div", {class: "panels"}, panels.map((panel) => panel.node), any.node, compare.node));
  let models = [];

  /** The set in use: the chosen one, else the first there is, else the image that is looked at. */
  function measuredOn() {
    const sets = lists.value.probeSets ?? [];
    const chosen = state.value.probe || sets[0]?.name || "image";
    if (chosen === "image") return {chosen, parameters: {image: state.value.image}, nImages: 1};
    const set = sets.find(({name}) => name === chosen);
    return {chosen, parameters: {probe_set: chosen}, nImages: set?.n_images ?? Infinity};
  }

  function update(next = models) {
    models = next;
    if (!lists.value.probeSets) return;
    const {chosen, parameters, nImages} = measuredOn();
    const sets = lists.value.probeSets.map(({name, n_images: n}) => [name, `${name} (${n} images)`]);
    if (chosen !== "image" && !sets.some(([name]) => name === chosen)) sets.unshift([chosen, `${chosen} (unknown)`]);
    fill(probe, [...sets, ["image", `this image (${imageName(state.value.image || "none")})`]], chosen);
    convention.value = state.value.convention;
    dots.checked = state.value.dots === "1";
    cka.update(models);
    const usable = models.filter((model) => model.state === "ready" && !model.error);
    const asking = [...panels, any, compare];
    if (models.some((model) => model.state === "loading")) return asking.forEach((panel) => panel.wait());
    if (usable.length === 0) return asking.forEach((panel) => panel.nothing("There is no model to measure."));
    if (chosen === "image" && !state.value.image) {
      return asking.forEach((panel) => panel.nothing("There is no image to measure."));
    }
    const {convention: asked, cka: pair, kernel, estimator, tokens} = state.value;
    const context = {
      api, models: usable, nImages, pair, kernel, estimator, tokens,
      parameters: {...parameters, convention: asked === "corrected" ? "" : asked},
      look: {theme: readTheme(), dots: state.value.dots === "1", layer: layer()}
    };
    for (const panel of asking) panel.update(context);
  }

  const causes = ["convention", "probe", "dots", "cka", "kernel", "estimator", "tokens"];
  state.subscribe((now, changed) => {
    if (causes.some((name) => changed.has(name)) || (changed.has("image") && measuredOn().chosen === "image")) update();
    if (changed.has("layer")) for (const panel of panels) panel.mark(layer());
  });
  return {node, update};
}

function ckaControls(state) {
  const pick = (name, options) => select(options, {on: {change: ({target}) => state.set({[name]: target.value})}});
  const pair = pick("cka", []);
  const tokens = pick("tokens", [["patch_mean", "mean of patches"], ["cls", "CLS"], ["patches", "all patches"]]);
  const kernel = pick("kernel", [["linear", "linear"], ["rbf", "RBF"]]);
  const estimator = pick("estimator", [["unbiased", "unbiased"], ["biased", "biased"]]);
  const pairField = field("Between", pair);
  return {
    node: h("div", {class: "panel-controls"},
      pairField, field("Tokens", tokens), field("Kernel", kernel), field("Estimator", estimator)),
    update(models) {
      pairField.hidden = models.length < 2;
      if (models.length > 1) {
        const [a, b] = models.map(({name}) => name);
        const pairs = [["ab", `${a} × ${b}`], ["aa", `${a} × itself`], ["bb", `${b} × itself`]];
        fill(pair, pairs, state.value.cka || "ab");
      }
      tokens.value = state.value.tokens;
      kernel.value = state.value.kernel;
      estimator.value = state.value.estimator;
    }
  };
}
