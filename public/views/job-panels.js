import {choose, field, fill, h, segments} from "../lib/dom.js";
import {plural} from "../lib/format.js";
import {trainingCurves} from "../charts/training-curves.js";
import {trajectoryChart} from "../charts/trajectory.js";
import {createChartPanel} from "./chart-panel.js";
import {dataMenu} from "./data-menu.js";
import {jobName} from "./job-words.js";

/** The narrowest axis of a metric: what changes by less is noise. */
const LEAST = {"attention-distance": 1, "attention-nmi": 0.02, "attention-entropy": 0.1, fourier: 0.1};

/** The loss and its parts, or one other metric, against the step. */
export function createCurvesPanel({api, state, announce, readTheme}) {
  const which = h("select", {on: {change: () => state.set({curve: which.value})}});
  const other = h("select", {on: {change: () => state.set({run: other.value})}});
  const otherField = field("Beside", other);
  const control = h("div", {class: "panel-controls"}, field("Shown", which), otherField);
  const panel = createChartPanel({id: "training-curves", title: "Learning curves", controls: control});
  let answer = null;
  let beside = null;
  let shown = null;
  let alarms = [];

  function draw() {
    if (!answer) return;
    const keys = answer.keys.filter((key) => answer.series[key]?.values.length);
    control.hidden = keys.length === 0;
    if (keys.length === 0) return panel.empty(h("p", {}, "No line of metrics yet."));
    const losses = keys.filter((key) => /^loss/.test(key));
    const groups = [...(losses.length > 0 ? [["", losses.length > 1 ? "losses" : losses[0]]] : []),
      ...keys.filter((key) => !losses.includes(key)).map((key) => [key, key])];
    const wanted = groups.some(([key]) => key === state.value.curve) ? state.value.curve : groups[0][0];
    fill(which, groups, wanted);
    const asked = wanted ? [wanted] : losses;
    const of = (series, name) => asked.filter((key) => series[key]?.values.length)
      .map((key) => ({name: [key, name].filter(Boolean).join(", "), ...series[key]}));
    const data = [...of(answer.series, beside ? jobName(shown) : ""), ...(beside ? of(beside.series, beside.name) : [])];
    const total = shown?.progress?.steps ?? shown?.steps ?? null;
    panel.show((options) => trainingCurves(data, {...options, theme: readTheme(), title: wanted || "loss",
      total: beside ? null : total, alarms}));
    panel.actions(dataMenu([{label: jobName(shown), url: (format) => api.jobMetricsURL(shown.id, format)}],
      {announce, formats: ["json", "csv"], charts: panel.charts, isAnalysis: false}));
  }

  return {
    node: panel.node,
    clear() {
      answer = null;
      alarms = [];
      panel.actions();
      panel.loading("Reading…");
    },
    /** A warning of the run, marked at its step. */
    alarm({code = "warning", message = "", step = Number(/step (\d+)/.exec(message)?.[1])}) {
      const text = code.replaceAll("_", " ");
      if (!Number.isFinite(step) || alarms.some((one) => one.step === step && one.text === text)) return;
      alarms.push({step, text});
      draw();
    },
    /** The runs that this one may be held against. */
    others(jobs) {
      otherField.hidden = jobs.length === 0;
      fill(other, [["", "no other run"], ...jobs.map((job) => [job.id, `${jobName(job)} (${job.id.slice(-6)})`])], state.value.run);
    },
    async load(job) {
      shown = job;
      try {
        const {run} = state.value;
        const [next, second] = await Promise.all([api.jobMetrics(job.id), run && run !== job.id
          ? api.jobMetrics(run).then((found) => ({...found, name: `run ${run.slice(-6)}`}), () => null) : null]);
        beside = second;
        if (shown.id !== job.id) return;
        answer = next;
        draw();
      } catch (error) {
        if (shown.id === job.id) panel.error(error, () => this.load(job));
      }
    },
    draw
  };
}

/** The metrics of the job's snapshots, a panel for each. */
export function createTrajectoryPanels({api, state, kinds, announce, readTheme}) {
  /** What a training shows of a kind, in the kind's words. */
  const trajectoryOf = (metric) => kinds.find(({name}) => name === metric)?.trajectory ?? {};
  const by = segments("Drawn by", "by", [
    ["layer", "snapshot", "The layers along the axis, a line for each snapshot, coloured by its step"],
    ["step", "layer", "The steps along the axis, a line for each layer, coloured by its depth"],
    ["map", "map", "Steps along, layers upwards, the value as colour"]
  ], {value: state.value.by, onChange: (value) => state.set({by: value})});
  const panels = h("div", {class: "panels"});
  const note = h("p", {class: "muted"});
  const node = h("section", {class: "analyses", id: "trajectory", "aria-labelledby": "trajectory-title"},
    h("div", {class: "analyses-head"}, h("h2", {id: "trajectory-title"}, "While it learns"), by), note, panels);
  const known = new Map();
  let shown = null;

  const metricsOf = (job) => job.config?.analysis
    ? job.config.analysis.metrics ?? ["attention-distance", "attention-nmi", "fourier"] : [];

  function panelOf(metric) {
    if (!known.has(metric)) {
      const {title = metric, reading = ""} = trajectoryOf(metric);
      known.set(metric, {panel: createChartPanel({id: `trajectory-${metric}`, title, reading}), answer: null});
    }
    return known.get(metric);
  }

  function draw(metric) {
    const {panel, answer} = panelOf(metric);
    if (!answer) return;
    if (answer.steps.length === 0) {
      return panel.empty(h("p", {}, answer.reasons?.[0]?.reason ?? "The first snapshot is not looked at yet."));
    }
    const {title = metric, places_title: xTitle = "layer"} = trajectoryOf(metric);
    const data = {...answer, title, unit: answer.unit ?? "", xTitle};
    const digits = answer.unit === "px" ? 1 : 3;
    panel.show((options) => trajectoryChart(data, {...options, theme: readTheme(), by: state.value.by, digits, least: LEAST[metric] ?? 0}));
    panel.actions(dataMenu([{label: title, url: () => api.trajectoryURL(shown.id, metric)}],
      {announce, formats: ["json"], charts: panel.charts, isAnalysis: false}));
    panel.note(
      [plural(answer.steps.length, "snapshot"), answer.n_images ? plural(answer.n_images, "image") : "",
        answer.probe_set ?? "", answer.pending ? `${answer.pending} more to come` : ""].filter(Boolean).join(" · "));
  }

  return {
    node,
    clear(job) {
      const metrics = metricsOf(job);
      by.hidden = metrics.length === 0;
      note.hidden = metrics.length > 0;
      note.replaceChildren("This job is not looked at while it learns. A job with ",
        h("code", {}, "analysis: {every_epochs, probe_set}"),
        " shows here how distance, mutual information and frequencies of each layer evolve.");
      panels.replaceChildren(...metrics.map((metric) => {
        const record = panelOf(metric);
        record.answer = null;
        record.panel.actions();
        record.panel.loading("Reading…");
        return record.panel.node;
      }));
    },
    async load(job, only = null) {
      shown = job;
      await Promise.all(metricsOf(job).filter((metric) => !only || only.has(metric)).map(async (metric) => {
        const record = panelOf(metric);
        try {
          const answer = await api.trajectory(job.id, metric);
          if (shown.id !== job.id) return;
          record.answer = answer;
          draw(metric);
        } catch (error) {
          if (shown.id === job.id) record.panel.error(error, () => this.load(job, new Set([metric])));
        }
      }));
    },
    draw() {
      choose(by, state.value.by);
      if (shown) metricsOf(shown).forEach(draw);
    }
  };
}
