import {field, h, select} from "../lib/dom.js";
import {resultCharts} from "../charts/result.js";
import {createAnalysisPanel} from "./analysis-panel.js";
import {kindControls, kindOptions, kindReading} from "./kinds.js";

/** One panel for every analysis: a kind is chosen, its parameters set, and its answer drawn as the answer says. */
export function createAnyAnalysis({api, state, kinds: list, announce}) {
  const kinds = Object.fromEntries(list.map((kind) => [kind.name, kind]));
  const kind = select([["", "choose…"], ...kindOptions(list)], {
    id: "more-kind", on: {change: () => state.set({more: kind.value, options: ""})}
  });
  const parameters = h("div", {class: "panel-controls"});
  const reading = h("p", {class: "reading muted"});
  let shown = null;
  let context = null;

  /** The parameters that were chosen, from the address. */
  const chosen = () => Object.fromEntries(new URLSearchParams(state.value.options));

  const panel = createAnalysisPanel({
    id: "any-analysis", title: "Any analysis", isWide: true, formats: ["json", "csv", "npy", "npz", "png"],
    refuses: () => {
      const asked = kinds[state.value.more];
      if (!asked) return "Every analysis of the service can be drawn here. Choose one above.";
      return asked.gives_maps && !state.value.image ? "There is no image to draw maps of." : "";
    },
    calls: ({models, parameters: common}) => {
      const name = state.value.more;
      // Maps are of the image that is looked at.
      const asked = {...(kinds[name].gives_maps ? {image: state.value.image} : common), ...chosen()};
      if (kinds[name].models === 1) return models.map((model) => ({
        label: model.name, model, url: (format) => api.kindURL(kinds[name], model.name, asked, format)
      }));
      const [a, b] = [models[0].name, models.at(-1).name];
      return [{label: a === b ? a : `${a} × ${b}`, url: (format) => api.pairURL(name, {a, b, ...asked}, format)}];
    },
    draw: (answers, options) => resultCharts(answers, {...options,
      photoOf: (model, {images}) => images?.[0] ? api.photoURL(model, images[0].ref) : null})
  }, {
    api, announce, controls: h("div", {}, h("div", {class: "panel-controls"}, field("Analysis", kind), parameters), reading)
  });
  panel.node.classList.add("wide");

  function showControls() {
    const name = state.value.more;
    kind.value = name;
    if (shown === name) return;
    shown = name;
    const set = (option, value) => {
      const next = new URLSearchParams(state.value.options);
      if (value) next.set(option, value);
      else next.delete(option);
      state.set({options: next.toString()});
    };
    parameters.replaceChildren(...(kinds[name] ? kindControls(kinds[name], chosen(), set) : []));
    reading.textContent = kinds[name] ? kindReading(kinds[name]) : "";
  }

  state.subscribe((_, changed) => {
    if (changed.has("more")) shown = null;
    const isOfImage = changed.has("image") && kinds[state.value.more]?.gives_maps;
    if (!changed.has("more") && !changed.has("options") && !isOfImage) return;
    showControls();
    if (context) panel.update(context);
  });

  return {
    ...panel,
    update(next) {
      context = next;
      showControls();
      panel.update(next);
    }
  };
}
