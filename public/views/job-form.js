import {button, field, fill, h, select} from "../lib/dom.js";
import {bytes, count, duration} from "../lib/format.js";
import {problemView} from "./problem.js";
import {SMALL, settingsOf, startOptions} from "./job-templates.js";
import {controlOf, defaultAt, defaultWords, flatten, put, valueOf} from "./setting-fields.js";

const ARCHS = [["small", "6 layers of 96, 48 px"], ["vit_tiny_patch16_224", "vit_tiny_patch16_224"],
  ["vit_small_patch16_224", "vit_small_patch16_224"], ["vit_base_patch16_224", "vit_base_patch16_224"],
  ["", "the checkpoint's own"]];
const BUILT_IN = "shapes-textures";
/** Where the paper's heads would be most of a network, they follow its width: 512 and 128 at 96, as the demo's. */
const WIDTHS = {small: 96, vit_tiny_patch16_224: 192};
const PAPER = {width: 768, hidden: 4096, narrow: 128};
/** A run of so few steps logs each of them. */
const FEW_STEPS = 400;
/** What is asked about before it starts: seconds, bytes on the disk. */
const LONG = 86_400;
const LARGE = 20 * 2 ** 30;
/** How long a start waits for the estimate, milliseconds. */
const PATIENCE = 4000;

/** The settings above the fold, with their labels and what stands in them at first. */
const FIRST = {method: "Method", "hybrid.lambda": "λ: share of contrast", arch: "Architecture", dataset: "Dataset",
  "dataset_options.n_images": "Images", epochs: "Epochs", batch_size: "Batch", init_from: "Start from checkpoint",
  "analysis.probe_set": "Look inside with probe set", "analysis.every_epochs": "Every … epochs", name: "Name"};
const BEGIN = {"dataset_options.n_images": 2048, epochs: 10, batch_size: 64, "hybrid.lambda": 0.2,
  "analysis.every_epochs": 2};
const ROWS = [["method", "hybrid.lambda", "arch", "init_from"],
  ["dataset", "dataset_options.n_images", "epochs", "batch_size"],
  ["analysis.probe_set", "analysis.every_epochs", "name"]];

/** The dialog that posts a training, built from the settings that the server declares. Calls `added(job)`. */
export function createJobForm({api, lists, added}) {
  const fields = new Map();
  const form = h("form", {class: "form", on: {submit}});
  const result = h("div", {class: "form-result", "aria-live": "polite"});
  const send = h("button", {class: "button primary"}, "Start");
  let agreed = "";
  const estimate = button("Estimate", () => run(async () => {
    result.replaceChildren("Measuring a few steps…");
    const answer = await api.estimateJob(body());
    result.replaceChildren(h("p", {class: "muted"}, estimateWords(answer)),
      ...questions(body(), answer).map((text) => h("p", {class: "reason"}, text)));
  }));
  const end = h("div", {class: "form-end"}, estimate, send);
  const from = h("select", {id: "job-from", on: {change: () => run(startFrom)}});
  let methods = null;
  let key = {text: "", value: ""};

  const value = (name) => fields.get(name)?.control.value.trim() ?? "";
  const method = () => methods.find(({name}) => name === value("method"));

  function build({methods: known, settings}) {
    methods = known;
    const special = {
      method: select(known.map(({name, title}) => [name, title]), {value: "hybrid", on: {change: adapt}}),
      arch: select(ARCHS, {on: {change: adapt}}),
      dataset: select([], {required: true, on: {change: adapt}}),
      "analysis.probe_set": select([], {on: {change: adapt}})
    };
    for (const setting of flatten(settings)) {
      const control = special[setting.key] ?? controlOf(setting);
      if (BEGIN[setting.key] != null) Object.assign(control, {value: BEGIN[setting.key], required: true});
      const id = `job-fault-${setting.key.replaceAll(".", "-")}`;
      const fault = h("small", {class: "fault", id});
      control.setAttribute("aria-describedby", id);
      const node = field(FIRST[setting.key] ?? setting.key, control);
      node.title = setting.words;
      node.append(fault);
      fields.set(setting.key, {setting, control, fault, node});
    }
    const others = [...fields.values()].filter(({setting}) => !FIRST[setting.key]);
    form.replaceChildren(h("div", {class: "form-row"}, field("Template or copy", from)), ...ROWS.map((row) => h("div", {class: "form-row"}, row.map((name) => fields.get(name).node))),
      h("details", {}, h("summary", {}, "Everything else"),
        h("p", {class: "small muted"}, "What is left empty is as the method's paper has it; grey shows that for the " +
          "paper's own number of epochs."),
        h("div", {class: "form-row"}, others.map(({node}) => node))),
      end, result);
  }

  /** What the method, the images and the probe set leave to say. */
  function adapt() {
    const {name, defaults, needs_checkpoint: needsCheckpoint} = method();
    for (const {setting, control, node} of fields.values()) {
      const isUnwanted = setting.methods != null && !setting.methods.includes(name)
        || setting.key.startsWith("hybrid.") && name !== "hybrid"
        || setting.key.startsWith("dataset_options.") && value("dataset") !== BUILT_IN
        || setting.key.startsWith("analysis.") && setting.key !== "analysis.probe_set" && value("analysis.probe_set") === "";
      node.hidden = isUnwanted;
      control.disabled = isUnwanted;
      const standard = defaultWords(defaultAt(defaults, setting.path));
      if (control.localName === "input") control.placeholder = standard;
      const [silent] = control.localName === "select" && control.options[0]?.value === "" ? control.options : [];
      if (silent && !FIRST[setting.key]) silent.textContent = standard;
    }
    fields.get("init_from").control.required = needsCheckpoint;
  }

  function body() {
    const wanted = {};
    for (const {setting, control} of fields.values()) {
      const said = control.disabled ? undefined : valueOf(setting, control);
      if (said !== undefined) put(wanted, setting.path, said);
    }
    const width = WIDTHS[wanted.arch];
    if (width && ["moco_v3", "hybrid"].includes(wanted.method)) {
      wanted.moco = {mlp_dim: Math.round(PAPER.hidden * width / PAPER.width), dim: PAPER.narrow, ...wanted.moco};
    }
    const steps = stepsOf(wanted);
    if (steps && steps <= FEW_STEPS) wanted.log_every_steps ??= 1;
    if (wanted.arch?.startsWith?.("{")) wanted.arch = JSON.parse(wanted.arch);
    if (wanted.arch === "small") {
      wanted.arch = SMALL;
      if (wanted.dataset === BUILT_IN) wanted.dataset_options = {img_size: SMALL.img_size, ...wanted.dataset_options};
    }
    return wanted;
  }

  /** Steps in all; null where the number of images is not known. */
  function stepsOf({dataset, dataset_options: own, epochs, batch_size: batch}) {
    const images = own?.n_images ?? lists.value.datasets?.find(({name}) => name === dataset)?.n_images;
    return images && epochs && batch ? epochs * Math.max(1, Math.floor(images / batch)) : null;
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
    for (const {fault} of fields.values()) fault.textContent = "";
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

  /** Each fault beside its field, or that of the object around it; those without one below. */
  function show(error) {
    const elsewhere = (error.errors ?? []).filter(({pointer = "", detail}) => {
      const path = pointer.split("/").slice(1);
      let place = null;
      while (path.length > 0 && !place) {
        const name = path.join(".");
        place = fields.get(name) ?? [...fields.values()].find(({setting, control}) =>
          setting.key.startsWith(`${name}.`) && !control.disabled);
        path.pop();
      }
      if (!place || place.control.disabled) return true;
      place.fault.textContent = detail;
      place.node.closest("details")?.setAttribute("open", "");
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
      const text = JSON.stringify(wanted);
      if (agreed !== text) {
        // Faults are told by the posting itself, and a slow estimate keeps nobody from starting.
        const answer = await api.estimateJob(wanted, {signal: AbortSignal.timeout(PATIENCE)}).catch(() => null);
        const doubts = questions(wanted, answer);
        if (doubts.length > 0) {
          agreed = text;
          return result.replaceChildren(...doubts.map((doubt) => h("p", {class: "reason"}, doubt)),
            h("p", {}, "Press Start again to start it all the same."));
        }
      }
      const job = await api.addJob(wanted, keyFor(wanted));
      key = {text: "", value: ""};
      result.replaceChildren();
      dialog.close();
      added(job);
    });
  }

  const dialog = h("dialog", {class: "dialog", id: "job-form", "aria-labelledby": "job-form-title"},
    h("header", {class: "dialog-head"}, h("h2", {id: "job-form-title"}, "New training"),
      button("Close", () => dialog.close(), {look: "button quiet"})), form);
  document.body.append(dialog);

  /** Every setting of another job, to be changed and started as a new one. */
  function fillIn(config) {
    const {arch} = config;
    const option = typeof arch === "object" && JSON.stringify(arch) !== JSON.stringify(SMALL) ? JSON.stringify(arch) : null;
    if (option) {
      const {embed_dim: width, depth, img_size: size} = arch;
      fields.get("arch").control.append(h("option", {value: option}, `${depth} layers of ${width}, ${size} px`));
    }
    for (const {setting, control} of fields.values()) {
      const said = setting.path.reduce((value, name) => value?.[name], config);
      if (setting.key === "arch") control.value = option ?? (typeof arch === "object" ? "small" : arch ?? "");
      else control.value = said == null ? "" : typeof said === "object" ? JSON.stringify(said) : String(said);
    }
  }

  /** Every setting of the template or job that is chosen; what it leaves open keeps its place. */
  async function startFrom() {
    const {value: choice} = from;
    const config = await settingsOf(api, choice);
    if (!config || from.value !== choice) return;
    const dataset = fields.get("dataset").control.value, probeSet = fields.get("analysis.probe_set").control.value;
    fillIn({dataset, ...config, analysis: config.analysis ?? (choice.startsWith("job ") ? null : {
      probe_set: probeSet || null, every_epochs: probeSet ? BEGIN["analysis.every_epochs"] : null})});
    result.replaceChildren();
    adapt();
  }

  /** config: of the job that is copied, or nothing. */
  async function open(config = null) {
    agreed = "";
    result.replaceChildren();
    dialog.showModal();
    try {
      if (!methods) {
        form.replaceChildren("Reading…");
        build(await api.trainingSettings());
      }
    } catch (error) {
      return form.replaceChildren(problemView(error));
    }
    const {datasets, probeSets} = lists.value;
    const dataset = fields.get("dataset").control;
    const probeSet = fields.get("analysis.probe_set").control;
    fill(dataset, (datasets ?? []).filter(({n_images: n}) => n > 0).map(({name, n_images: n}) =>
      [name, name === BUILT_IN ? `${name} (built in)` : `${name} (${n})`]), dataset.value || BUILT_IN);
    fill(probeSet, [["", "not at all"], ...(probeSets ?? []).map(({name}) => [name, name])],
      probeSet.value || probeSets?.[0]?.name || "");
    const jobs = await api.jobs().catch(() => []);
    fill(from, startOptions(jobs.filter(({kind}) => kind !== "analysis")), "");
    if (config) fillIn(config);
    adapt();
  }

  return {open};
}

/** Bytes that the checkpoints of a run take on the disk at the end. */
function diskBytes({memory = {}, settings = {}, epochs}) {
  const each = ["weights_bytes", "moments_bytes", "momentum_encoder_bytes"].reduce((sum, name) => sum + (memory[name] ?? 0), 0);
  const {every_epochs: every = 1, keep_last: kept = 1} = settings.checkpoint ?? {};
  return each * Math.min(kept, Math.max(1, Math.ceil(epochs / every))) + (memory.weights_bytes ?? 0);
}

/** What looks like a slip, in sentences. `answer` is the estimate, or null. */
export function questions({epochs, analysis}, answer) {
  const doubts = [];
  const every = analysis?.every_epochs;
  if (every > epochs) {
    doubts.push(`Snapshots every ${every} epochs, of ${epochs} in all: there would be none on the way. Give fewer than ${epochs}.`);
  }
  if (!answer) return doubts;
  const total = answer.seconds_per_epoch * answer.epochs;
  if (total > LONG) doubts.push(`This would take about ${duration(total)} on this machine.`);
  if (diskBytes(answer) > LARGE) doubts.push(`Its checkpoints would take about ${bytes(diskBytes(answer))} on the disk.`);
  return doubts;
}

/** The estimate in a line: parameters, memory, time and disk in all. */
export function estimateWords(answer) {
  const words = [`${count(answer.parameters)} parameters`, `${bytes(answer.memory_bytes)} of memory`];
  if (Number.isFinite(answer.seconds_per_epoch)) {
    words.push(`${duration(answer.seconds_per_epoch)} an epoch`,
      `${duration(answer.seconds_per_epoch * answer.epochs)} in all (${answer.steps_per_epoch * answer.epochs} steps)`);
  }
  words.push(`${bytes(diskBytes(answer))} on the disk`);
  return words.join(" · ");
}
