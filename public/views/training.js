import {button, h} from "../lib/dom.js";
import {copy} from "./data-menu.js";
import {createCurvesPanel, createTrajectoryPanels} from "./job-panels.js";
import {createJobDetail} from "./job-detail.js";
import {createJobForm} from "./job-form.js";
import {createJobList} from "./job-list.js";
import {followJob} from "./job-stream.js";
import {isTerminal} from "./job-words.js";
import {problemView} from "./problem.js";

const LIST_MILLISECONDS = 4000;
/** Events come in bursts; what they make stale is asked for again at most this often. */
const REFRESH_MILLISECONDS = 1000;

/** The trainings: a list, and one of them live, with its curves and what its layers do while it learns. */
export function createTraining({api, state, lists, kinds, announce, readTheme}) {
  const list = createJobList({choose: (id) => state.set({job: id})});
  const form = createJobForm({api, lists, added: (job) => arrived(job, "It waits in the queue.")});
  const detail = createJobDetail({api, announce,
    look: (model) => state.set({view: "", model, compare: ""}),
    acted: (job, action) => action === "retry" ? arrived(job, "It goes on from the last checkpoint.") : put(job),
    copied: (config) => form.open(config),
    removed(id) {
      jobs = jobs.filter((job) => job.id !== id);
      state.set({job: ""}, {silent: true});
      show();
    }});
  const curves = createCurvesPanel({api, state, announce, readTheme});
  const trajectory = createTrajectoryPanels({api, state, kinds, announce, readTheme});
  const message = h("div", {class: "card training-empty", hidden: true});
  const chosenPart = h("div", {class: "training-job", hidden: true}, detail.node, curves.node, trajectory.node);
  const node = h("section", {class: "training", id: "training", "aria-label": "Training"},
    h("aside", {class: "card training-list"},
      h("div", {class: "panel-head"}, h("h2", {}, "Training"), button("New…", () => form.open(), {look: "button quiet",
        "aria-label": "New training"})), list.node),
    message, chosenPart);
  let jobs = null;
  let shown = "";
  let stream = null;
  let timer = 0;
  const refresh = createRefresh(REFRESH_MILLISECONDS, refreshParts);

  const isOpen = () => node.isConnected;
  const find = (id) => jobs?.find((job) => job.id === id);

  async function load() {
    clearTimeout(timer);
    try {
      const all = await api.jobs();
      jobs = all.filter(({kind}) => kind !== "analysis");
      const {job: id} = state.value;
      if (id && !find(id)) jobs.push(await api.job(id));
      if (isOpen()) show();
    } catch (error) {
      if (isOpen()) fail(error);
    }
    if (isOpen()) timer = setTimeout(() => document.hidden ? wait() : load(), LIST_MILLISECONDS);
  }

  function wait() {
    document.addEventListener("visibilitychange", () => isOpen() && load(), {once: true});
  }

  function fail(error) {
    if (jobs?.length && error.status !== 404) return;
    say(problemView(error, {retry: () => {
      if (error.status === 404) state.set({job: ""}, {silent: true});
      load();
    }}));
  }

  function say(...content) {
    unfollow();
    chosenPart.hidden = true;
    message.hidden = false;
    message.replaceChildren(...content);
  }

  function show() {
    const chosen = find(state.value.job) ?? jobs[0];
    list.update(jobs, chosen?.id);
    if (!chosen) return say(...invitation());
    message.hidden = true;
    chosenPart.hidden = false;
    curves.others(jobs.filter(({id}) => id !== chosen.id));
    detail.update(chosen);
    if (shown !== chosen.id) follow(chosen);
  }

  function invitation() {
    const command = `curl -fsS ${api.href("v1/jobs")} -H 'Content-Type: application/json' -d @job.json`;
    return [h("p", {}, "No training yet. Press New, or post a job from a shell:"),
      h("div", {class: "command"}, h("pre", {tabindex: 0}, h("code", {}, command)),
        button("Copy", () => copy(command, announce), {look: "button quiet"}))];
  }

  function follow(job) {
    unfollow();
    shown = job.id;
    curves.clear();
    trajectory.clear(job);
    refresh.all();
    stream = followJob(api, job.id, {
      onEvent: (kind, data) => heard(job.id, kind, data),
      onLink: (connected) => detail.live(connected),
      isOver: async () => {
        const now = await api.job(job.id);
        put(now);
        return isTerminal(now);
      }
    });
  }

  function unfollow() {
    stream?.close();
    stream = null;
    shown = "";
    refresh.forget();
  }

  function heard(id, kind, data) {
    if (id !== shown) return;
    const job = find(id);
    // Old events are told again after a reload; only one that is further than the job is news of it.
    if (kind === "progress" && job && !isTerminal(job) && data.step >= (job.progress?.step ?? 0)) {
      put({...job, progress: {...job.progress, ...data}});
    }
    if (kind === "state" || kind === "end") refresh.part("job");
    if (kind === "metric") refresh.part("curves");
    if (kind === "checkpoint") refresh.part("checkpoints");
    if (kind === "analysis") refresh.part(`trajectory ${data.metric ?? ""}`);
    if (kind === "warning") {
      detail.warn(data);
      curves.alarm(data);
    }
    detail.tell(kind, data);
  }

  async function refreshParts(parts) {
    const job = find(shown);
    if (!job) return;
    const wants = (part) => parts.has("all") || parts.has(part);
    const metrics = new Set([...parts].filter((part) => part.startsWith("trajectory "))
      .map((part) => part.slice("trajectory ".length)));
    await Promise.all([
      wants("job") && api.job(job.id).then(put, () => {}),
      wants("curves") && curves.load(job),
      wants("checkpoints") && detail.loadCheckpoints(job),
      (parts.has("all") || metrics.size > 0) && trajectory.load(job, parts.has("all") || metrics.has("") ? null : metrics)
    ]);
  }

  /** A newer state of a job that is in the list. */
  function put(job) {
    jobs = jobs.map((old) => old.id === job.id ? job : old);
    list.update(jobs, shown);
    if (job.id === shown) detail.update(job);
  }

  function arrived(job, words) {
    jobs = [job, ...(jobs ?? []).filter(({id}) => id !== job.id)];
    announce(words);
    state.set({job: job.id});
    show();
  }

  state.subscribe((_, changed) => {
    if (!isOpen()) return;
    if (changed.has("job") && jobs) find(state.value.job) || !state.value.job ? show() : load();
    if (changed.has("curve")) curves.draw();
    if (changed.has("run") && shown) curves.load(find(shown));
    if (changed.has("by")) trajectory.draw();
  });

  return {
    node,
    /** Begins to ask; the node must be on the page. */
    open: load,
    close() {
      clearTimeout(timer);
      unfollow();
    },
    redraw() {
      curves.draw();
      trajectory.draw();
    }
  };
}

/** Collects what is stale and refreshes it together, never twice at the same time. */
function createRefresh(milliseconds, run) {
  let stale = new Set();
  let timer = 0;
  let running = false;
  async function work() {
    timer = 0;
    if (running) return soon(milliseconds);
    running = true;
    const parts = stale;
    stale = new Set();
    await run(parts);
    running = false;
  }
  function soon(delay) {
    timer ||= setTimeout(work, delay);
  }
  return {
    part(name) {
      stale.add(name);
      soon(milliseconds);
    },
    all() {
      stale.add("all");
      soon(0);
    },
    forget() {
      stale.clear();
      clearTimeout(timer);
      timer = 0;
    }
  };
}
