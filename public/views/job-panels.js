import {choose, field, fill, h, segments} from "../lib/dom.js";
import {plural} from "../lib/format.js";
import {trainingCurves} from "../charts/training-curves.js";
import {trajectoryChart} from "../charts/trajectory.js";
import {createChartPanel} from "./chart-panel.js";

/** The loss and its parts, or one other metric, against the step. */
export function createCurvesPanel({api, state, readTheme}) {
  const which = h("select", {on: {change: () => state.set({curve: which.value})}});
  const control = h("div", {class: "panel-controls"}, field("Shown", which));
  const panel = createChartPanel({id: "training-curves", title: "Learning curves", controls: control});
  let answer = null;
  let shown = null;

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
    const data = (wanted ? [wanted] : losses).map((key) => ({name: key, ...answer.series[key]}));
    const total = shown?.progress?.steps ?? shown?.steps ?? null;
    panel.show((options) => trainingCurves(data, {...options, theme: readTheme(), title: wanted || "loss", total}));
    panel.actions(
      h("a", {class: "button quiet", href: api.jobMetricsURL(shown.id, "csv"), download: ""}, "CSV"));
  }

  return {
    node: panel.node,
    clear() {
      answer = null;
      panel.actions();
      panel.loading("Reading…");
    },
    async load(job) {
      shown = job;
      try {
        const next = await api.jobMetrics(job.id);
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
export function createTrajectoryPanels({api, state, kinds, readTheme}) {
  /** What a training shows of a kind, in the kind's words. */
  const trajectoryOf = (metric) => kinds.find(({name}) => name === metric)?.trajectory ?? {};
  const by = segments("A line for each", "by", [
    ["layer", "snapshot", "The layers along the axis, a line for each snapshot, coloured by its step"],
    ["step", "layer", "The steps along the axis, a line for each layer, coloured by its depth"]
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
    panel.show((options) => trajectoryChart(data, {...options, theme: readTheme(), by: state.value.by, digits}));
    panel.actions(h("a", {class: "button quiet", href: api.trajectoryURL(shown.id, metric), target: "_blank"}, "JSON"));
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
