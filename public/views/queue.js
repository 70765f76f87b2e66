import {button, h} from "../lib/dom.js";
import {duration, plural} from "../lib/format.js";
import {progressWords, stateWord} from "./job-words.js";

const OPEN_MILLISECONDS = 2000;
const IDLE_MILLISECONDS = 15_000;

/** What runs and waits, trainings and analyses alike, with its place and time, as a menu of the header. */
export function createQueue({api, announce}) {
  const summary = h("summary", {class: "button"}, "Queue");
  const list = h("ul", {class: "queue-list", "aria-label": "What runs and waits"});
  const node = h("details", {class: "menu queue"}, summary, h("div", {class: "menu-body"}, list));
  let timer = 0;

  async function load() {
    clearTimeout(timer);
    if (!document.hidden) {
      try {
        show(await api.queue());
      } catch (error) {
        list.replaceChildren(h("li", {}, error.message));
      }
    }
    timer = setTimeout(load, node.open ? OPEN_MILLISECONDS : IDLE_MILLISECONDS);
  }

  function show(jobs) {
    // A snapshot's analysis belongs to its training.
    const own = jobs.filter(({parent_id: parent}) => !parent);
    summary.textContent = own.length ? `Queue (${own.length})` : "Queue";
    list.replaceChildren(...own.length ? own.map(row) : [h("li", {class: "muted"}, "Nothing runs and nothing waits.")]);
  }

  function row(job) {
    const words = [stateWord(job), job.queue_position > 0 ? `${plural(job.queue_position, "job")} before it` : "",
      progressWords(job), job.expected_seconds > 0 ? `about ${duration(job.expected_seconds)}` : "",
      job.progress?.message ?? ""].filter(Boolean);
    return h("li", {}, h("strong", {}, job.name || job.method || job.kind), " ", h("span", {class: "muted small"},
      [...new Set(words)].join(" · ")), button("Cancel", ({currentTarget: pressed}) => cancel(job, pressed),
      {look: "link small", "aria-label": `Cancel ${job.name || job.kind}`}));
  }

  async function cancel(job, pressed) {
    // A training is asked about twice, as in its own view.
    if (job.kind !== "analysis" && pressed.textContent === "Cancel") {
      pressed.textContent = "Really cancel?";
      clearTimeout(timer);
      timer = setTimeout(load, 5000);
      return;
    }
    await api.askJob(job.id, "cancel").catch((error) => announce(error.message));
    load();
  }

  node.addEventListener("toggle", load);
  document.addEventListener("pointerdown", (event) => {
    if (!node.contains(event.target)) node.open = false;
  });
  node.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !node.open) return;
    node.open = false;
    summary.focus();
  });
  return {node, load};
}
