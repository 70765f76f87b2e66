import {button, h} from "../lib/dom.js";
import {plural} from "../lib/format.js";
import {createPanel} from "./panel.js";
import {dataMenu} from "./data-menu.js";
import {waitView} from "./problem.js";

/** One analysis: asks, draws, redraws when the page changes, and hands out its data. */
export function createAnalysisPanel(definition, {api, plotly, announce, pick, controls = null}) {
  const panel = createPanel({...definition, controls});
  let key = "";
  let control = null;
  let results = null;
  let chart = null;
  let options = {};
  let width = 0;

  async function load(calls, {redraw = true} = {}) {
    const wanted = calls.map(({url}) => url("json")).join(" ");
    if (wanted === key) {
      if (redraw) draw();
      return;
    }
    key = wanted;
    control?.abort();
    control = new AbortController();
    const asked = {
      signal: control.signal,
      onWait: (...wait) => key === wanted && panel.loading(...waitView(...wait, cancel))
    };
    panel.loading();
    panel.actions();
    try {
      const answers = await Promise.all(calls.map(({url}) => api.analysis(url("json"), asked)));
      const Plotly = await plotly();
      if (key !== wanted) return;
      results = answers;
      options.Plotly = Plotly;
      draw();
      panel.actions(
        button("PNG", () => savePicture(Plotly), {look: "button quiet"}),
        dataMenu(calls, {announce, permalinks: answers.map(({analysis_id: id}) => api.permalink(id))}));
      panel.note(...notes(answers, definition));
      panel.ready();
    } catch (error) {
      if (key !== wanted || error.name === "AbortError") return;
      results = null;
      panel.error(error, () => {
        key = "";
        load(calls);
      });
    }
  }

  const cancel = (work) => api.cancelWork(work).catch((error) => announce(error.message));

  function draw() {
    if (!results || !options.Plotly) return;
    width = Math.floor(panel.body.clientWidth);
    if (width < 50) return;
    const old = chart;
    const {layer, ...look} = options;
    const chosen = layer == null || !definition.depth ? null : definition.depth(layer);
    chart = definition.draw(results, {...look, width, chosen});
    panel.body.replaceChildren(chart);
    if (old) options.Plotly.purge(old);
  }

  function savePicture(Plotly) {
    const [first] = results;
    const models = results.flatMap(({model, a, b}) => model ? [model.name] : [...new Set([a.name, b.name])]).join("-");
    Plotly.downloadImage(chart, {
      format: "png", scale: 2, width, height: chart.clientHeight,
      filename: `${first.analysis ?? definition.id}_${models}`.replaceAll(/[^\w.-]+/g, "-")
    });
  }

  function nothing(reason) {
    key = "";
    results = null;
    control?.abort();
    panel.actions();
    panel.empty(h("p", {}, reason));
  }

  panel.body.addEventListener("pick", ({detail}) => definition.layer && pick(definition.layer(detail)));
  new ResizeObserver(() => {
    if (Math.floor(panel.body.clientWidth) !== width) requestAnimationFrame(draw);
  }).observe(panel.body);

  return {
    node: panel.node,
    definition,
    update(context) {
      const same = Object.entries(context.look).every(([name, value]) =>
        JSON.stringify(value) === JSON.stringify(options[name]));
      options = {...options, ...context.look};
      if (definition.wantsSet && context.nImages < 4) {
        return nothing("CKA compares layers over many images. Choose a probe set of four images or more.");
      }
      load(definition.calls(context), {redraw: !same});
    },
    /** Moves the mark of the chosen layer. */
    mark(layer) {
      options.layer = layer;
      if (!chart || !results) return;
      if (definition.depth) chart.mark(definition.depth(layer));
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
function notes(results, {hasBand}) {
  const [{n_images: n, convention, estimator, kernel, checks}] = results;
  const selfError = checks?.self_similarity_max_error;
  const facts = [
    n == null ? "" : plural(n, "image"), n > 1 && hasBand ? "band: ± standard error" : "",
    convention === "reference" ? "convention: reference" : "", kernel ? `${kernel}, ${estimator}` : "",
    selfError == null ? "" : `self-similarity within ${selfError.toExponential(0)}`
  ].filter(Boolean).join(" · ");
  const reasons = [...new Set(results.flatMap(({reasons: all}) => all ?? []).map(({reason}) => reason))].slice(0, 2);
  return [facts, ...reasons.map((reason) => h("span", {class: "reason"}, reason))];
}
