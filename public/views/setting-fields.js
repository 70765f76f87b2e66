import {h, select} from "../lib/dom.js";

/** Settings whose control needs more than its declaration says. */
const JSON_TYPES = ["numbers", "per view", "depths", "texts", "choices", "list of objects", "name or object"];

/** The settings with their places: `moco.dim`. Objects are their members. */
export function flatten(settings, path = []) {
  return settings.flatMap((setting) => setting.type === "object"
    ? flatten(setting.settings, [...path, setting.name]).map((inner) =>
      ({...inner, methods: inner.methods ?? setting.methods}))
    : [{...setting, path: [...path, setting.name], key: [...path, setting.name].join(".")}]);
}

/** A control for a declared setting; empty, it says nothing. */
export function controlOf({type, minimum, maximum, choices, longest, key}) {
  switch (type) {
    case "integer": return h("input", {type: "number", min: minimum, max: maximum, step: 1, name: key});
    case "number": return h("input", {type: "number", min: minimum, max: maximum, step: "any", name: key});
    case "boolean": return select([["", ""], ["true", "yes"], ["false", "no"]], {name: key});
    case "choice": return select([["", ""], ...choices.map((word) => [word, word])], {name: key});
    default: return h("input", {name: key, maxlength: longest, autocomplete: "off", spellcheck: "false"});
  }
}

/** What a control says; undefined where it is empty. A list that is no JSON goes as it is, and the server tells. */
export function valueOf({type}, control) {
  const text = control.value.trim();
  if (text === "") return undefined;
  if (type === "integer" || type === "number") return Number(text);
  if (type === "boolean") return text === "true";
  if (!JSON_TYPES.includes(type)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Puts a value at a path of nested objects. */
export function put(body, path, value) {
  const [name, ...rest] = path;
  if (rest.length === 0) body[name] = value;
  else put(body[name] ??= {}, rest, value);
}

/** The default at a path; undefined where there is none. */
export const defaultAt = (defaults, path) => path.reduce((value, name) => value?.[name] ?? undefined, defaults);

/** What silence means, for a placeholder. */
export function defaultWords(value) {
  if (value == null) return "";
  if (typeof value === "boolean") return value ? "yes" : "no";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
