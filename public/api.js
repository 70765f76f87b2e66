// The only place that talks to the server. Addresses are relative to the page, so a path prefix changes nothing.

import {attentionStack, layerStacks} from "./lib/attention.js";
import {decodeNPY} from "./lib/npy.js";
import {decodeNPZ} from "./lib/npz.js";

/** What the server refused, in its own words (RFC 9457), or that it did not answer. */
export class ApiError extends Error {
  constructor({type = "", title = "Error", status = 0, detail = title, request_id: requestId = null,
    errors = []} = {}) {
    super(detail);
    Object.assign(this, {name: "ApiError", type, title, status, requestId, errors});
  }
}

/** What nobody looks at any more is given up in the queue. */
const WATCHED = {Prefer: "watched"};

/** Between two tries of a server that does not answer. */
const SILENT_SECONDS = 2;

export function createApi({
  base = new URL("./", document.baseURI),
  fetcher = (url, init) => fetch(url, init),
  sleep = pause,
  askToken = null,
  cacheBytes = 128 * 2 ** 20,
  maxRetries = 40,
  maxSilences = 60
} = {}) {
  // Two analyses at a time leave room for the maps, which answer to the hand.
  const lanes = {quick: createLane(4), bulk: createLane(2)};
  const cache = createCache(cacheBytes);

  /** Sends, waits politely when the server is busy, follows 202, and throws ApiError for the rest. */
  async function send(url, {onWait, signal, ...init} = {}) {
    let address = url;
    let attempt = 0;
    let silent = 0;
    for (;;) {
      let response;
      try {
        response = await fetcher(address, {...init, signal});
      } catch (error) {
        if (error.name === "AbortError") throw error;
        // A server that restarts is back in seconds; only questions may be asked again unasked.
        if ((!init.method || init.method === "GET") && silent++ < maxSilences) {
          onWait?.(SILENT_SECONDS, "silent", null);
          await sleep(SILENT_SECONDS * 1000, signal);
          continue;
        }
        throw new ApiError({title: "No answer", detail: "The server does not answer. Is it running?"});
      }
      const busy = response.status === 503 || response.status === 429;
      const unfinished = response.status === 202 && !init.method && response.headers.has("Location");
      // What the queue computes may take hours; what is busy is asked so many times.
      if (unfinished || (busy && attempt++ < maxRetries)) {
        const work = unfinished ? await response.json().catch(() => null) : null;
        if (unfinished) address = below(base, response.headers.get("Location"));
        const seconds = retryAfter(response.headers.get("Retry-After"), unfinished ? 1 : 2);
        onWait?.(seconds, unfinished ? "computing" : "busy", work);
        await sleep(seconds * 1000, signal);
        continue;
      }
      if (response.ok) return response;
      const error = await problem(response);
      if (!askToken || error.status !== 401 || !error.type.endsWith("unauthorized")) throw error;
      // The form goes away only with a token that the server takes.
      await askToken(signIn, error);
    }
  }

  // A wrong token is told in the form, so this does not go through send, which would ask for one again.
  async function signIn(token) {
    const response = await fetcher(href("v1/session"), {
      method: "POST", body: JSON.stringify({token}), headers: {"Content-Type": "application/json"}
    });
    if (!response.ok) throw await problem(response);
  }

  async function through(lane, url, {onWait, ...options}) {
    const leave = await lanes[lane].enter(options.signal);
    try {
      return await send(url, {...options, onWait: (seconds, why, work) => {
        // What the queue computes is only asked after, and must not keep others from asking.
        if (why === "computing") leave();
        onWait?.(seconds, why, work);
      }});
    } finally {
      leave();
    }
  }

  const json = async (path, options) => (await send(href(path), options)).json();
  const post = (path, body, headers = {}, options = {}) => json(path, {
    ...options, method: "POST", body: JSON.stringify(body), headers: {"Content-Type": "application/json", ...headers}
  });
  const href = (path) => new URL(path, base).href;

  /** All pages of a list, up to `limit` entries. */
  async function list(path, field, {limit = 1000} = {}) {
    const entries = [];
    let token = null;
    do {
      const more = path.includes("?") ? "&" : "?";
      const answer = await json(token ? `${path}${more}page_token=${encodeURIComponent(token)}` : path);
      entries.push(...answer[field]);
      token = answer.next_page_token;
    } while (token && entries.length < limit);
    return entries;
  }

  const modelPath = (name) => `v1/models/${segment(name)}`;
  const jobPath = (id) => `v1/jobs/${segment(id)}`;

  return {
    href,
    about: () => json("v1"),
    analysisKinds: async () => (await json("v1/analysis-kinds")).analysis_kinds,
    models: () => list("v1/models", "models"),
    model: (name) => json(modelPath(name)),
    modelOptions: () => json("v1/model-options"),
    addModel: (body) => post("v1/models", body),
    removeModel: (name) => send(href(modelPath(name)), {method: "DELETE"}),
    loadReport: (name) => json(`${modelPath(name)}/load-report`),
    datasets: () => list("v1/datasets", "datasets"),
    datasetImages: (name, {pageSize = 500, pageToken = ""} = {}) =>
      json(`v1/datasets/${segment(name)}/images?${query({page_size: pageSize, page_token: pageToken})}`),
    probeSets: () => list("v1/probe-sets", "probe_sets"),
    addProbeSet: (body) => post("v1/probe-sets", body),
    uploadImage: (file) => json("v1/images", {
      method: "POST", body: file, headers: {"Content-Type": file.type || "application/octet-stream"}
    }),

    trainingSettings: () => json("v1/training-settings"),
    jobs: () => list("v1/jobs", "jobs", {limit: 200}),
    /** What runs or waits, trainings and analyses alike. */
    queue: async () => (await Promise.all(["running", "queued"].map((state) =>
      json(`v1/jobs?${query({state, page_size: 100})}`)))).flatMap(({jobs}) => jobs),
    job: (id) => json(jobPath(id)),
    /** The same key makes a repeat harmless. */
    addJob: (body, key) => post("v1/jobs", body, {"Idempotency-Key": key}),
    estimateJob: (body, options = {}) => post("v1/jobs?dry_run=true", body, {}, options),
    /** action: cancel, pause, resume or retry. */
    askJob: (id, action) => json(`${jobPath(id)}/${action}`, {method: "POST"}),
    removeJob: (id) => send(href(jobPath(id)), {method: "DELETE"}),
    jobEventsURL: (id, after = 0) => href(`${jobPath(id)}/events?${query({after: after || ""})}`.replace(/\?$/, "")),
    jobLogURL: (id) => href(`${jobPath(id)}/logs`),
    jobMetricsURL: (id, format) => href(`${jobPath(id)}/metrics?${query({format: unlessJSON(format)})}`),
    jobMetrics: (id) => json(`${jobPath(id)}/metrics?max_points=500`),
    trajectoryURL: (id, metric) => href(`${jobPath(id)}/trajectory?${query({metric})}`),
    trajectory: (id, metric) => json(`${jobPath(id)}/trajectory?${query({metric})}`),
    checkpoints: (id) => json(`${jobPath(id)}/checkpoints`),
    checkpointURL: (id, step) => href(`${jobPath(id)}/checkpoints/${segment(String(step))}/download`),

    thumbnailURL: (ref, size = 96) => href(`v1/images/${segment(ref)}?size=${size}`),

    /** The pixels that the model sees. */
    photoURL: (model, ref) => href(`v1/images/${segment(ref)}?${query({view: "model", model})}`),

    /** The same as an ImageBitmap. */
    photo(model, ref, options = {}) {
      const url = this.photoURL(model, ref);
      return cache.get(url, options.signal, async (signal) => {
        const bitmap = await createImageBitmap(await (await through("quick", url, {...options, signal})).blob());
        return {value: bitmap, bytes: 4 * bitmap.width * bitmap.height};
      });
    },

    attentionURL: ({model, image, layer, head, query: asked = "all", format = "npy", ...more}) =>
      href(`${modelPath(model)}/attention?` +
        query({image, layer, head, query: asked, format: unlessJSON(format), ...more})),

    /** Every map of one layer: a stack with all patch queries, of one head or of all. */
    async attention({model, image, layer, head}, options = {}) {
      return attentionStack(...await this.maps({model, image, layer, head, query: "all"}, options));
    },

    /** The maps of one query in every layer and head: a stack for each layer. */
    async attentionOfQuery({model, image, query: asked}, options = {}) {
      return layerStacks(...await this.maps({model, image, layer: "all", head: "all", query: asked}, options));
    },

    /** Bytes with their scales, a quarter of the numbers' size: `[{shape, data}, scales]`. */
    maps(asked, options = {}) {
      const url = this.attentionURL({...asked, format: "npz", dtype: "u8"});
      return cache.get(url, options.signal, async (signal) => {
        const buffer = await (await through("quick", url, {...options, signal})).arrayBuffer();
        const {attention, attention_scale: scale} = decodeNPZ(buffer);
        return {value: [attention, scale?.data ?? null], bytes: buffer.byteLength};
      });
    },

    rolloutURL: ({model, image, format = "npy"}) =>
      href(`${modelPath(model)}/attention/rollout?${query({image, format: unlessJSON(format)})}`),

    /** The numbers under an NPY address: `{shape, data}`. */
    numbers: (url, options = {}) => cache.get(url, options.signal, async (signal) => {
      const buffer = await (await through("quick", url, {...options, headers: WATCHED, signal})).arrayBuffer();
      return {value: decodeNPY(buffer), bytes: buffer.byteLength};
    }),

    analysisURL: (model, kind, parameters, format) =>
      href(`${modelPath(model)}/analyses/${kind}?${query({...parameters, format: unlessJSON(format)})}`),

    /** Where a kind of the server's list answers for one model. */
    kindURL: ({path}, model, parameters, format) =>
      href(`${path.slice(1).replace("{name}", segment(model))}?${query({...parameters, format: unlessJSON(format)})}`),

    pairURL: (kind, parameters, format) => href(`v1/${kind}?${query({...parameters, format: unlessJSON(format)})}`),
    /** Where a result stays, in any of its forms. */
    permalink: (id, format = "json", more = {}) => href(`v1/analyses/${segment(id)}?${query({format: unlessJSON(format), ...more})}`
      .replace(/\?$/, "")),
    /** Ends the work that a 202 spoke of; all who wait for it are told. */
    cancelWork: (work) => json(work.links.cancel.replace(/^\//, ""), {method: "POST"}),

    /** Two or more models by several metrics; waits where it is computed in the queue. */
    async compare(body, options = {}) {
      const response = await send(href("v1/comparisons"), {
        ...options, method: "POST", body: JSON.stringify(body),
        headers: {"Content-Type": "application/json", ...WATCHED}
      });
      if (response.status !== 202) return response.json();
      options.onWait?.(1, "computing", await response.json().catch(() => null));
      return (await send(below(base, response.headers.get("Location")), options)).json();
    },

    /** The JSON of an analysis address. */
    analysis: (url, options = {}) => cache.get(url, options.signal, async (signal) => {
      const text = await (await through("bulk", url, {...options, headers: WATCHED, signal})).text();
      return {value: JSON.parse(text), bytes: 2 * text.length};
    })
  };
}

/** `a=1&b=2` without the empty ones, a list as often as it is long; marks that are legal in a query stay readable. */
function query(parameters) {
  return Object.entries(parameters)
    .flatMap(([key, value]) => [value].flat().map((one) => [key, one]))
    .filter(([, value]) => value != null && value !== "")
    .map(([key, value]) => `${key}=${readable(encodeURIComponent(value))}`)
    .join("&");
}

/** JSON is what the API answers unasked, so its addresses stay short. */
const unlessJSON = (format) => format === "json" ? "" : format;

const segment = (name) => readable(encodeURIComponent(name));
const readable = (encoded) => encoded.replaceAll("%3A", ":").replaceAll("%2C", ",").replaceAll("%40", "@");

/** A Location such as `/v1/analyses/x` as seen from behind a path prefix. */
function below(base, location) {
  const url = new URL(location, base);
  const at = url.pathname.lastIndexOf("/v1/");
  return at < 0 ? url.href : new URL(url.pathname.slice(at + 1) + url.search, base).href;
}

/** Seconds to wait: a number or an HTTP date, never under a half nor over 30. */
function retryAfter(header, fallback) {
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Math.min(30, Math.max(0.5, Number.isFinite(seconds) ? seconds : fallback));
}

async function problem(response) {
  const fallback = {title: response.statusText || "Error", status: response.status,
    detail: `The server answered ${response.status} ${response.statusText}`.trim() + "."};
  try {
    return new ApiError({...fallback, ...await response.json()});
  } catch {
    return new ApiError({...fallback, request_id: response.headers.get("X-Request-Id")});
  }
}

function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", stop, {once: true});
  });
}

/** Lets `width` callers in at a time, in order; one that gives up leaves the queue. */
function createLane(width) {
  let inside = 0;
  const queue = [];
  const leaving = () => {
    let gone = false;
    return () => {
      if (gone) return;
      gone = true;
      inside--;
      queue.shift()?.();
    };
  };
  return {
    enter: (signal) => new Promise((resolve, reject) => {
      const start = () => {
        signal?.removeEventListener("abort", giveUp);
        inside++;
        resolve(leaving());
      };
      const giveUp = () => {
        queue.splice(queue.indexOf(start), 1);
        reject(signal.reason);
      };
      signal?.throwIfAborted();
      if (inside < width) return start();
      queue.push(start);
      signal?.addEventListener("abort", giveUp, {once: true});
    })
  };
}

/** Least recently used answers up to a number of bytes. Callers of the same key share one request, which is
    given up when the last of them is. */
function createCache(limit) {
  const kept = new Map();
  const pending = new Map();
  let size = 0;

  function keep(key, entry) {
    kept.set(key, entry);
    size += entry.bytes;
    for (const [old, {bytes}] of kept) {
      if (size <= limit || old === key) break;
      kept.delete(old);
      size -= bytes;
    }
  }

  function begin(key, load) {
    const control = new AbortController();
    const work = {control, callers: 0, promise: load(control.signal)};
    pending.set(key, work);
    const done = () => {
      if (pending.get(key) === work) pending.delete(key);
    };
    work.promise.then((entry) => {
      done();
      keep(key, entry);
    }, done);
    return work;
  }

  return {
    get(key, signal, load) {
      signal?.throwIfAborted();
      const hit = kept.get(key);
      if (hit) {
        kept.delete(key);
        kept.set(key, hit);
        return Promise.resolve(hit.value);
      }
      const work = pending.get(key) ?? begin(key, load);
      work.callers++;
      return new Promise((resolve, reject) => {
        signal?.addEventListener("abort", () => {
          reject(signal.reason);
          if (--work.callers > 0) return;
          if (pending.get(key) === work) pending.delete(key);
          work.control.abort(signal.reason);
        }, {once: true});
        work.promise.then(({value}) => resolve(value), reject);
      });
    }
  };
}
