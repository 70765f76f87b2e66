import {button, field, fill, h, select} from "../lib/dom.js";
import {imageName} from "../lib/format.js";
import {createAnalysisPanel} from "./analysis-panel.js";
import {createAnyAnalysis} from "./any-analysis.js";
import {createCompare} from "./compare.js";
import {createProbeSetDialog} from "./probe-set-form.js";
import {UNITS, pairOf, panelsOf} from "./panels.js";

/** The demo's baseline: the same network before any training. */
const USUAL_BASELINE = "untrained";

/** The panels of curves and matrices, and the bar that says what they are measured on. */
export function createAnalyses({api, state, lists, kinds, announce, readTheme, layer, refresh}) {
  const probe = h("select", {id: "probe", on: {change: () => state.set({probe: probe.value})}});
  const convention = select([["corrected", "corrected"], ["reference", "reference (as published)"]],
    {on: {change: () => state.set({convention: convention.value})}});
  const baseline = h("select", {on: {change: () => state.set({baseline: baseline.value})}});
  const unit = select(UNITS, {on: {change: () => state.set({unit: unit.value})}});
  const dots = h("input", {type: "checkbox", on: {change: () => state.set({dots: dots.checked ? "1" : ""})}});
  const published = h("input", {type: "checkbox", on: {change: () => state.set({published: published.checked ? "1" : ""})}});
  const also = h("div", {class: "checks"});
  const alsoPart = h("details", {class: "menu also"}, h("summary", {class: "button"}, "More models"),
    h("div", {class: "menu-body"}, also));
  const dialog = createProbeSetDialog({api, lists, added(set) {
    state.set({probe: set.name});
    announce(`The probe set ${set.name} is ready.`);
    refresh();
  }});
  const cka = ckaControls(state, lists);
  const panels = panelsOf(kinds, {set: state.set}).map((definition) => createAnalysisPanel(definition, {
    api, announce, controls: definition.id === "cka" ? cka.node : definition.id === "attention-distance"
      ? h("div", {class: "panel-controls"}, field("Unit", unit)) : null
  }));
  const any = createAnyAnalysis({api, state, kinds, announce});
  const compare = createCompare({api, state, lists, kinds, announce});
  const node = h("section", {class: "analyses", id: "analyses", "aria-labelledby": "analyses-title", tabindex: -1},
    h("div", {class: "analyses-head"},
      h("h2", {id: "analyses-title"}, "By depth"),
      h("div", {class: "analyses-bar"},
        field("Measured on", probe),
        button("New probe set…", () => dialog.open(), {title: "A probe set is a fixed, ordered list of images"}),
        field("Convention", convention), field("Baseline", baseline), alsoPart,
        h("label", {class: "check"}, dots, "Every head"),
        h("label", {class: "check", title: "ViT-B/16 at 224 pixels, where the paper or its authors' notebooks tell numbers"},
          published, "Published curves"))),
    h("div", {class: "panels"}, panels.map((panel) => panel.node), any.node, compare.node));
  const asking = [...panels, any, compare];
  let models = [];

  /** The set in use: the chosen one, else the first there is, else the image that is looked at. */
  function measuredOn() {
    const sets = lists.value.probeSets ?? [];
    const chosen = state.value.probe || sets[0]?.name || "image";
    if (chosen === "image") return {chosen, parameters: {image: state.value.image}, nImages: 1};
    const set = sets.find(({name}) => name === chosen);
    return {chosen, parameters: {probe_set: chosen}, nImages: set?.n_images ?? Infinity};
  }

  const ready = () => (lists.value.models ?? []).filter((model) => model.state === "ready");

  /** The model that the curves are held against; null for none. The usual one serves models of its own size. */
  function baselineModel(usable) {
    const {baseline: wanted} = state.value;
    const shown = (name) => usable.some((model) => model.name === name);
    const named = ready().find(({name}) => name === (wanted || USUAL_BASELINE));
    if (!named || wanted === "none" || shown(named.name)) return null;
    const size = ({config}) => `${config?.img_size} ${config?.depth}`;
    return wanted || size(named) === size(usable[0]) ? named : null;
  }

  function showBar(chosen) {
    const sets = lists.value.probeSets.map(({name, n_images: n}) => [name, `${name} (${n} images)`]);
    if (chosen !== "image" && !sets.some(([name]) => name === chosen)) sets.unshift([chosen, `${chosen} (unknown)`]);
    fill(probe, [...sets, ["image", `this image (${imageName(state.value.image || "none")})`]], chosen);
    convention.value = state.value.convention;
    unit.value = state.value.unit;
    dots.checked = state.value.dots === "1";
    published.checked = state.value.published === "1";
    fill(baseline, [["", "untrained, where it fits"], ["none", "none"], ...ready().map(({name}) => [name, name])],
      state.value.baseline);
    const shown = models.map(({name}) => name);
    const others = ready().filter(({name}) => !shown.includes(name));
    alsoPart.hidden = others.length === 0;
    const on = state.value.also.split(",");
    also.replaceChildren(...others.map(({name}) => h("label", {class: "check"}, h("input", {type: "checkbox", value: name,
      checked: on.includes(name), on: {change: () =>
        state.set({also: [...also.querySelectorAll("input:checked")].map(({value}) => value).join(",")})}}), name)));
  }

  function update(next = models) {
    models = next;
    if (!lists.value.probeSets) return;
    const {chosen, parameters, nImages} = measuredOn();
    showBar(chosen);
    cka.update(models);
    const usable = models.filter((model) => model.state === "ready" && !model.error);
    if (models.some((model) => model.state === "loading")) return asking.forEach((panel) => panel.wait());
    if (usable.length === 0) return asking.forEach((panel) => panel.nothing("There is no model to measure."));
    if (chosen === "image" && !state.value.image) {
      return asking.forEach((panel) => panel.nothing("There is no image to measure."));
    }
    const {convention: asked, cka: pair, kernel, estimator, tokens} = state.value;
    const names = state.value.also.split(",");
    const context = {
      api, models: usable, nImages, pair, kernel, estimator, tokens, baseline: baselineModel(usable),
      others: ready().filter(({name}) => names.includes(name) && !usable.some((model) => model.name === name)),
      parameters: {...parameters, convention: asked === "corrected" ? "" : asked},
      look: {theme: readTheme(), dots: state.value.dots === "1", layer: layer(), distanceUnit: state.value.unit,
        fit: state.value.fit.split(",").filter(Boolean), paper: state.value.paper.split(",").filter(Boolean),
        published: state.value.published === "1", full: state.value.full === "1"}
    };
    for (const panel of asking) panel.update(context);
  }

  const causes = ["convention", "probe", "dots", "cka", "kernel", "estimator", "tokens", "baseline", "also", "unit", "fit",
    "full", "paper", "published"];
  state.subscribe((now, changed) => {
    if (!node.isConnected) return;
    if (causes.some((name) => changed.has(name)) || (changed.has("image") && measuredOn().chosen === "image")) update();
    if (changed.has("layer")) for (const panel of panels) panel.mark(layer());
  });
  return {
    node, update,
    /** What `probe_set` or `image` the panels are measured on, and on how many. */
    measuredOn,
    /** Gives up what is on its way: the page shows something else. */
    leave: () => asking.forEach((panel) => panel.leave()),
    /** Every panel with its drawn charts, for a report. */
    panels: () => asking
  };
}

function ckaControls(state, lists) {
  const pick = (name, options) => select(options, {on: {change: ({target}) => state.set({[name]: target.value})}});
  const both = () => state.set({cka: `${a.value}|${b.value}`});
  const a = h("select", {on: {change: both}});
  const b = h("select", {on: {change: both}});
  const tokens = pick("tokens", [["patch_mean", "mean of patches"], ["cls", "class token"], ["patches", "all patches"]]);
  const kernel = pick("kernel", [["linear", "linear"], ["rbf", "RBF"]]);
  const estimator = pick("estimator", [["unbiased", "unbiased"], ["biased", "biased"]]);
  return {
    node: h("div", {class: "panel-controls"}, field("Rows", a), field("Columns", b),
      field("Tokens", tokens), field("Kernel", kernel), field("Estimator", estimator)),
    update(models) {
      if (models.length === 0) return;
      const pair = pairOf(state.value.cka, models);
      const names = [...new Set([...models.map(({name}) => name), ...pair,
        ...(lists.value.models ?? []).filter((model) => model.state === "ready").map(({name}) => name)])];
      [a, b].forEach((control, i) => fill(control, names.map((name) => [name, name]), pair[i]));
      tokens.value = state.value.tokens;
      kernel.value = state.value.kernel;
      estimator.value = state.value.estimator;
    }
  };
}
