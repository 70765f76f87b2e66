import {button, fill, h} from "../lib/dom.js";

/** The two views of the page, as buttons that say where one is. */
export function createViews({state}) {
  const views = [["", "Explore"], ["training", "Training"]].map(([view, text]) =>
    ({view, node: h("button", {type: "button", on: {click: () => state.set({view})}}, text)}));
  const node = h("nav", {class: "views", "aria-label": "Views"}, views.map((one) => one.node));
  const update = () => {
    for (const one of views) {
      if (one.view === state.value.view) one.node.setAttribute("aria-current", "page");
      else one.node.removeAttribute("aria-current");
    }
  };
  state.subscribe((_, changed) => changed.has("view") && update());
  update();
  return {node};
}

/** The two model choosers and the way to more models. */
export function createHeader({state, lists, openModels, openReport}) {
  const first = h("select", {id: "model-a", on: {change: () => state.set({model: first.value})}});
  const second = h("select", {id: "model-b", on: {change: () => state.set({compare: second.value})}});
  const swap = button("⇄", () => state.set({model: state.value.compare, compare: state.value.model}),
    {look: "button quiet icon", title: "Swap the two models", "aria-label": "Swap the two models"});
  const node = h("nav", {class: "choosers", "aria-label": "Models"},
    chooser("a", "Model", first), swap, chooser("b", "Compare with", second),
    button("Models…", openModels, {id: "open-models"}),
    button("Report", openReport, {id: "save-report", title: "Save what is on the page as one HTML file"}));

  function update() {
    const {models} = lists.value;
    const {model, compare} = state.value;
    node.hidden = state.value.view === "training" || !models || (models.length === 0 && !model);
    if (node.hidden) return;
    fill(first, options(models, model), model);
    fill(second, [["", "compare with…"], ...options(models, compare)], compare);
    first.disabled = models.length === 0;
    second.disabled = models.length === 0;
    swap.disabled = !compare;
  }

  lists.subscribe(update);
  state.subscribe((_, changed) => ["model", "compare", "view"].some((name) => changed.has(name)) && update());
  return {node, update};
}

function chooser(slot, label, control) {
  return h("label", {class: "chooser", "data-slot": slot},
    h("span", {class: "swatch"}), h("span", {class: "off-screen"}, label), control);
}

// A model named in the address but unknown here still has its place in the list: the maps say what is wrong. A
// checkpoint of a training is in no list, and has its place all the same.
function options(models, chosen) {
  const known = models.map(({name, state}) =>
    [name, state === "ready" ? name : `${name} (${state})`, state === "failed"]);
  if (chosen && !models.some(({name}) => name === chosen)) {
    known.unshift([chosen, chosen.startsWith("job:") ? checkpointName(chosen) : `${chosen} (unknown)`]);
  }
  return known;
}

/** "job:ID@120" short enough for a list. */
function checkpointName(name) {
  const [, id, step] = /^job:([^@]*)@(.*)$/.exec(name) ?? [null, name, ""];
  return `training …${id.slice(-6)}, ${/^\d+$/.test(step) ? `step ${step}` : step}`;
}
