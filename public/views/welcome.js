import {button, h} from "../lib/dom.js";
import {createLoadForm} from "./load-form.js";
import {copy} from "./data-menu.js";

/** What stands here before the first model: how to add one. */
export function createWelcome({api, added, announce}) {
  const command = `curl -fsS ${api.href("v1/models")} -H 'Content-Type: application/json' \\\n` +
    `  -d '{"name": "moco-v3", "path": "vit-b-300ep.pth.tar"}'`;
  return h("section",
    {class: "card welcome", "data-panel": "welcome", "data-state": "empty", "aria-labelledby": "welcome-title"},
    h("h2", {id: "welcome-title"}, "No models yet"),
    h("p", {}, "Put a Vision Transformer checkpoint into the server's models directory, as timm, MoCo v3, SimMIM, " +
      "MAE, DINO, DINOv2, BEiT or Hugging Face write it, and load it here:"),
    createLoadForm({api, added}),
    h("p", {}, "Or from a shell:"),
    h("div", {class: "command"}, h("pre", {tabindex: 0}, h("code", {}, command)),
      button("Copy", () => copy(command, announce), {look: "button quiet"})),
    h("p", {class: "muted small"}, "A checkpoint never runs code here: pickles are read as data."));
}
