import {button, h} from "../lib/dom.js";
import {number} from "../lib/format.js";
import {linesChart} from "../charts/lines.js";
import {chartList} from "../charts/result.js";
import {dataMenu} from "./data-menu.js";
import {createPanel} from "./panel.js";
import {waitView} from "./problem.js";

const HINT = "Choose two models or more, and Compare.";

/** Two or more models on the same images: a curve each, their differences, and one permalink for all. */
export function createCompare({api, state, lists, kinds, announce}) {
  const comparable = kinds.filter((kind) => kind.in_comparisons).map(({name}) => name);
  const usual = kinds.filter((kind) => kind.in_comparisons_usually).map(({name}) => name);
  const models = h("fieldset", {class: "checks"});
  const metrics = h("fieldset", {class: "checks"});
  const start = button("Compare", () => run(), {look: "button primary", disabled: true});
  const panel = createPanel({
    id: "compare", title: "Compare models",
    reading: "Several models on the same images, every difference with its standard error, under one permalink.",
    controls: h("div", {class: "compare-form"}, models, metrics, start)
  });
  panel.node.classList.add("wide");
  panel.empty(h("p", {}, HINT));
  let context = null;
  let control = null;
  let answer = null;
  let charts = [];
  let width = 0;

  const list = (text, standard) => text ? text.split(",") : standard;
  const picked = (set) => [...set.querySelectorAll("input:checked")].map(({value}) => value);

  const titles = new Map(kinds.map(({name, title}) => [name, title]));

  function checks(set, legend, names, on, changed) {
    set.replaceChildren(h("legend", {class: "field-label"}, legend), ...names.map((name) => h("label", {class: "check"},
      h("input", {type: "checkbox", value: name, checked: on.includes(name), on: {change: changed}}), titles.get(name) ?? name)));
  }

  function form() {
    const ready = (lists.value.models ?? []).filter(({state: now}) => now === "ready").map(({name}) => name);
    const first = context?.models.map(({name}) => name) ?? [];
    checks(models, "Models", [...new Set([...first, ...ready])], list(state.value.against, first),
      () => state.set({against: picked(models).join(",")}));
    checks(metrics, "Metrics", comparable, list(state.value.metrics, usual),
      () => state.set({metrics: picked(metrics).join(",")}));
  }

  async function run() {
    const {probe_set: probeSet, image, convention} = context.parameters;
    const body = {models: picked(models), metrics: picked(metrics),
      ...(probeSet ? {probe_set: probeSet} : {images: [image]}),
      ...(convention ? {parameters: Object.fromEntries(picked(metrics).map((name) => [name, {convention}]))} : {})};
    control?.abort();
    const own = control = new AbortController();
    answer = null;
    panel.actions();
    panel.loading();
    const cancel = (work) => api.cancelWork(work).catch((error) => announce(error.message));
    try {
      const found = await api.compare(body, {
        signal: own.signal, onWait: (...wait) => own === control && panel.loading(...waitView(...wait, cancel))
      });
      if (own !== control) return;
      answer = found;
      width = 0;
      draw();
      const link = (format) => api.permalink(found.analysis_id, format);
      panel.actions(
        h("a", {class: "button quiet", href: link("html"), target: "_blank"}, "HTML"),
        dataMenu([{label: "Comparison", url: link}], {announce, formats: ["json", "csv", "npz"], charts: () => charts,
          permalinks: [link("json")], isAnalysis: false}));
      panel.note(`${found.n_images} images`, found.standard_errors ?? "");
      panel.ready();
    } catch (error) {
      if (own === control && error.name !== "AbortError") panel.error(error, run);
    }
  }

  function draw() {
    const room = Math.floor(panel.body.clientWidth);
    if (!answer || room < 50 || room === width) return;
    width = room;
    const one = room >= 760 ? Math.floor((room - 24) / 2) : room;
    const views = answer.metrics.map((metric) => metricView(metric, {width: one, theme: context.look.theme}));
    charts = views.filter(({chart}) => chart.svg);
    panel.body.replaceChildren(chartList(views));
  }

  function forget() {
    control?.abort();
    control = null;
    answer = null;
    panel.actions();
    panel.empty(h("p", {}, HINT));
  }

  new ResizeObserver(() => {
    if (Math.floor(panel.body.clientWidth) !== width) requestAnimationFrame(draw);
  }).observe(panel.body);

  /** There is nothing to compare, for a reason. */
  function nothing(reason) {
    forget();
    start.disabled = true;
    panel.empty(h("p", {}, reason));
  }

  return {
    node: panel.node, nothing,
    charts: () => answer ? charts : [],
    summary: () => panel.words(),
    leave: () => control?.abort(),
    wait: () => nothing("Waiting for the model…"),
    update(next) {
      const same = (part) => JSON.stringify(part(next)) === JSON.stringify(context && part(context));
      const sameLook = same(({look}) => look.theme);
      // What was measured on other images would be read as of these.
      if (context && !same(({parameters}) => parameters)) forget();
      context = next;
      start.disabled = false;
      form();
      if (!answer && panel.node.dataset.state !== "error") {
        panel.empty(h("p", {}, HINT));
      }
      if (!sameLook) {
        width = 0;
        draw();
      }
    }
  };
}

/** The curves of a metric and the differences at the end: `{title, chart, more}`. */
function metricView({metric, figure, differences}, options) {
  const title = figure?.title ?? metric;
  const chart = figure
    ? linesChart(figure.series.map(({name, x, y, sem}, color) => ({name, x, y, band: sem, color})),
      {...options, xTitle: figure.x_label, yTitle: figure.y_label === "1" ? "" : figure.y_label, title})
    : h("p", {class: "muted"}, "A matrix: see the HTML page or the downloads.");
  const rows = differences.map(({a, b, x, mean, sem}) => {
    const last = mean.length - 1;
    return h("tr", {}, h("td", {}, `${a} − ${b}`), h("td", {}, x[last]),
      h("td", {}, number(mean[last]) + (sem?.[last] == null ? "" : ` ± ${number(sem[last])}`)));
  });
  return {title, chart, more: rows.length > 0 && h("table", {class: "small"},
    h("thead", {}, h("tr", {}, ["difference", "at", "± standard error"].map((name) => h("th", {scope: "col"}, name)))),
    h("tbody", {}, rows))};
}
