// Pure arithmetic on attention maps. A stack is {rows, cols, heads, queries, values, scales}: values is (heads, queries,
// keys) with keys, and queries where there is one for each patch, row-major over the patches. With scales (heads, queries)
// the values are bytes, and a share is byte · scale. Heads are numbers, or "mean", "max" or "min" over them.
// A query is "cls", "mean", {row, col}, or a rectangle {row, col, row2, col2} of patches that are averaged.

/** What the API answers of one layer: shape (image, layer, heads, queries, rows, cols), values, scales or null. */
export function attentionStack({shape, data}, scales = null) {
  const [, , heads, queries, rows, cols] = shape;
  if (shape.length !== 6 || (queries !== rows * cols && queries !== 1)) {
    throw new Error(`attention of shape (${shape.join(", ")}) is not one map for each patch`);
  }
  return {rows, cols, heads, queries, values: data, scales};
}

/** The layers of an answer to one query, each a stack. */
export function layerStacks({shape, data}, scales = null) {
  const [images, layers, ...inner] = shape;
  const [values, rows] = [data.length / layers, scales ? scales.length / layers : 0];
  return Array.from({length: layers}, (_, i) => attentionStack({shape: [images, 1, ...inner],
    data: data.subarray(i * values, (i + 1) * values)}, scales?.subarray(i * rows, (i + 1) * rows) ?? null));
}

const FUSIONS = {mean: (a, b) => a + b, max: Math.max, min: Math.min};

/** Row `index` of a head, as shares. */
function row({rows, cols, queries, values, scales}, head, index) {
  const n = rows * cols;
  const at = head * queries + index;
  if (!scales) return values.subarray(at * n, (at + 1) * n);
  const result = new Float32Array(n);
  const scale = scales[at];
  for (let i = 0; i < n; i++) result[i] = values[at * n + i] * scale;
  return result;
}

/** Row `index` of a head, or of all heads made one. */
function fusedRow(stack, head, index) {
  if (!FUSIONS[head]) return row(stack, head < stack.heads ? head : 0, index);
  if (stack.heads === 1) return row(stack, 0, index);
  const fuse = FUSIONS[head];
  const result = Float32Array.from(row(stack, 0, index));
  for (let other = 1; other < stack.heads; other++) {
    const more = row(stack, other, index);
    for (let i = 0; i < result.length; i++) result[i] = fuse(result[i], more[i]);
  }
  if (head === "mean") for (let i = 0; i < result.length; i++) result[i] /= stack.heads;
  return result;
}

/** The patches of a rectangle, as indices of rows. */
export function patchesOf({row: top, col: left, row2 = top, col2 = left}, {rows, cols}) {
  const found = [];
  for (let r = Math.min(top, row2); r <= Math.min(rows - 1, Math.max(top, row2)); r++) {
    for (let c = Math.min(left, col2); c <= Math.min(cols - 1, Math.max(left, col2)); c++) found.push(r * cols + c);
  }
  return found;
}

const means = new WeakMap();

/**
 * The map of a query of one head. Null where the stack does not hold it: of a stack with one query, only that is there,
 * and the caller knows which.
 */
export function mapOf(stack, query, head = "mean") {
  if (stack.queries === 1 && stack.rows * stack.cols > 1) return fusedRow(stack, head, 0);
  if (query === "cls") return null;
  if (query === "mean") {
    // Asked for at every frame, and the same for ever.
    const known = means.get(stack) ?? means.set(stack, new Map()).get(stack);
    if (!known.has(head)) known.set(head, meanOf(stack, head, Array.from({length: stack.queries}, (_, i) => i)));
    return known.get(head);
  }
  const patches = patchesOf(query, stack);
  return patches.length === 1 ? fusedRow(stack, head, patches[0]) : meanOf(stack, head, patches);
}

function meanOf(stack, head, indices) {
  const sum = new Float64Array(stack.rows * stack.cols);
  for (const index of indices) {
    const map = fusedRow(stack, head, index);
    for (let i = 0; i < sum.length; i++) sum[i] += map[i];
  }
  return Float32Array.from(sum, (value) => value / indices.length);
}

/** The largest value of a list (0 when it is empty), without spreading it onto the stack. */
export function largest(values) {
  let high = 0;
  for (const value of values) if (value > high) high = value;
  return high;
}

/** The largest share of a whole stack. */
export function largestOf({values, scales, rows, cols}) {
  if (!scales) return largest(values);
  const n = rows * cols;
  let high = 0;
  for (let at = 0; at < scales.length; at++) high = Math.max(high, scales[at] * largest(values.subarray(at * n, (at + 1) * n)));
  return high;
}

/** The value below which `percent` of the values lie: a few bright patches then do not hide the others. */
export function percentile(values, percent) {
  if (percent >= 100) return largest(values);
  const sorted = Float32Array.from(values).sort();
  return sorted[Math.max(0, Math.ceil(percent / 100 * sorted.length) - 1)] || largest(values);
}

/** The value from which the strongest patches together hold `share` of the mass (DINO's view). */
export function massThreshold(values, share) {
  if (share >= 1) return -Infinity;
  const sorted = Float32Array.from(values).sort();
  let total = 0;
  for (const value of sorted) total += value;
  let kept = 0;
  for (let i = sorted.length - 1; i >= 0; i--) {
    kept += sorted[i];
    if (kept >= share * total) return sorted[i];
  }
  return 0;
}

/** Entropy in nats of one map; ln(patches) when it is uniform. */
export function entropy(map) {
  let sum = 0;
  for (const p of map) if (p > 0) sum -= p * Math.log(p);
  return sum;
}

/** Mean distance in pixels from a patch to what it attends to. */
export function distance(map, {row: from, col}, cols, patchSize) {
  let sum = 0;
  for (let i = 0; i < map.length; i++) sum += map[i] * Math.hypot(Math.floor(i / cols) - from, (i % cols) - col);
  return sum * patchSize;
}

/**
 * The figures shown beside a map. Where several patches are averaged, distance and entropy are averages over them, as far
 * as the stack holds their maps.
 */
export function figures(stack, query, patchSize, head = "mean") {
  const {rows, cols} = stack;
  const map = mapOf(stack, query, head);
  if (!map) return null;
  let top = 0;
  for (let i = 1; i < map.length; i++) if (map[i] > map[top]) top = i;
  const result = {
    entropy: entropy(map), distance: null, self: null,
    uniformEntropy: Math.log(rows * cols),
    top: {row: Math.floor(top / cols), col: top % cols, share: map[top]}
  };
  if (query === "cls") return result;
  const patches = query === "mean" ? Array.from({length: rows * cols}, (_, i) => i) : patchesOf(query, stack);
  if (patches.length > 1 && stack.queries === 1) return result;
  const each = patches.map((index) => {
    const place = {row: Math.floor(index / cols), col: index % cols};
    const one = patches.length === 1 ? map : mapOf(stack, place, head);
    return {entropy: entropy(one), distance: distance(one, place, cols, patchSize), self: one[index]};
  });
  const average = (name) => each.reduce((sum, one) => sum + one[name], 0) / each.length;
  Object.assign(result, {entropy: average("entropy"), distance: average("distance")});
  if (patches.length === 1) result.self = each[0].self;
  return result;
}

/** What is told of a map that holds no shares: the largest value beside the query itself, the least, and the mean. */
export function summary(stack, query) {
  const map = mapOf(stack, query);
  const own = typeof query === "object" && query.row2 == null ? query.row * stack.cols + query.col : -1;
  const place = (i) => ({row: Math.floor(i / stack.cols), col: i % stack.cols, value: map[i]});
  let top = own === 0 ? 1 : 0, least = 0, sum = 0;
  for (let i = 0; i < map.length; i++) {
    if (i !== own && map[i] > map[top]) top = i;
    if (map[i] < map[least]) least = i;
    sum += map[i];
  }
  return {largest: place(Math.min(top, map.length - 1)), least: place(least), mean: sum / map.length};
}

/** The patch, or rectangle of patches, of another grid that covers the centre of this one. */
export function samePlace({row: r, col: c, row2, col2}, from, to) {
  const place = (value, a, b) => Math.min(b - 1, Math.floor(((value + 0.5) / a) * b));
  const first = {row: place(r, from.rows, to.rows), col: place(c, from.cols, to.cols)};
  return row2 == null ? first
    : {...first, row2: place(row2, from.rows, to.rows), col2: place(col2, from.cols, to.cols)};
}

/** The same query: both words, or the same patches. */
export const sameQuery = (a, b) => queryText(a) === queryText(b);

/** As the address and the API write it. */
export const queryText = (query) => typeof query !== "object" ? query
  : query.row2 == null ? `${query.row},${query.col}` : `${query.row},${query.col}-${query.row2},${query.col2}`;
