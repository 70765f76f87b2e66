import {h} from "../lib/dom.js";
import {fraction, jobName, progressWords, stateWord} from "./job-words.js";

/** The trainings there are, newest first; a press chooses one. Rows stay in place while their words change. */
export function createJobList({choose}) {
  const node = h("ul", {class: "job-list", "aria-label": "Training jobs"});
  const rows = new Map();

  function createRow(id) {
    const name = h("strong", {});
    const state = h("span", {class: "state"});
    const words = h("span", {class: "small muted"});
    const bar = h("progress", {max: 1, value: 0, "aria-label": "Progress"});
    const press = h("button", {type: "button", class: "job-row", on: {click: () => choose(id)}},
      h("span", {class: "job-line"}, name, state), bar, words);
    return {
      node: h("li", {}, press),
      update(job, isChosen) {
        name.textContent = jobName(job);
        state.textContent = stateWord(job);
        state.dataset.state = stateWord(job);
        words.textContent = [job.method, progressWords(job)].filter(Boolean).join(" · ");
        bar.value = fraction(job);
        bar.hidden = fraction(job) === 0;
        press.setAttribute("aria-pressed", String(isChosen));
      }
    };
  }

  return {
    node,
    update(jobs, chosen) {
      const wanted = new Set(jobs.map(({id}) => id));
      for (const [id, row] of rows) {
        if (wanted.has(id)) continue;
        row.node.remove();
        rows.delete(id);
      }
      jobs.forEach((job, i) => {
        if (!rows.has(job.id)) rows.set(job.id, createRow(job.id));
        const row = rows.get(job.id);
        if (node.children[i] !== row.node) node.insertBefore(row.node, node.children[i] ?? null);
        row.update(job, job.id === chosen);
      });
    }
  };
}
