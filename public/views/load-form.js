import {field, h, select} from "../lib/dom.js";
import {problemView} from "./problem.js";

/** The form that registers a checkpoint of the models directory. Calls `added(model)` with the server's answer. */
export function createLoadForm({api, added}) {
  const input = (attributes) => h("input", {autocomplete: "off", spellcheck: "false", ...attributes});
  const path = input({name: "path", required: true, placeholder: "vit-b-300ep.pth.tar"});
  const name = input({name: "name", required: true, placeholder: "moco-v3", maxlength: 128});
  const more = {
    arch: input({name: "arch", placeholder: "vit_base_patch16_224"}),
    num_heads: input({name: "num_heads", type: "number", min: 1, max: 256}),
    img_size: input({name: "img_size", type: "number", min: 1, max: 4096}),
    checkpoint_key: input({name: "checkpoint_key", placeholder: "state_dict"}),
    activation: select([["", "as the file says"], ["gelu", "gelu"], ["gelu_tanh", "gelu_tanh"],
      ["quick_gelu", "quick_gelu"], ["silu", "silu"]], {name: "activation"}),
    precision: select([["", "f32"], ["bf16", "bf16"]], {name: "precision"})
  };
  const cropMode = select([["", "as the model says"], ["center", "center"], ["squash", "squash"], ["border", "border"]],
    {name: "crop_mode"});
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
    for (const [key, control] of Object.entries(more)) {
      const value = control.value.trim();
      if (value) wanted[key] = control.type === "number" ? Number(value) : value;
    }
    if (cropMode.value) wanted.preprocess = {crop_mode: cropMode.value};
    return wanted;
  }

  const form = h("form", {class: "form", on: {submit}},
    h("div", {class: "form-row"},
      field("File or folder", path,
        "Relative to the server's models directory: .safetensors, .pth, .npz, or a Hugging Face folder."),
      field("Name", name, "How you will call it here and in the API.")),
    h("details", {}, h("summary", {}, "When the file does not say it all"),
      h("div", {class: "form-row"},
        field("Architecture", more.arch, "A timm name."),
        field("Heads", more.num_heads),
        field("Image size", more.img_size, "Position embeddings are resampled."),
        field("Checkpoint key", more.checkpoint_key),
        field("Activation", more.activation),
        field("Precision", more.precision),
        field("Crop mode", cropMode, "What becomes of an image that is not the model's shape, in timm's words."))),
    h("div", {class: "form-end"}, send), result);
  return form;
}
