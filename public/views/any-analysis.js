import {field, h, select} from "../lib/dom.js";
import {resultCharts} from "../charts/result.js";
import {createAnalysisPanel} from "./analysis-panel.js";
import {kindControls, kindOptions, kindReading} from "./kinds.js";

/** One panel for every analysis: a kind is chosen, its parameters set, and its answer drawn as the answer says. */
export function createAnyAnalysis({api, state, kinds: list, announce}) {
  const kinds = Object.fromEntries(list.filter((kind) => !kind.gives_maps).map((kind) => [kind.name, kind]));
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
    refuses: () => kinds[state.value.more] ? "" : "Every analysis of the service can be drawn here. Choose one above.",
    calls: ({models, parameters: common}) => {
      const name = state.value.more;
      const asked = {...common, ...chosen()};
      if (kinds[name].models === 1) return models.map((model) => ({
        label: model.name, model, url: (format) => api.analysisURL(model.name, name, asked, format)
      }));
      const [a, b] = [models[0].name, models.at(-1).name];
      return [{label: a === b ? a : `${a} × ${b}`, url: (format) => api.pairURL(name, {a, b, ...asked}, format)}];
    },
    draw: (answers, options) => resultCharts(answers, options)
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
    if (!changed.has("more") && !changed.has("options")) return;
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
