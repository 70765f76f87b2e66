import {button, field, fill, h, select} from "../lib/dom.js";
import {bytes, count, duration} from "../lib/format.js";
import {problemView} from "./problem.js";

const METHODS = [["hybrid", "hybrid (contrast + masking)"], ["moco_v3", "MoCo v3 (contrast)"],
  ["simmim", "SimMIM (masking)"], ["mae", "MAE (masking)"], ["supervised", "supervised"]];
const SMALL = {img_size: 48, patch_size: 6, embed_dim: 96, depth: 6, num_heads: 3};
const ARCHS = [["small", "6 blocks of 96, 48 px"], ["vit_tiny_patch16_224", "vit_tiny_patch16_224"],
  ["vit_small_patch16_224", "vit_small_patch16_224"], ["vit_base_patch16_224", "vit_base_patch16_224"]];
const MASK_PATCH = {small: 6};
const BUILT_IN = "shapes-textures";

/** The dialog that posts a training. What it leaves out, the method's paper decides. Calls `added(job)`. */
export function createJobForm({api, lists, added}) {
  const whole = (value, min, max) => h("input", {type: "number", min, max, step: 1, value, required: true});
  const controls = {
    name: h("input", {maxlength: 200, autocomplete: "off", spellcheck: "false", placeholder: "my run"}),
    method: select(METHODS, {on: {change: adapt}}),
    arch: select(ARCHS),
    dataset: select([], {required: true, on: {change: adapt}}),
    n_images: whole(2048, 1, 1_000_000),
    epochs: whole(10, 1, 100_000),
    batch_size: whole(64, 1, 65_536),
    lambda: h("input", {type: "number", min: 0, max: 1, step: 0.05, value: 0.2, required: true}),
    probe_set: select([], {on: {change: adapt}}),
    every_epochs: whole(2, 1, 100_000)
  };
  // Where the server's pointer leads: /hybrid/lambda is said at λ.
  const places = {"/hybrid": "lambda", "/dataset_options": "n_images", "/analysis/every_epochs": "every_epochs",
    "/analysis": "probe_set"};
  const faults = Object.fromEntries(Object.keys(controls).map((key) =>
    [key, h("small", {class: "fault", id: `job-fault-${key}`})]));
  const part = (label, key) => {
    controls[key].setAttribute("aria-describedby", `job-fault-${key}`);
    const node = field(label, controls[key]);
    node.append(faults[key]);
    return node;
  };
  const parts = {lambda: part("λ: share of masking", "lambda"), n_images: part("Images", "n_images"),
    every_epochs: part("Every … epochs", "every_epochs")};
  const result = h("div", {class: "form-result", "aria-live": "polite"});
  const send = h("button", {class: "button primary"}, "Start");
  const estimate = button("Estimate", () => run(async () => {
    result.replaceChildren("Measuring a few steps…");
    const answer = await api.estimateJob(body());
    result.replaceChildren(h("p", {class: "muted"}, estimateWords(answer)));
  }));
  let key = {text: "", value: ""};

  function adapt() {
    parts.lambda.hidden = controls.method.value !== "hybrid";
    parts.n_images.hidden = controls.dataset.value !== BUILT_IN;
    parts.every_epochs.hidden = controls.probe_set.value === "";
    for (const name of Object.keys(parts)) controls[name].disabled = parts[name].hidden;
  }

  function body() {
    const value = (name) => controls[name].value.trim();
    const isSmall = value("arch") === "small";
    const wanted = {
      method: value("method"), arch: isSmall ? SMALL : value("arch"), dataset: value("dataset"),
      epochs: Number(value("epochs")), batch_size: Number(value("batch_size"))
    };
    if (value("name")) wanted.name = value("name");
    if (wanted.method === "hybrid") wanted.hybrid = {lambda: Number(value("lambda"))};
    if (isSmall && ["hybrid", "simmim"].includes(wanted.method)) {
      wanted.simmim = {mask_patch_size: MASK_PATCH.small};
    }
    if (wanted.dataset === BUILT_IN) {
      wanted.dataset_options = {n_images: Number(value("n_images")), ...(isSmall ? {img_size: SMALL.img_size} : {})};
    }
    if (value("probe_set")) {
      wanted.analysis = {every_epochs: Number(value("every_epochs")), probe_set: value("probe_set")};
    }
    return wanted;
  }

  /** One key for one body: pressing again after a lost connection posts nothing twice. */
  function keyFor(wanted) {
    const text = JSON.stringify(wanted);
    if (key.text !== text) {
      const random = crypto.getRandomValues(new Uint8Array(16));
      key = {text, value: [...random].map((byte) => byte.toString(16).padStart(2, "0")).join("")};
    }
    return key.value;
  }

  async function run(work) {
    for (const fault of Object.values(faults)) fault.textContent = "";
    send.disabled = true;
    estimate.disabled = true;
    try {
      await work();
    } catch (error) {
      show(error);
    }
    send.disabled = false;
    estimate.disabled = false;
  }

  /** Each fault beside its field; those without one below. */
  function show(error) {
    const elsewhere = (error.errors ?? []).filter(({pointer = "", detail}) => {
      const found = Object.keys(places).find((place) => pointer.startsWith(place));
      const name = found ? places[found] : pointer.split("/")[1];
      if (!faults[name] || controls[name].disabled) return true;
      faults[name].textContent = detail;
      return false;
    });
    const told = (error.errors ?? []).length > elsewhere.length;
    if (told && elsewhere.length === 0) return result.replaceChildren();
    result.replaceChildren(problemView(Object.assign(Object.create(error), {errors: elsewhere})));
  }

  function submit(event) {
    event.preventDefault();
    run(async () => {
      result.replaceChildren("Posting…");
      const wanted = body();
      const job = await api.addJob(wanted, keyFor(wanted));
      key = {text: "", value: ""};
      result.replaceChildren();
      dialog.close();
      added(job);
    });
  }

  const dialog = h("dialog", {class: "dialog", id: "job-form", "aria-labelledby": "job-form-title"},
    h("header", {class: "dialog-head"}, h("h2", {id: "job-form-title"}, "New training"),
      button("Close", () => dialog.close(), {look: "button quiet"})),
    h("form", {class: "form", on: {submit}},
      h("div", {class: "form-row"}, part("Method", "method"), parts.lambda, part("Architecture", "arch")),
      h("div", {class: "form-row"}, part("Dataset", "dataset"), parts.n_images, part("Epochs", "epochs"),
        part("Batch", "batch_size")),
      h("div", {class: "form-row"}, part("Look inside with probe set", "probe_set"), parts.every_epochs,
        part("Name", "name")),
      h("p", {class: "small muted"}, "Everything else is as the method's paper has it. A job file posted with curl " +
        "or with ", h("code", {}, "vitscope jobs submit"), " says more."),
      h("div", {class: "form-end"}, estimate, send), result));
  document.body.append(dialog);

  return {
    open() {
      const {datasets, probeSets} = lists.value;
      fill(controls.dataset, (datasets ?? []).filter(({n_images: n}) => n > 0).map(({name, n_images: n}) =>
        [name, name === BUILT_IN ? `${name} (built in)` : `${name} (${n})`]), controls.dataset.value || BUILT_IN);
      fill(controls.probe_set, [["", "not at all"], ...(probeSets ?? []).map(({name}) => [name, name])],
        controls.probe_set.value || probeSets?.[0]?.name || "");
      result.replaceChildren();
      adapt();
      dialog.showModal();
    }
  };
}

/** The estimate in a line: parameters, memory, time. */
function estimateWords(answer) {
  const words = [];
  const parameters = answer.parameters?.total ?? answer.parameters;
  if (Number.isFinite(parameters)) words.push(`${count(parameters)} parameters`);
  if (Number.isFinite(answer.memory_bytes)) words.push(bytes(answer.memory_bytes));
  if (Number.isFinite(answer.seconds_per_epoch)) words.push(`${duration(answer.seconds_per_epoch)} an epoch`);
  const total = answer.total_seconds ?? answer.duration_seconds;
  if (Number.isFinite(total)) words.push(`${duration(total)} in all`);
  return words.join(" · ") || JSON.stringify(answer);
}
