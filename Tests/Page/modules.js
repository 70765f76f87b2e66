// Checks of the page's own modules, run inside the page by check_page.py. Evaluates to a list of failures.
(async (base) => {
  const load = (name) => import(new URL(`assets/${name}`, base));
  const [npy, attention, colors, state, format, api, map, loadForm, npz, scale, menu, finding, problem, overlays,
    result] = await Promise.all([
    "lib/npy.js", "lib/attention.js", "lib/colors.js", "state.js", "lib/format.js", "api.js", "charts/attention-map.js",
    "views/load-form.js", "lib/npz.js", "charts/scale.js", "views/data-menu.js", "views/finding.js",
    "views/problem.js", "views/overlays.js", "charts/result.js"
  ].map(load));
  const failures = [];
  const expect = (name, found, wanted) => {
    const [a, b] = [found, wanted].map((value) => JSON.stringify(value));
    if (a !== b) failures.push(`${name}: ${a}, not ${b}`);
  };
  const near = (name, found, wanted) => {
    if (!(Math.abs(found - wanted) < 1e-6)) failures.push(`${name}: ${found}, not ${wanted}`);
  };
  const refuses = async (name, run, words) => {
    try {
      await run();
      failures.push(`${name}: was accepted`);
    } catch (error) {
      if (!words.test(error.message)) failures.push(`${name}: ${error.message}`);
    }
  };

  // NPY
  const file = (descr, shape, values, Type) => {
    const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape}), }`.padEnd(117) + "\n";
    const bytes = new Uint8Array([0x93, ...new TextEncoder().encode("NUMPY"), 1, 0, text.length, 0,
      ...new TextEncoder().encode(text), ...new Uint8Array(Type.from(values).buffer)]);
    return bytes.buffer;
  };
  const three = npy.decodeNPY(file("<f4", "1, 3,", [0.5, 1, 2], Float32Array));
  expect("NPY f4", [three.shape, ...three.data], [[1, 3], 0.5, 1, 2]);
  expect("NPY f8", [...npy.decodeNPY(file("<f8", "2,", [1e300, -1], Float64Array)).data], [1e300, -1]);
  await refuses("NPY of objects", () => npy.decodeNPY(file("|O", "1,", [0], Float32Array)), /dtype/);
  await refuses("NPY cut short", () => npy.decodeNPY(file("<f4", "9,", [0], Float32Array)), /ends before/);
  await refuses("NPY of text", () => npy.decodeNPY(new TextEncoder().encode("{\"status\": 404}").buffer), /magic/);

  // What the form for loading a model makes of texts
  const said = (type, text) => loadForm.valueOf({type}, text);
  expect("nothing said", said("text", "") === undefined, true);
  expect("one side", said("size", "224"), 224);
  expect("two sides", said("size", "224x160"), [224, 160]);
  expect("no side", said("size", "axb"), "axb");
  expect("channels", said("channels", "0.5, 0.25,1"), [0.5, 0.25, 1]);
  expect("no channels", said("channels", "0.5,,1"), "0.5,,1");
  expect("no number", said("integer", "x"), "x");

  // Attention on a 1×2 grid of 10 px patches: the first query looks at itself, the second at both alike.
  const stack = attention.attentionStack({shape: [1, 1, 1, 2, 1, 2], data: Float32Array.of(1, 0, 0.5, 0.5)});
  const cls = attention.attentionStack({shape: [1, 1, 1, 1, 1, 2], data: Float32Array.of(0.25, 0.75)});
  expect("map of a patch", [...attention.mapOf(stack, {row: 0, col: 1})], [0.5, 0.5]);
  expect("map of the class token", [...attention.mapOf(cls, "cls")], [0.25, 0.75]);
  expect("no map of the class token among patches", attention.mapOf(stack, "cls"), null);
  expect("mean map", [...attention.mapOf(stack, "mean")], [0.75, 0.25]);
  expect("mean of a rectangle", [...attention.mapOf(stack, {row: 0, col: 1, row2: 0, col2: 0})], [0.75, 0.25]);
  // Two heads of bytes with a scale for each row.
  const bytes = attention.attentionStack({shape: [1, 1, 2, 2, 1, 2], data: Uint8Array.of(255, 0, 255, 255, 0, 255, 51, 204)},
    Float32Array.of(1 / 255, 0.5 / 255, 1 / 255, 1 / 255));
  near("a byte is a share", attention.mapOf(bytes, {row: 0, col: 1}, 1)[1], 0.8);
  near("mean of heads", attention.mapOf(bytes, {row: 0, col: 0}, "mean")[0], 0.5);
  near("largest of heads", attention.mapOf(bytes, {row: 0, col: 1}, "max")[1], 0.8);
  near("least of heads", attention.mapOf(bytes, {row: 0, col: 0}, "min")[1], 0);
  near("largest of a stack", attention.largestOf(bytes), 1);
  const layers = attention.layerStacks({shape: [1, 2, 1, 1, 1, 2], data: Uint8Array.of(255, 0, 0, 255)},
    Float32Array.of(1 / 255, 0.5 / 255));
  near("the second layer", attention.mapOf(layers[1], {row: 0, col: 0}, 0)[1], 0.5);
  near("colours end at a percentile", attention.percentile([1, 2, 3, 100], 75), 3);
  expect("query in words", attention.queryText({row: 1, col: 2, row2: 3, col2: 4}), "1,2-3,4");
  const figures = attention.figures(stack, {row: 0, col: 1}, 10);
  near("distance", figures.distance, 5);
  near("entropy", figures.entropy, Math.log(2));
  near("share on itself", figures.self, 0.5);
  near("mean distance", attention.figures(stack, "mean", 10).distance, 2.5);
  expect("strongest", attention.figures(cls, "cls", 10).top, {row: 0, col: 1, share: 0.75});
  expect("half of the mass", attention.massThreshold([0.1, 0.2, 0.3, 0.4], 0.5) > 0.29, true);
  expect("all of the mass", attention.massThreshold([0.1, 0.9], 1) < 0, true);
  expect("same place", attention.samePlace({row: 7, col: 13}, {rows: 14, cols: 14}, {rows: 8, cols: 4}),
    {row: 4, col: 3});
  await refuses("no map for each patch",
    () => attention.attentionStack({shape: [1, 1, 1, 3, 1, 2], data: []}, null), /shape/);

  // Overlays ask for what they show, and take it as it comes.
  const told = [];
  const numbers = (shape, data) => ({analysisURL: (...asked) => JSON.stringify(asked),
    numbers: async (url) => {
      told.push(JSON.parse(url));
      return {shape, data: Float32Array.from(data)};
    }});
  const at = {model: {name: "m", config: {grid: [1, 2]}}, image: "p:0", depth: 3, isNormed: false};
  const similarity = overlays.overlayOf("patch-similarity");
  const cosines = await similarity.load(numbers([1, 1, 2, 1, 2], [1, 0.5, 0.5, 1]), {...at, query: "all"});
  expect("similarity of all patches", [cosines.rows, cosines.cols, cosines.queries], [1, 2, 2]);
  expect("similarity of one", [...attention.mapOf(cosines, {row: 0, col: 1})], [0.5, 1]);
  expect("asked of similarity", told[0], ["m", "patch-similarity", {image: "p:0", depths: 3, query: "all",
    final_norm: "false", overlay: ""}, "npy"]);
  const pca = await overlays.overlayOf("patch-pca").load(numbers([1, 1, 1, 2, 3], [0, 0.5, 1, NaN, 1, 0]), {...at, isNormed: true});
  expect("colours of patches", [pca.rows, pca.cols, ...pca.colors], [1, 2, 0, 128, 255, 0, 255, 0]);
  expect("a norm that is not said is the model's", told[1][2].final_norm, "");
  expect("small grids are held", [similarity.holdsAll(at.model), similarity.holdsAll({config: {grid: [37, 37]}})], [true, false]);
  const around = attention.summary(cosines, {row: 0, col: 0});
  expect("most alike but itself", [around.largest, around.mean], [{row: 0, col: 1, value: 0.5}, 0.75]);
  expect("what the server has not is not offered", overlays.overlaysOf([{name: "attention"}]).map(({id}) => id), ["attention"]);

  // Maps of two images, a depth each, and colours
  const drawn = result.resultCharts([{name: "m", result: {
    images: [{ref: "p:0"}, {ref: "p:1"}], depths: [2], maps: [[[[0, 1]]], [[[1, null]]]], shades: [[[[[0, 1, 0], [1, 1, 1]]]]],
    figures: [{form: "maps", values: "maps", series: "depths", title: "similarity"},
      {form: "colours", values: "shades", series: "depths", title: "colours"}]
  }}], {width: 400, photoOf: () => null});
  expect("maps by image and depth", drawn.map(({title, chart}) => [title, ...[...chart.querySelectorAll("figcaption")]
    .map((caption) => caption.textContent)]), [["similarity: m", "p:0, depth 2", "p:1, depth 2"], ["colours: m", "depth 2"]]);
  expect("maps as a file", /<image[^>]*data:image\/png/.test(drawn[0].chart.svg("x")), true);

  // An archive as NumPy writes it, made by the server itself
  const zip = await (await fetch(new URL("v1/models/simmim/attention?image=shapes-textures:0&layer=0&head=all&query=all" +
    "&format=npz&dtype=u8", base))).arrayBuffer();
  const archive = npz.decodeNPZ(zip);
  expect("NPZ names", Object.keys(archive), ["attention", "attention_scale"]);
  expect("NPZ shapes", [archive.attention.shape, archive.attention_scale.shape], [[1, 1, 3, 64, 8, 8], [1, 1, 3, 64]]);
  const whole = attention.attentionStack(archive.attention, archive.attention_scale.data);
  near("a map has the mass 1", Math.round(attention.mapOf(whole, {row: 2, col: 3}, 1).reduce((a, b) => a + b) * 20) / 20, 1);
  await refuses("NPZ of text", () => npz.decodeNPZ(new TextEncoder().encode("x".repeat(40)).buffer), /NPZ/);

  // Axes, commands, sentences
  expect("ticks", scale.ticks([0, 25], 6), [0, 5, 10, 15, 20, 25]);
  expect("no micro", scale.tickWords([0, 0.000008]), ["0", "8e−6"]);
  const flat = scale.extent([0.5, 0.5000001]);
  expect("noise does not fill an axis", flat[1] - flat[0] > 0.005, true);
  expect("zeros alone have an axis", scale.extent([0, 0, null]), [0, 1]);
  expect("command", menu.command("http://h/v1/models/m/analyses/knn?probe_set=p&train_fraction=0.5", {path: "a b.pth"}),
    "vitscope analyze knn --model 'data/models/a b.pth' --images DIR --train-fraction 0.5");
  expect("python", /np\.load/.test(menu.python("http://h/x?format=npy")), true);
  expect("words for people", problem.forPeople("There is no model named “x”. GET /v1/models lists them."),
    "There is no model named “x”.");
  expect("place and time in the queue", problem.waitView(1, "computing", {state: "queued", place: 2, expected_seconds: 75})[0],
    "In the queue, 2 jobs before it, about 1 min 15 s.");
  expect("a server that restarts", problem.waitView(2, "silent", null)[0], "The server does not answer; trying again.");
  expect("collapsed", /^nearly the same map/.test(finding.verdict(0.03, 24, 25)), true);
  expect("near", /^stays near/.test(finding.verdict(0.3, 10, 25)), true);
  expect("untrained", /without training/.test(finding.verdict(0.0006, 270, 270.3)), true);
  expect("wide", /^looks across/.test(finding.verdict(0.3, 24, 25)), true);

  // Colours, numbers, addresses
  const viridis = colors.colorTable("viridis");
  expect("viridis ends", [...viridis.slice(0, 3), ...viridis.slice(-3)], [68, 1, 84, 253, 231, 37]);
  expect("percent", [0.0712, 0.25, 0.0004, null].map(format.percent), ["7.1 %", "25 %", "0.04 %", "–"]);
  expect("curl", format.curl("http://h/v1?x='"), "curl -fsS 'http://h/v1?x=%27'");
  const chosen = {...state.defaults, model: "job:1@latest", image: "a b:3", query: "2,3"};
  const address = state.serialize(chosen);
  expect("address", address, "model=job:1@latest&image=a+b:3&query=2,3");
  expect("and back", state.parse(`#${address}&nonsense=1`), chosen);
  expect("query of a patch", state.parseQuery("2,3"), {row: 2, col: 3});
  expect("query of a rectangle", state.parseQuery("2,3-4,5"), {row: 2, col: 3, row2: 4, col2: 5});
  expect("pins", state.parsePins("2,3;x;4,5"), [{row: 2, col: 3}, {row: 4, col: 5}]);

  // A canvas has the colours it was given
  const canvas = map.attentionMap({values: [0, 1], rows: 1, cols: 2}, {width: 2, height: 1, high: 1});
  expect("painted", [...canvas.getContext("2d").getImageData(0, 0, 2, 1).data], [68, 1, 84, 255, 253, 231, 37, 255]);

  // The client, with a server of three lines
  const asked = [];
  const answers = (...list) => api.createApi({
    base: new URL("http://host/below/"), sleep: async (milliseconds) => { asked.push(milliseconds); },
    fetcher: async (url) => {
      asked.push(url);
      const {status = 200, body = {}, headers = {}} = list.shift();
      return new Response(JSON.stringify(body), {status, headers});
    }
  });
  const notices = [];
  const busy = answers({status: 503, headers: {"Retry-After": "3"}},
    {status: 202, headers: {Location: "/v1/analyses/7"}, body: {state: "running"}}, {body: {mean: 1}});
  const onWait = (...notice) => notices.push(notice);
  expect("busy, then computing, then there",
    await busy.analysis(busy.analysisURL("m", "attention-nmi", {probe_set: "p"}), {onWait}), {mean: 1});
  expect("asked", asked, ["http://host/below/v1/models/m/analyses/attention-nmi?probe_set=p", 3000,
    "http://host/below/v1/models/m/analyses/attention-nmi?probe_set=p", 1000, "http://host/below/v1/analyses/7"]);
  expect("told", notices, [[3, "busy", null], [1, "computing", {state: "running"}]]);
  asked.length = 0;
  const queued = answers({status: 202, headers: {Location: "/v1/analyses/8"}, body: {ready: 0, results: 2}},
    {status: 202, headers: {Location: "/v1/analyses/8"}}, {body: {metrics: []}}, {body: {state: "cancelled"}});
  expect("a comparison in the queue is waited for", await queued.compare({models: ["a", "b"]}), {metrics: []});
  await queued.cancelWork({links: {cancel: "/v1/jobs/9/cancel"}});
  expect("asked for the comparison", asked, ["http://host/below/v1/comparisons", "http://host/below/v1/analyses/8",
    1000, "http://host/below/v1/analyses/8", "http://host/below/v1/jobs/9/cancel"]);
  asked.length = 0;
  let release = null;
  const lanes = api.createApi({base: new URL("http://host/"), askToken: null,
    sleep: () => new Promise((resolve) => { release = resolve; }),
    fetcher: async (url) => url.includes("slow") && !release
      ? new Response("{}", {status: 202, headers: {Location: "/v1/analyses/slow"}}) : new Response("7")});
  const slow = ["slow1", "slow2"].map((name) => lanes.analysis(`http://host/${name}`));
  expect("what the queue computes keeps nobody waiting", await lanes.analysis("http://host/quick"), 7);
  release();
  Promise.allSettled(slow);
  asked.length = 0;
  const twice = answers({body: 5});
  const both = await Promise.all([twice.analysis("http://host/x"), twice.analysis("http://host/x")]);
  expect("asked once for two", [both, asked.length], [[5, 5], 1]);
  let gone = 2;
  const restarted = api.createApi({base: new URL("http://host/"), sleep: async () => {}, fetcher: async () => {
    if (gone-- > 0) throw new TypeError("Failed to fetch");
    return new Response("7");
  }});
  expect("a server that comes back answers", await restarted.analysis("http://host/x"), 7);
  await refuses("problem", () => answers({status: 404, body: {detail: "no model m"}}).model("m"), /^no model m$/);
  const locked = answers({status: 401, body: {type: "/problems/unauthorized", detail: "no token"}});
  await refuses("no token", () => locked.about(), /^no token$/);
  const tokens = [];
  const guarded = api.createApi({
    base: new URL("http://host/"),
    askToken: (signIn) => signIn("t"),
    fetcher: async (url, {method = "GET", body = null} = {}) => {
      tokens.push([method, url, body]);
      return tokens.length === 1
        ? new Response(JSON.stringify({type: "/problems/unauthorized"}), {status: 401})
        : new Response(method === "POST" ? null : "7", {status: method === "POST" ? 204 : 200});
    }
  });
  expect("signed in, then asked again", [await guarded.about(), tokens], [7, [["GET", "http://host/v1", null],
    ["POST", "http://host/v1/session", JSON.stringify({token: "t"})], ["GET", "http://host/v1", null]]]);
  expect("duration", [4, 75, 7322, 200000, null].map(format.duration), ["4 s", "1 min 15 s", "2 h 2 min", "2 d 7 h", "–"]);
  expect("events", locked.jobEventsURL("J", 3), "http://host/below/v1/jobs/J/events?after=3");
  expect("all events", locked.jobEventsURL("J"), "http://host/below/v1/jobs/J/events");
  expect("checkpoint as model", locked.analysisURL("job:J@latest", "fourier", {}, "json"),
    "http://host/below/v1/models/job:J@latest/analyses/fourier?");
  await refuses("problem without words", () => answers({status: 500, body: []}).model("m"), /500/);
  const stop = new AbortController();
  stop.abort();
  await refuses("given up", () => answers({}).analysis("http://host/y", {signal: stop.signal}), /abort/);
  return failures;
})
