import {h} from "../lib/dom.js";
import {plural} from "../lib/format.js";
import {whenNear} from "../lib/seen.js";
import {chartList} from "../charts/result.js";
import {createPanel} from "./panel.js";
import {dataMenu} from "./data-menu.js";
import {forPeople, waitView} from "./problem.js";

/**
 * One analysis: asks when it comes near the view, draws, redraws when the page changes, and hands itself out.
 * definition: `{id, title, reading, calls(context), draw(answers, options), pick(x), place(layer), tools(context),
 * notes(answers)}`; `draw` gives `[{title, chart}]` of the answers, `[{name, isBaseline, result}]`.
 */
export function createAnalysisPanel(definition, {api, announce, controls = null}) {
  const panel = createPanel({...definition, controls});
  const {node} = panel;
  let key = "";
  let control = null;
  let answers = null;
  let charts = [];
  let context = null;
  let width = 0;
  let menu = null;
  let forget = () => {};

  async function load(calls) {
    const own = control = new AbortController();
    const wanted = key;
    const refused = [];
    const options = {
      signal: own.signal,
      onWait: (...wait) => key === wanted && panel.loading(...waitView(...wait, cancel))
    };
    const ask = async ({label, url, isBaseline = false}) => {
      try {
        return {name: label, isBaseline, result: await api.analysis(url("json"), options)};
      } catch (error) {
        if (error.name === "AbortError") throw error;
        // Without a baseline the curves are as good. What one model refuses keeps nobody from seeing the others.
        if (isBaseline) return null;
        refused.push({name: label, error});
        if (key === wanted) panel.note(...refusals(refused));
        return null;
      }
    };
    panel.loading();
    panel.actions();
    panel.note();
    let found;
    try {
      found = (await Promise.all(calls.map(ask))).filter(Boolean);
    } catch {
      return;
    }
    if (key !== wanted) return;
    if (!found.some(({isBaseline}) => !isBaseline)) {
      answers = null;
      return panel.error(refused[0].error, () => {
        key = "";
        update(context);
      });
    }
    answers = found;
    draw();
    menu = dataMenu(calls, {
      announce, charts: () => charts, formats: definition.formats,
      permalinks: found.map(({result}) => api.permalink(result.analysis_id))
    });
    showActions();
    panel.note(...refusals(refused), ...(definition.notes ?? notes)(found));
    panel.ready();
  }

  /** The buttons as they now stand; the one that was just pressed keeps the focus. */
  function showActions() {
    const place = [...node.querySelectorAll(".panel-actions > *")].indexOf(document.activeElement);
    panel.actions(...[definition.tools?.(context)].flat(), menu);
    if (place >= 0) node.querySelectorAll(".panel-actions > *")[place]?.focus();
  }

  const cancel = (work) => api.cancelWork(work).catch((error) => announce(error.message));

  function draw() {
    if (!answers) return;
    width = Math.floor(panel.body.clientWidth);
    if (width < 50) return;
    const {layer, ...look} = context.look;
    const chosen = layer == null || !definition.place ? null : definition.place(layer);
    // Several charts stand side by side where there is room for them.
    const one = definition.isWide && width >= 760 ? Math.floor((width - 24) / 2) : width;
    charts = definition.draw(answers, {...look, width: one, chosen}, context);
    const content = definition.isWide ? chartList(charts) : charts[0].chart;
    panel.body.replaceChildren(content);
  }

  function nothing(reason) {
    leave();
    answers = null;
    charts = [];
    panel.actions();
    panel.empty(h("p", {}, reason));
  }

  /** Gives up what is on its way; what was drawn stays. */
  function leave() {
    forget();
    control?.abort();
    key = "";
  }

  function update(next) {
    const before = context;
    context = next;
    const reason = definition.refuses?.(next);
    if (reason) return nothing(reason);
    const calls = definition.calls(next);
    const wanted = calls.map(({url}) => url("json")).join(" ");
    if (wanted === key) {
      if (JSON.stringify(next.look) === JSON.stringify(before?.look)) return;
      draw();
      if (node.dataset.state === "ready") showActions();
      return;
    }
    leave();
    key = wanted;
    panel.idle();
    forget = whenNear(node, () => key === wanted && load(calls));
  }

  panel.body.addEventListener("pick", ({detail}) => definition.pick?.(detail));
  new ResizeObserver(() => {
    if (Math.floor(panel.body.clientWidth) !== width) requestAnimationFrame(draw);
  }).observe(panel.body);

  return {
    node, definition, nothing, leave, update,
    /** `[{title, chart}]` of what is drawn. */
    charts: () => node.dataset.state === "ready" ? charts : [],
    summary: () => panel.words(),
    /** Moves the mark of the chosen layer. */
    mark(layer) {
      if (!context) return;
      context = {...context, look: {...context.look, layer}};
      if (!answers || !definition.place) return;
      for (const {chart} of charts) chart.mark(definition.place(layer));
    },
    wait() {
      leave();
      panel.loading("Waiting for the model…");
    }
  };
}

const refusals = (refused) => refused.map(({name, error}) =>
  h("span", {class: "reason"}, `${name}: ${forPeople(error.message)}`, error.errors?.length
    ? ` ${error.errors.map(({detail}) => detail).join(" ")}` : ""));

/** What was measured, and why a value is missing. */
export function notes(answers) {
  const [{result: {n_images: n, convention, estimator, kernel, checks, classifier}}] = answers;
  const selfError = checks?.self_similarity_max_error;
  const isBand = answers.some(({result: {figures}}) => figures?.some(({band}) => band));
  const facts = [
    n == null ? "" : plural(n, "image"), n > 1 && isBand ? "band: ± standard error" : "",
    classifier ? `decided by: ${classifier}` : "",
    convention === "reference" ? "convention: reference" : "", kernel ? `${kernel}, ${estimator}` : "",
    selfError == null ? "" : `self-similarity within ${selfError.toExponential(0)}`
  ].filter(Boolean).join(" · ");
  const reasons = [...new Set(answers.flatMap(({result: {reasons: all}}) => all ?? []).map(({reason}) => reason))];
  return [facts, ...[nearChance(answers), ...reasons.slice(0, 2)].filter(Boolean)
    .map((reason) => h("span", {class: "reason"}, reason))];
}

/** A warning where accuracies on few images say no more than guessing. */
function nearChance(answers) {
  const known = answers.filter(({result: {chance, top1, n_test: n}}) => chance > 0 && Array.isArray(top1) && n > 0);
  const isNear = ({result: {chance, top1, top1_sem: sem}}) =>
    Math.max(...top1.map((value, i) => (value ?? 0) - 2 * (sem?.[i] ?? 0))) <= chance;
  const near = known.filter(isNear);
  if (near.length === 0) return "";
  const {chance, n_test: n} = near[0].result;
  return `${near.map(({name}) => name).join(", ")}: not told apart from guessing (${Math.round(100 * chance)} %) with ` +
    `${plural(n, "test image")}. Measure on a larger probe set.`;
}
