import {field, h, select} from "../lib/dom.js";
import {plural} from "../lib/format.js";
import {resultFigures} from "../charts/result.js";
import {dataMenu} from "./data-menu.js";
import {createPanel} from "./panel.js";
import {kindControls, kindOptions, kindReading} from "./kinds.js";
import {waitView} from "./problem.js";

/** One panel for every analysis: a kind is chosen, its parameters set, and its answer drawn as the answer says. */
export function createAnyAnalysis({api, state, kinds: list, plotly, announce}) {
  const kinds = Object.fromEntries(list.filter((kind) => !kind.gives_maps).map((kind) => [kind.name, kind]));
  const kind = select([["", "choose…"], ...kindOptions(list)], {
    id: "more-kind", on: {change: () => state.set({more: kind.value, options: ""})}
  });
  const parameters = h("div", {class: "panel-controls"});
  const reading = h("p", {class: "reading muted"});
  const panel = createPanel({
    id: "any-analysis", title: "Any analysis",
    controls: h("div", {}, h("div", {class: "panel-controls"}, field("Analysis", kind), parameters), reading)
  });
  panel.node.classList.add("wide");
  let context = null;
  let key = "";
  let shown = "";
  let control = null;
  let answers = null;
  let width = 0;
  let Plotly = null;

  /** The parameters that were chosen, from the address. */
  const chosen = () => Object.fromEntries(new URLSearchParams(state.value.options));

  function showControls(name) {
    if (shown === name) return;
    shown = name;
    const now = chosen();
    const set = (option, value) => {
      const next = new URLSearchParams(state.value.options);
      if (value) next.set(option, value);
      else next.delete(option);
      state.set({options: next.toString()});
    };
    parameters.replaceChildren(...(kinds[name] ? kindControls(kinds[name], now, set) : []));
    reading.textContent = kinds[name] ? kindReading(kinds[name]) : "";
  }

  function calls(name) {
    const {models, parameters: common} = context;
    const asked = {...common, ...chosen()};
    if (kinds[name].models === 1) return models.map((model) => ({
      label: model.name, url: (format) => api.analysisURL(model.name, name, asked, format)
    }));
    const [a, b] = [models[0].name, models.at(-1).name];
    return [{label: a === b ? a : `${a} × ${b}`, url: (format) => api.pairURL(name, {a, b, ...asked}, format)}];
  }

  async function load() {
    const name = state.value.more;
    kind.value = name;
    showControls(name);
    if (!kinds[name] || !context) return nothing("Every analysis of the service can be drawn here. Choose one above.");
    const asked = calls(name);
    const wanted = asked.map(({url}) => url("json")).join(" ");
    if (wanted === key) return draw();
    key = wanted;
    control?.abort();
    control = new AbortController();
    panel.loading();
    panel.actions();
    const cancel = (work) => api.cancelWork(work).catch((error) => announce(error.message));
    const options = {
      signal: control.signal,
      onWait: (...wait) => key === wanted && panel.loading(...waitView(...wait, cancel))
    };
    try {
      const found = await Promise.all(asked.map(async ({label, url}) =>
        ({name: label, result: await api.analysis(url("json"), options)})));
      Plotly ??= await plotly();
      if (key !== wanted) return;
      answers = found;
      width = 0;
      draw();
      panel.actions(dataMenu(asked, {
        announce, formats: ["json", "csv", "npy", "npz", "png"],
        permalinks: found.map(({result}) => api.permalink(result.analysis_id))
      }));
      panel.note(...notes(found));
      panel.ready();
    } catch (error) {
      if (key !== wanted || error.name === "AbortError") return;
      answers = null;
      panel.error(error, () => {
        key = "";
        load();
      });
    }
  }

  function draw() {
    const room = Math.floor(panel.body.clientWidth);
    if (!answers || !Plotly || room < 50 || room === width) return;
    width = room;
    // Two charts stand side by side where there is room for both.
    const one = room >= 760 ? Math.floor((room - 24) / 2) : room;
    const old = [...panel.body.querySelectorAll(".figure")];
    panel.body.replaceChildren(h("div", {class: "result-figures"},
      resultFigures(answers, {Plotly, width: one, theme: context.look.theme})));
    for (const chart of old) Plotly.purge(chart);
  }

  function nothing(reason) {
    key = "";
    answers = null;
    control?.abort();
    panel.actions();
    panel.empty(h("p", {}, reason));
  }

  new ResizeObserver(() => {
    if (Math.floor(panel.body.clientWidth) !== width) requestAnimationFrame(draw);
  }).observe(panel.body);
  state.subscribe((_, changed) => {
    if (changed.has("more")) shown = "";
    if (changed.has("more") || changed.has("options")) load();
  });

  return {
    node: panel.node,
    update(next) {
      const sameLook = JSON.stringify(next.look.theme) === JSON.stringify(context?.look.theme);
      context = next;
      if (!sameLook) width = 0;
      load();
    },
    wait() {
      key = "";
      control?.abort();
      panel.loading("Waiting for the model…");
    },
    nothing
  };
}

/** What was measured, and why a value is missing. */
function notes(answers) {
  const [{result}] = answers;
  const facts = [plural(result.n_images, "image"), result.classifier && `decided by: ${result.classifier}`,
    result.convention === "reference" && "convention: reference"].filter(Boolean).join(" · ");
  const reasons = [...new Set(answers.flatMap(({result: {reasons: all}}) => all ?? []).map(({reason}) => reason))];
  return [facts, ...reasons.slice(0, 2).map((reason) => h("span", {class: "reason"}, reason))];
}
