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

/**
 * A wait that the server asked for, in words: `[text, button]`. What the queue computes says how far it is and can be
 * cancelled by `cancel(work)`.
 */
export function waitView(seconds, why, work, cancel) {
  const time = `${Math.max(1, Math.round(seconds))} s`;
  if (why !== "computing") return [`The server is busy; trying again in ${time}.`];
  const {progress, ready, results} = work ?? {};
  const far = progress?.message ?? (results > 1 ? `${ready} of ${results} results` : work?.state);
  return [
    `Computing in the queue${far ? `: ${far}` : ""}.`,
    work?.links?.cancel && cancel ? button("Cancel", () => cancel(work), {look: "button quiet"}) : null
  ];
}
