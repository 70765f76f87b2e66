// What the address names, brought into what a model has.

/** Whether a model's class token can be asked. */
export const hasCls = ({config}) => config.class_token !== false && config.num_prefix_tokens > 0;

/** The chosen layer; the middle one when nothing is said. */
export function layerOf({config: {depth}}, text) {
  const asked = Number.parseInt(text, 10);
  if (!Number.isInteger(asked)) return Math.floor(depth / 2);
  return Math.min(depth - 1, Math.max(0, asked < 0 ? depth + asked : asked));
}

/** The chosen depth, from 0, the embedding; the last when nothing is said. */
export function depthOf({config: {depth}}, text) {
  const asked = Number.parseInt(text, 10);
  return Number.isInteger(asked) ? Math.min(depth, Math.max(0, asked)) : depth;
}

/** The chosen head, as text, or how heads are made one. */
export function headOf({config: {num_heads: numHeads}}, text) {
  if (["mean", "max", "min"].includes(text)) return text;
  const index = Number.parseInt(text, 10);
  return Number.isInteger(index) ? String(Math.min(numHeads - 1, Math.max(0, index))) : "mean";
}

/** A patch, or rectangle of patches, inside a grid. */
export const inside = (patch, {rows, cols}) => Object.fromEntries(Object.entries(patch).map(([key, value]) =>
  [key, Math.min(value, (key.startsWith("row") ? rows : cols) - 1)]));

/**
 * What a key on the map sets in the address, or null for a key that means nothing. `at` is the patch that is looked at,
 * `isPatch` whether the query is one; `place` is "layer" or "depth", `level` which of `levels`; `pin` adds or removes a patch
 * from a list of pins.
 */
export function keyPatch(key, {at, isPatch, grid: {rows, cols}, place, level, levels, head, numHeads, query, pins, pin}) {
  const within = (value, end) => String(Math.min(end - 1, Math.max(0, value)));
  const arrow = {ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1]}[key];
  if (arrow) {
    const [down, right] = isPatch ? arrow : [0, 0];
    return {query: `${within(at.row + down, rows)},${within(at.col + right, cols)}`};
  }
  const text = `${at.row},${at.col}`;
  switch (key) {
    case "[": return {[place]: within(level - 1, levels)};
    case "]": return {[place]: within(level + 1, levels)};
    case ",": return {head: within((Number(head) || 0) - 1, numHeads)};
    case ".": return {head: Number.isNaN(Number(head)) ? "0" : within(Number(head) + 1, numHeads)};
    case "a": return {head: "mean"};
    case "c": return {query: "cls"};
    case "m": return {query: "mean"};
    case "p": return {pins: pin(pins, at)};
    case "Enter": case " ": return {query: query === text ? "" : text};
    case "Escape": return {query: ""};
    default: return null;
  }
}
