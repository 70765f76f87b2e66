import {h} from "../lib/dom.js";
import {problemView} from "./problem.js";

/**
 * A card that always says how it is: `data-state` is idle (not asked for yet), loading, ready, error or empty.
 * While it loads again, what was there stays, dimmed.
 */
export function createPanel({id, title, reading = "", controls = null}) {
  const body = h("div", {class: "panel-body"});
  const message = h("div", {class: "panel-message"});
  const actions = h("div", {class: "panel-actions"});
  const note = h("p", {class: "panel-note small muted"});
  const node = h("section",
    {class: "panel card", "data-panel": id, "data-state": "idle", "aria-labelledby": `${id}-title`},
    h("header", {class: "panel-head"}, h("h3", {id: `${id}-title`}, title), actions),
    reading && h("p", {class: "reading muted"}, reading),
    controls, h("div", {class: "panel-stage"}, body, message), note);

  function enter(state, ...children) {
    node.dataset.state = state;
    node.setAttribute("aria-busy", String(state === "loading"));
    message.replaceChildren(...children);
  }

  return {
    node, body,
    idle: () => enter("idle"),
    loading(text = "Computing…", action = null) {
      enter("loading", h("span", {class: "spinner", "aria-hidden": "true"}), h("span", {}, text), action ?? "");
    },
    ready(content) {
      if (content) body.replaceChildren(content);
      enter("ready");
    },
    empty(...content) {
      body.replaceChildren();
      note.replaceChildren();
      enter("empty", h("div", {}, ...content));
    },
    error(error, retry) {
      body.replaceChildren();
      note.replaceChildren();
      enter("error", problemView(error, {retry}));
    },
    actions(...children) { actions.replaceChildren(...children.filter(Boolean)); },
    note(...children) { note.replaceChildren(...children.filter(Boolean)); },
    /** What stands around the chart in words, for a report. */
    words: () => ({title, reading, note: [...note.childNodes].map((part) => part.textContent).join(" · ")})
  };
}
