import {button, h} from "../lib/dom.js";

const FRAME_MILLISECONDS = 700;

/** A job's snapshots along a slider: the kept patch stays, and its map is seen to form. */
export function createReplay({api, state}) {
  const step = h("input", {type: "range", min: 0, max: 0, step: 1, id: "replay", "aria-label": "Snapshot of the training",
    on: {input: () => go(Number(step.value))}});
  const words = h("span", {class: "value small"});
  const play = button("Play", () => timer ? stop() : run(), {look: "button quiet"});
  const node = h("div", {class: "replay", hidden: true}, play, step, words);
  let id = "";
  let steps = [];
  let timer = 0;
  let isReady = false;

  const nameOf = (at) => `job:${id}@${steps[at]}`;

  function go(at) {
    const name = nameOf(at);
    // What played through is one visit, not a hundred.
    state.set(state.value.compare.startsWith(`job:${id}@`) && !state.value.model.startsWith(`job:${id}@`)
      ? {compare: name} : {model: name}, {silent: true});
  }

  function run() {
    play.textContent = "Pause";
    if (Number(step.value) >= steps.length - 1) go(0);
    timer = setInterval(() => {
      // The next one comes when this one is there.
      if (!isReady || document.hidden) return;
      const next = Number(step.value) + 1;
      if (next >= steps.length) return stop();
      go(next);
    }, FRAME_MILLISECONDS);
  }

  function stop() {
    clearInterval(timer);
    timer = 0;
    play.textContent = "Play";
  }

  /** The models that are shown; the first that is a checkpoint of a job is the one that moves. */
  async function update(models) {
    const model = models.find(({name}) => name.startsWith("job:"));
    const [, job, at] = /^job:([^@]+)@(.+)$/.exec(model?.name ?? "") ?? [];
    isReady = model?.state === "ready";
    if (!job) {
      id = "";
      node.hidden = true;
      return stop();
    }
    if (job !== id) {
      id = job;
      steps = [];
      const {checkpoints = []} = await api.checkpoints(job).catch(() => ({}));
      if (id !== job) return;
      steps = checkpoints.map((one) => one.step);
    }
    node.hidden = steps.length < 2;
    step.max = Math.max(0, steps.length - 1);
    const place = at === "latest" ? steps.length - 1 : steps.indexOf(Number(at));
    if (place >= 0) step.value = place;
    words.textContent = `step ${steps[Math.max(0, place)]} of ${steps.at(-1)}`;
    step.setAttribute("aria-valuetext", words.textContent);
  }

  return {node, update, stop};
}
