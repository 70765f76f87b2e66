import {button, h} from "../lib/dom.js";
import {bytes, count} from "../lib/format.js";
import {createLoadForm} from "./load-form.js";
import {loadReport} from "./load-report.js";
import {problemView} from "./problem.js";

/** The list of models with their state, the load report of each, and the form to add one. */
export function createModelsDialog({api, state, lists, refresh, announce}) {
  const list = h("div", {class: "model-list"});
  const detail = h("div", {class: "model-detail"});
  const dialog = h("dialog", {class: "dialog", "aria-labelledby": "models-title"},
    h("header", {class: "dialog-head"}, h("h2", {id: "models-title"}, "Models"),
      button("Close", () => dialog.close(), {look: "button quiet"})),
    list, detail,
    h("h3", {}, "Load a checkpoint"),
    createLoadForm({api, added: async (model) => {
      await refresh();
      // What is being compared stays; the new one is in the lists.
      if (!state.value.model) state.set({model: model.name});
      else if (!state.value.compare && state.value.model !== model.name) state.set({compare: model.name});
      announce(`${model.name}: ${model.state}. It can be chosen above.`);
    }}));

  function update() {
    const {models} = lists.value;
    list.replaceChildren(models?.length
      ? h("div", {class: "scroll"}, h("table", {class: "models"},
        h("thead", {}, h("tr", {}, ["Name", "State", "Kind", "Parameters", "Memory", "What to do"].map((text) =>
          h("th", {scope: "col"}, text)))),
        h("tbody", {}, models.map(row))))
      : h("p", {class: "muted"}, "No models yet."));
  }

  function row(model) {
    return h("tr", {},
      h("th", {scope: "row"}, model.name),
      h("td", {}, h("span", {class: "state", "data-state": model.state}, model.state),
        model.error && h("p", {class: "small"}, model.error)),
      [model.recognised_as ?? "–", count(model.parameters), bytes(model.memory_bytes)].map((text) => h("td", {}, text)),
      h("td", {class: "row-actions"},
        button("Load report", () => showReport(model.name), {look: "link"}),
        button("Remove", ({target}) => remove(model.name, target), {look: "link"})));
  }

  async function showReport(name) {
    detail.replaceChildren(h("h3", {}, `Load report: ${name}`), h("p", {class: "muted"}, "Reading…"));
    try {
      detail.replaceChildren(h("h3", {}, `Load report: ${name}`), loadReport(await api.loadReport(name)));
    } catch (error) {
      detail.replaceChildren(h("h3", {}, `Load report: ${name}`), problemView(error));
    }
    detail.scrollIntoView({block: "nearest"});
  }

  // The second press removes: enough against a slip of the hand, since the checkpoint file stays.
  async function remove(name, pressed) {
    if (pressed.textContent === "Remove") {
      pressed.textContent = "Really remove?";
      return;
    }
    try {
      await api.removeModel(name);
      announce(`${name} is removed; its file stays.`);
      const {model, compare} = state.value;
      if (model === name) state.set({model: compare, compare: ""});
      else if (compare === name) state.set({compare: ""});
      refresh();
    } catch (error) {
      detail.replaceChildren(problemView(error));
    }
  }

  function open() {
    detail.replaceChildren();
    update();
    dialog.showModal();
  }

  lists.subscribe(update);
  document.body.append(dialog);
  return {
    open,
    openReport(name) {
      open();
      showReport(name);
    }
  };
}
