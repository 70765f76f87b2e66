import {button, h} from "../lib/dom.js";
import {duration, plural} from "../lib/format.js";

/** What went wrong, in the server's words, with the id that its log knows. */
export function problemView(error, {retry = null} = {}) {
  const errors = error.errors ?? [];
  return h("div", {class: "problem", role: "alert"},
    h("p", {class: "problem-title"}, error.title ?? "Something went wrong"),
    h("p", {}, forPeople(error.message || String(error))),
    errors.length > 0 && h("ul", {}, errors.map(({pointer, detail}) =>
      h("li", {}, pointer ? [h("code", {}, pointer), " "] : null, detail))),
    error.requestId && h("p", {class: "muted small"}, "Request ", h("code", {}, error.requestId)),
    retry && button("Try again", retry));
}

/** Without the sentences that tell programs where to ask; the page has the lists. */
export const forPeople = (text) => text.replaceAll(/\s*(?:GET|POST) \/v1\/\S+ [^.]*\./g, "").trim() || text;

/**
 * A wait that the server asked for, in words: `[text, button]`. What the queue computes says how far it is and can be
 * cancelled by `cancel(work)`.
 */
export function waitView(seconds, why, work, cancel) {
  const time = `${Math.max(1, Math.round(seconds))} s`;
  if (why === "silent") return ["The server does not answer; trying again."];
  if (why !== "computing") return [`The server is busy; trying again in ${time}.`];
  const {progress, ready, results, state, place, expected_seconds: expected} = work ?? {};
  const far = progress?.message ?? (results > 1 ? `${ready} of ${results} results` : "");
  const words = [
    state === "running" ? "Computing" : place > 0 ? `In the queue, ${plural(place, "job")} before it` : "Waiting in the queue",
    far, expected > 0 ? `about ${duration(expected)}` : ""
  ].filter(Boolean).join(", ");
  return [
    `${words}.`, work?.links?.cancel && cancel ? button("Cancel", () => cancel(work), {look: "button quiet"}) : null
  ];
}
