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

  /** What a kind looks at: maps are of the images above, other figures of the probe set, and some need no images. */
  function imagesFor({gives_maps: isMaps, images}, common) {
    if (images === "none") return {};
    const {image, beside} = state.value;
    return isMaps ? {image: beside ? [image, beside] : image} : common;
  }

  const panel = createAnalysisPanel({
    id: "any-analysis", title: "Any analysis", isWide: true, formats: ["json", "csv", "npy", "npz", "png"],
    refuses: () => {
      const asked = kinds[state.value.more];
      if (!asked) return "Every analysis of the service can be drawn here. Choose one above.";
      return asked.gives_maps && !state.value.image ? "There is no image to draw maps of." : "";
    },
    calls: ({models, parameters: common}) => {
      const name = state.value.more;
      const asked = {...imagesFor(kinds[name], common), ...chosen()};
      if (kinds[name].models === 1) return models.map((model) => ({
        label: model.name, model, url: (format) => api.kindURL(kinds[name], model.name, asked, format)
      }));
      const [a, b] = [models[0].name, models.at(-1).name];
      return [{label: a === b ? a : `${a} × ${b}`, url: (format) => api.pairURL(name, {a, b, ...asked}, format)}];
    },
    draw: (answers, options) => resultCharts(answers, {...options, photoOf: api.photoURL,
      pictureOf: ({analysis_id: id}, figure) => api.permalink(id, "png", {figure})})
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
    const isOfImage = (changed.has("image") || changed.has("beside")) && kinds[state.value.more]?.gives_maps;
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
