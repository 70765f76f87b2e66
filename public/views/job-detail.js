import {button, h} from "../lib/dom.js";
import {bytes, number} from "../lib/format.js";
import {problemView} from "./problem.js";
import {fraction, isTerminal, jobName, progressWords, stateWord} from "./job-words.js";

const SHOWN_CHECKPOINTS = 8;
const SHOWN_LINES = 200;

/** The head of the chosen job: how it is, what may be done with it, its warnings, checkpoints and last words. */
export function createJobDetail({api, announce, look, acted, removed, copied}) {
  const title = h("h2", {id: "job-title"});
  const state = h("span", {class: "state"});
  const live = h("span", {class: "small muted", role: "status"});
  const actions = h("div", {class: "panel-actions start"});
  const bar = h("progress", {max: 1, value: 0, "aria-label": "Progress"});
  const words = h("p", {class: "muted"});
  const facts = h("p", {class: "small muted"});
  const trouble = h("div", {class: "job-trouble", "aria-live": "polite"});
  const warnings = h("ul", {class: "job-warnings", "aria-label": "Warnings"});
  const checkpoints = h("div", {class: "job-checkpoints"});
  const lines = h("ol", {class: "job-lines"});
  const log = h("details", {class: "job-log"}, h("summary", {}, "What it said"), lines);
  const node = h("section", {class: "card job-detail", "aria-labelledby": "job-title"},
    h("header", {class: "job-head"}, title, state, live, actions),
    bar, words, facts, trouble, warnings, checkpoints, log);
  let shown = null;
  let key = "";

  async function act(action, pressed) {
    pressed.disabled = true;
    trouble.replaceChildren();
    try {
      acted(await api.askJob(shown.id, action), action);
    } catch (error) {
      trouble.replaceChildren(problemView(error));
    }
    pressed.disabled = false;
  }

  // The second press does it: enough against a slip of the hand.
  function twice(text, question, run) {
    return button(text, ({currentTarget: pressed}) => {
      if (pressed.textContent === text) pressed.textContent = question;
      else run(pressed);
    }, {look: "button quiet"});
  }

  async function remove() {
    const {id} = shown;
    try {
      await api.removeJob(id);
      announce("The job and its files are removed.");
      removed(id);
    } catch (error) {
      trouble.replaceChildren(problemView(error));
    }
  }

  const copying = () => button("Copy…", () => copied(shown.config), {look: "button quiet",
    title: "A new training with these settings"});

  function buttons(job) {
    const plain = (text, action) =>
      button(text, ({currentTarget}) => act(action, currentTarget), {look: "button quiet"});
    if (isTerminal(job)) {
      return [copying(), job.state !== "succeeded" && plain("Retry", "retry"), twice("Delete", "Really delete?", remove)];
    }
    if (job.cancel_requested_at) return [];
    return [copying(),
      job.held ? plain("Resume", "resume") : !job.pause_requested_at && plain("Pause", "pause"),
      twice("Cancel", "Really cancel?", (pressed) => act("cancel", pressed))
    ];
  }

  function update(job) {
    // Buttons that are asked for twice stay as they are until something about them changes.
    const next = [job.id, job.state, job.held, job.cancel_requested_at, job.pause_requested_at].join(" ");
    if (job.id !== shown?.id) {
      for (const part of [trouble, warnings, checkpoints, lines]) part.replaceChildren();
      log.hidden = true;
    }
    shown = job;
    title.textContent = jobName(job);
    state.textContent = stateWord(job);
    state.dataset.state = stateWord(job);
    bar.value = fraction(job);
    bar.hidden = fraction(job) === 0;
    words.textContent = [progressWords(job),
      job.state === "running" && job.progress?.images_per_second != null
        ? `${number(job.progress.images_per_second, 1)} images/s` : "",
      job.finish_reason ?? ""].filter(Boolean).join(" · ");
    facts.replaceChildren([job.method, job.config?.dataset, job.attempt > 1 ? `attempt ${job.attempt}` : ""]
      .filter(Boolean).join(" · "), " · ", h("code", {}, job.id), " · ",
      h("a", {href: api.jobLogURL(job.id), target: "_blank"}, "log"));
    if (job.failure) trouble.replaceChildren(problemView({title: `Failed: ${job.failure.reason}`,
      message: job.failure.message}));
    if (next === key) return;
    key = next;
    actions.replaceChildren(...buttons(job).filter(Boolean));
  }

  async function loadCheckpoints(job) {
    try {
      const {checkpoints: all} = await api.checkpoints(job.id);
      if (shown?.id !== job.id) return;
      if (all.length === 0) return checkpoints.replaceChildren();
      const newest = all.slice(-SHOWN_CHECKPOINTS).reverse();
      checkpoints.replaceChildren(...[
        button("Look inside", () => look(`job:${job.id}@latest`), {look: "button primary",
          title: "Show the attention of the newest checkpoint"}),
        h("ul", {"aria-label": "Checkpoints"}, newest.map(({step, size_bytes: size}) => h("li", {},
          button(`step ${step}`, () => look(`job:${job.id}@${step}`), {look: "link",
            title: `Look inside the checkpoint of step ${step}`}),
          h("a", {class: "small", href: api.checkpointURL(job.id, step), download: "",
            "aria-label": `Download the checkpoint of step ${step}`}, bytes(size))))),
        all.length > newest.length && h("span", {class: "small muted"}, `and ${all.length - newest.length} older`)
      ].filter(Boolean));
    } catch {
      // A job without checkpoints has none to show; what is wrong with the job is said above.
    }
  }

  return {
    node, update, loadCheckpoints,
    live(connected) {
      live.textContent = connected || isTerminal(shown ?? {}) ? "" : "reconnecting…";
    },
    warn({code = "warning", message = ""}) {
      if ([...warnings.children].some((line) => line.title === message)) return;
      warnings.append(h("li", {title: message}, h("strong", {}, code.replaceAll("_", " ")), " ", message));
    },
    say(text) {
      log.hidden = false;
      lines.append(h("li", {}, text));
      while (lines.children.length > SHOWN_LINES) lines.firstChild.remove();
    },
    /** A sentence of a checkpoint or a state for the log. */
    tell(kind, data) {
      if (kind === "checkpoint") this.say(`checkpoint of step ${data.step}, ${bytes(data.size_bytes)}`);
      if (kind === "state") this.say(`${stateWord({...data, cancel_requested_at: data.cancel_requested,
        pause_requested_at: data.pause_requested})}${data.step > 0 ? ` at step ${data.step}` : ""}`);
      if (kind === "log") this.say(data.message ?? "");
    }
  };
}
