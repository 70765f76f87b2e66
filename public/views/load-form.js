import {field, h, select} from "../lib/dom.js";
import {problemView} from "./problem.js";

/** The form that registers a checkpoint of the models directory. Calls `added(model)` with the server's answer. */
export function createLoadForm({api, added}) {
  const input = (attributes) => h("input", {autocomplete: "off", spellcheck: "false", ...attributes});
  const path = input({name: "path", required: true, placeholder: "vit-b-300ep.pth.tar"});
  const name = input({name: "name", required: true, placeholder: "moco-v3", maxlength: 128});
  // What may be said beside these is the server's to declare; it is asked when somebody looks.
  const more = [];
  const rows = h("div", {class: "form-row"});
  const result = h("div", {class: "form-result", "aria-live": "polite"});
  const send = h("button", {class: "button primary"}, "Load");

  // The file's name is a fair first guess at the model's name.
  path.addEventListener("input", () => {
    const file = path.value.split("/").filter(Boolean).pop() ?? "";
    if (!name.dataset.typed) name.value = file.replace(/(\.pth)?\.[a-z]+$/i, "");
  });
  name.addEventListener("input", () => {
    name.dataset.typed = "yes";
  });

  async function submit(event) {
    event.preventDefault();
    send.disabled = true;
    result.replaceChildren("Loading…");
    try {
      added(await api.addModel(body()));
      result.replaceChildren();
      form.reset();
      delete name.dataset.typed;
    } catch (error) {
      result.replaceChildren(problemView(error));
    }
    send.disabled = false;
  }

  function body() {
    const wanted = {path: path.value.trim(), name: name.value.trim()};
    for (const {option, control} of more) {
      const value = valueOf(option, control.value.trim());
      if (value === undefined) continue;
      const place = option.group === "preprocess" ? (wanted.preprocess ??= {}) : wanted;
      place[option.name] = value;
    }
    return wanted;
  }

  /** Fills in a control for each option that the server declares. */
  async function declare() {
    if (more.length) return;
    try {
      const {options} = await api.modelOptions();
      if (more.length) return;
      more.push(...options.map((option) => ({option, control: controlOf(option, input)})));
      rows.replaceChildren(...more.map(({option, control}) => field(option.title, control, option.words)));
    } catch (error) {
      rows.replaceChildren(problemView(error));
    }
  }

  const form = h("form", {class: "form", on: {submit}},
    h("div", {class: "form-row"},
      field("File or folder", path,
        "Relative to the server's models directory: .safetensors, .pth, .npz, or a Hugging Face folder."),
      field("Name", name, "How you will call it here and in the API.")),
    h("details", {on: {toggle: declare}}, h("summary", {}, "When the file does not say it all"), rows),
    h("div", {class: "form-end"}, send), result);
  return form;
}

/** The control for an option as the server declares it. */
function controlOf({name, group, type, choices, minimum, maximum, example}, input) {
  if (type === "choice") return select([["", group === "computing" ? "as usual" : "as the file says"], ...choices.map((word) => [word, word])], {name});
  const bounds = {type: "number", min: minimum, max: maximum};
  if (type === "integer") return input({name, ...bounds, step: 1, placeholder: example});
  if (type === "number") return input({name, ...bounds, step: "any", placeholder: example});
  return input({name, placeholder: example});
}

/** What the text of a control says in JSON; undefined for nothing. What is no number goes as it is, to be refused. */
export function valueOf({type}, text) {
  if (!text) return undefined;
  const numbers = (separator) => {
    const found = text.split(separator).map((part) => (part.trim() ? Number(part) : NaN));
    return found.some(Number.isNaN) ? text : found;
  };
  switch (type) {
    case "integer": case "number": return Number.isNaN(Number(text)) ? text : Number(text);
    case "channels": return numbers(",");
    case "size": {
      const sides = numbers(/[x×,]/);
      return sides.length === 1 ? sides[0] : sides;
    }
    default: return text;
  }
}
