import {button, h} from "../lib/dom.js";

/** What went wrong, in the server's words, with the id that its log knows. */
export function problemView(error, {retry = null} = {}) {
  const errors = error.errors ?? [];
  return h("div", {class: "problem", role: "alert"},
    h("p", {class: "problem-title"}, error.title ?? "Something went wrong"),
    h("p", {}, error.message || String(error)),
    errors.length > 0 && h("ul", {}, errors.map(({pointer, detail}) =>
      h("li", {}, pointer ? [h("code", {}, pointer), " "] : null, detail))),
    error.requestId && h("p", {class: "muted small"}, "Request ", h("code", {}, error.requestId)),
    retry && button("Try again", retry));
}

/** The sentence for a wait that the server asked for. */
export function waitText(seconds, why) {
  const time = `${Math.max(1, Math.round(seconds))} s`;
  return why === "computing"
    ? `Still computing; looking again in ${time}.`
    : `The server is busy; trying again in ${time}.`;
}
