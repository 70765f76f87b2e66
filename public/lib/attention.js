// Pure arithmetic on attention maps. A stack is {rows, cols, heads, values, cls}:
// values is (heads, queries, keys) with queries and keys row-major over the patches; cls is (heads, keys) or null.

/** Puts the two answers of the API, all patch queries and the CLS query, together. */
export function attentionStack(patches, cls) {
  const [, , heads, queries, rows, cols] = patches.shape;
  if (patches.shape.length !== 6 || queries !== rows * cols) {
    throw new Error(`attention of shape (${patches.shape.join(", ")}) is not one map for each patch`);
  }
  return {rows, cols, heads, values: patches.data, cls: cls?.data ?? null};
}

/** One head of a stack, without copying. */
export function oneHead({rows, cols, values, cls}, head) {
  const n = rows * cols;
  return {
    rows, cols, heads: 1,
    values: values.subarray(head * n * n, (head + 1) * n * n),
    cls: cls?.subarray(head * n, (head + 1) * n) ?? null
  };
}

/** The map of a query, `"cls"`, `"mean"` or `{row, col}`, of one head. Null when the model has no CLS token. */
export function mapOf(stack, query, head = 0) {
  const n = stack.rows * stack.cols;
  if (query === "cls") return stack.cls?.subarray(head * n, (head + 1) * n) ?? null;
  const first = head * n * n;
  if (query === "mean") return meanMap(stack.values.subarray(first, first + n * n), n);
  const index = query.row * stack.cols + query.col;
  return stack.values.subarray(first + index * n, first + (index + 1) * n);
}

function meanMap(values, n) {
  const sum = new Float64Array(n);
  for (let i = 0; i < n * n; i++) sum[i % n] += values[i];
  return Float32Array.from(sum, (value) => value / n);
}

/** The largest value of a list (0 when it is empty), without spreading it onto the stack. */
export function largest(values) {
  let high = 0;
  for (const value of values) if (value > high) high = value;
  return high;
}

/** The value from which the strongest patches together hold `share` of the mass (DINO's view). */
export function massThreshold(values, share) {
  if (share >= 1) return 0;
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
export function distance(map, {row, col}, cols, patchSize) {
  let sum = 0;
  for (let i = 0; i < map.length; i++) sum += map[i] * Math.hypot(Math.floor(i / cols) - row, (i % cols) - col);
  return sum * patchSize;
}

/** The figures shown beside a map. For `mean`, distance and entropy are averages over all queries. */
export function figures(stack, query, patchSize) {
  const {rows, cols} = stack;
  const map = mapOf(stack, query);
  if (!map) return null;
  let top = 0;
  for (let i = 1; i < map.length; i++) if (map[i] > map[top]) top = i;
  const result = {
    entropy: entropy(map), distance: null, self: null,
    uniformEntropy: Math.log(rows * cols),
    top: {row: Math.floor(top / cols), col: top % cols, share: map[top]}
  };
  if (query === "mean") {
    result.entropy = 0;
    result.distance = 0;
    for (let row = 0; row < rows; row++) {
      for (let col = 0; col < cols; col++) {
        const one = mapOf(stack, {row, col});
        result.entropy += entropy(one) / (rows * cols);
        result.distance += distance(one, {row, col}, cols, patchSize) / (rows * cols);
      }
    }
  } else if (query !== "cls") {
    result.distance = distance(map, query, cols, patchSize);
    result.self = map[query.row * cols + query.col];
  }
  return result;
}

/** The patch of another grid that covers the centre of this one. */
export function samePlace({row, col}, from, to) {
  return {
    row: Math.min(to.rows - 1, Math.floor(((row + 0.5) / from.rows) * to.rows)),
    col: Math.min(to.cols - 1, Math.floor(((col + 0.5) / from.cols) * to.cols))
  };
}
