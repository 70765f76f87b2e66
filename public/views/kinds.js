// The kinds of analysis, as the server declares them: menus and controls for any of them.

import {field, h, select} from "../lib/dom.js";

/** What the page chooses for all panels at once, or by naming models and images. */
const ELSEWHERE = ["image", "probe_set", "a", "b", "convention"];

/** The kinds as a select takes them, in their groups. The attention of a layer is explored above. */
export function kindOptions(kinds) {
  const groups = new Map();
  for (const kind of kinds.filter(({name}) => name !== "attention")) {
    if (!groups.has(kind.group_title)) groups.set(kind.group_title, []);
    groups.get(kind.group_title).push([kind.name, kind.title]);
  }
  return [...groups].map(([label, options]) => ({label, options}));
}

/** A control for each parameter of a kind. `set(name, value)` is told of changes; an empty value is the default. */
export function kindControls(kind, chosen, set) {
  return kind.parameters.filter(({name}) => !ELSEWHERE.includes(name)).map((parameter) => {
    const {name, type} = parameter;
    const words = type === "boolean" ? ["true", "false"] : type === "choice" ? parameter.words : null;
    const standard = parameter.default ?? "";
    const title = [parameter.detail, parameter.minimum == null ? "" :
      `From ${parameter.minimum} to ${parameter.maximum}.`].filter(Boolean).join(" ");
    const input = words
      ? select([["", standard ? `default (${standard})` : "default"], ...words.map((word) => [word, word])],
        {value: chosen[name] ?? "", title, on: {change: () => set(name, input.value)}})
      : h("input", {value: chosen[name] ?? "", placeholder: standard || parameter.example || "default", size: 10, title,
        on: {change: () => set(name, input.value.trim())}});
    return field(label(name), input);
  });
}

/** How to read a kind's figures, and which images it needs. */
export const kindReading = (kind) => [kind.reading, {
  labelled: "Needs images with classes.",
  cue_conflict: "Needs images whose shape and texture disagree.",
  masked: "Needs images with masks."
}[kind.images] ?? ""].filter(Boolean).join(" ");

const label = (name) => {
  const words = name.replaceAll("_", " ");
  return words.length < 3 ? words : words[0].toUpperCase() + words.slice(1);
};
