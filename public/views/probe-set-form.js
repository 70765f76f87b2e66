import {button, field, h, select, fill} from "../lib/dom.js";
import {problemView} from "./problem.js";

/** The dialog that freezes a list of images of a dataset under a name. */
export function createProbeSetDialog({api, lists, added}) {
  const name = h("input", {required: true, value: "probe-64", maxlength: 128, autocomplete: "off",
    spellcheck: "false"});
  const dataset = select([], {required: true});
  const n = h("input", {type: "number", min: 1, max: 50000, value: 64, required: true});
  const seed = h("input", {type: "number", min: 0, value: 0, required: true});
  const stratified = h("input", {type: "checkbox", checked: true});
  const result = h("div", {class: "form-result", "aria-live": "polite"});
  const send = h("button", {class: "button primary"}, "Create");

  async function submit(event) {
    event.preventDefault();
    send.disabled = true;
    try {
      const set = await api.addProbeSet({name: name.value.trim(), dataset: dataset.value, n_images: Number(n.value),
        seed: Number(seed.value), stratified: stratified.checked});
      dialog.close();
      added(set);
    } catch (error) {
      result.replaceChildren(problemView(error));
    }
    send.disabled = false;
  }

  const dialog = h("dialog", {class: "dialog small-dialog", "aria-labelledby": "probe-title"},
    h("header", {class: "dialog-head"}, h("h2", {id: "probe-title"}, "New probe set"),
      button("Close", () => dialog.close(), {look: "button quiet"})),
    h("p", {class: "muted"}, "A fixed, ordered list of images: measured on the same one, models can be compared."),
    h("form", {class: "form", on: {submit}},
      h("div", {class: "form-row"}, field("Name", name), field("Dataset", dataset)),
      h("div", {class: "form-row"}, field("Images", n), field("Seed", seed)),
      h("label", {class: "check"}, stratified, "The same number from every class"),
      h("div", {class: "form-end"}, send), result));
  document.body.append(dialog);

  return {
    open() {
      result.replaceChildren();
      fill(dataset, (lists.value.datasets ?? []).filter(({n_images: n}) => n > 0).map((one) => [one.name, `${one.name} (${one.n_images})`]));
      dialog.showModal();
    }
  };
}
