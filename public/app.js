// Wires the page together: what is chosen (state), what there is (lists), and the views of both.

import {createApi} from "./api.js";
import {createState, createValue} from "./state.js";
import {h} from "./lib/dom.js";
import {createAnalyses} from "./views/analyses.js";
import {createExplorer} from "./views/explorer.js";
import {createFinding} from "./views/finding.js";
import {createGallery} from "./views/gallery.js";
import {createHeader, createViews} from "./views/header.js";
import {createModelsDialog} from "./views/models-dialog.js";
import {createQueue} from "./views/queue.js";
import {saveReport} from "./views/report.js";
import {createSignIn} from "./views/sign-in.js";
import {createUpload} from "./views/upload.js";
import {createWelcome} from "./views/welcome.js";
import {problemView} from "./views/problem.js";

const POLL_MILLISECONDS = 1500;
/** Contrast and masking: the models of the demo that the paper compares. */
const DEMO_PAIR = ["moco_v3", "simmim"];

async function start() {
  const api = createApi({askToken: createSignIn()});
  const listing = fetchLists(api);
  // Where the kinds cannot be had either, they say why.
  listing.catch(() => {});
  const kinds = await api.analysisKinds().catch((error) => {
    document.getElementById("main").replaceChildren(
      h("section", {class: "card welcome", "data-panel": "start", "data-state": "error"},
        problemView(error, {retry: start})));
  });
  if (!kinds) return;
  const state = createState(window);
  const lists = createValue({models: null, datasets: null, probeSets: null});
  const uploads = rememberedUploads(state.value.image);
  const main = document.getElementById("main");
  const {announce, report} = createNotice(document.getElementById("notice"));

  const upload = createUpload({api, state, uploads, announce, report});
  const gallery = createGallery({api, state, lists, uploads, pickFile: upload.pickFile});
  const dialog = createModelsDialog({api, state, lists, refresh, announce});
  const header = createHeader({state, lists, openModels: dialog.open, openReport});
  const explorer = createExplorer({
    api, state, kinds, announce, refresh, openReport: dialog.openReport, gallery: gallery.node
  });
  const analyses = createAnalyses({
    api, state, lists, kinds, announce, readTheme, refresh, layer: explorer.layer
  });
  const finding = createFinding({api, state});
  let training = null;
  const welcome = createWelcome({api, announce, added: refresh});
  const queue = createQueue({api, announce});
  document.getElementById("top").append(createViews({state}).node, header.node, queue.node);

  /** One file with what is seen: maps, and the panels that are drawn. */
  function openReport() {
    const {model, compare, image} = state.value;
    saveReport({
      sentence: finding.words(), image, probe: analyses.measuredOn().chosen, address: location.href,
      models: lists.value.models.filter(({name}) => name === model || name === compare), maps: explorer.pictures(),
      panels: analyses.panels().filter((panel) => panel.charts().length > 0)
    });
    announce("The report is saved: one file, with every panel that is drawn.");
  }

  /** Fetches the lists again. */
  function refresh() {
    return take(fetchLists(api));
  }

  async function take(fetched) {
    try {
      lists.set(await fetched);
      pollSoon();
      await show();
    } catch (error) {
      if (lists.value.models) return report(error);
      main.replaceChildren(h("section", {class: "card welcome", "data-panel": "start", "data-state": "error"},
        problemView(error, {retry: refresh})));
    }
  }

  // While a model is loading its state is asked for; only a change redraws, so open menus stay open. A checkpoint of a
  // training is in no list; it is asked for by its name.
  let timer = 0;
  let checkpointLoads = false;
  function pollSoon() {
    clearTimeout(timer);
    const loads = lists.value.models.some((model) => model.state === "loading");
    if (loads || checkpointLoads) timer = setTimeout(poll, POLL_MILLISECONDS);
  }

  async function poll() {
    const models = await api.models().catch(() => lists.value.models);
    const changed = JSON.stringify(models) !== JSON.stringify(lists.value.models);
    if (changed) lists.set({...lists.value, models});
    const again = changed || checkpointLoads;
    if (!again) return pollSoon();
    await show();
    pollSoon();
  }

  async function show() {
    const {models} = lists.value;
    if (state.value.view === "training") return showTraining();
    training?.close();
    const first = models.find((model) => model.state === "ready") ?? models[0];
    if (!first && !state.value.model) return main.replaceChildren(welcome);
    if (explorer.node.parentNode !== main) main.replaceChildren(finding.node, explorer.node, analyses.node);
    if (!state.value.model) state.set(firstSight(models, first), {silent: true});
    gallery.update();
    const {model, compare} = state.value;
    const chosen = await Promise.all([model, compare].filter(Boolean).map(find));
    if (state.value.model !== model || state.value.compare !== compare || state.value.view) return;
    const isNew = !checkpointLoads;
    checkpointLoads = chosen.some(({name, state: now}) => now === "loading" && name.startsWith("job:"));
    if (checkpointLoads && isNew) pollSoon();
    explorer.update(chosen);
    analyses.update(chosen);
    finding.update(chosen, analyses.measuredOn(), explorer.layer(), explorer.settled());
  }

  /** The trainings have modules of their own, which come when they are wanted. */
  async function showTraining() {
    const {createTraining} = await import("./views/training.js");
    if (state.value.view !== "training") return;
    training ??= createTraining({api, state, lists, kinds, announce, readTheme});
    if (training.node.parentNode === main) return;
    for (const view of [explorer, analyses, finding]) view.leave();
    main.replaceChildren(training.node);
    training.open();
  }

  /** The model of that name, or its name with the server's reason why there is none. */
  async function find(name) {
    const known = lists.value.models.find((model) => model.name === name);
    try {
      const model = known ?? await api.model(name);
      return model.state === "failed"
        ? {...model, error: {title: "This model could not be loaded", message: failure(model)}}
        : {...model, error: null};
    } catch (error) {
      return {name, error};
    }
  }

  state.subscribe((_, changed) => {
    if (lists.value.models && ["model", "compare", "view"].some((name) => changed.has(name))) show();
  });
  state.subscribe((_, changed) => {
    if (!finding.node.isConnected) return;
    if (changed.has("step")) finding.showStep();
    if (changed.has("layer")) finding.mark(explorer.layer() ?? 0, whereMeasured());
    if (changed.has("probe") || (changed.has("image") && analyses.measuredOn().chosen === "image")) show();
  });
  const whereMeasured = () => {
    const {nImages, chosen} = analyses.measuredOn();
    return nImages === 1 ? "this image" : `the ${nImages} images of ${chosen}`;
  };
  // The fragment holds the page's state, so the skip link moves the focus itself.
  document.getElementById("skip").addEventListener("click", (event) => {
    event.preventDefault();
    (main.querySelector(".map-canvas") ?? main).focus();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    analyses.update();
    training?.redraw();
  });
  take(listing);
  queue.load();
  api.about().then(({name, version, cpu}) => {
    const parts = [`${name} ${version}`, cpu?.model, cpu?.cores ? `${cpu.cores} cores` : ""];
    document.getElementById("about").textContent = parts.filter(Boolean).join(" · ");
  }, () => {});
}

/** What there is to look at. */
async function fetchLists(api) {
  const [models, datasets, probeSets] = await Promise.all([api.models(), api.datasets(), api.probeSets()]);
  return {models, datasets, probeSets};
}

/** What a visit without an address shows: the demo's two ways to learn side by side, or else the first model alone. */
function firstSight(models, first) {
  // Just after the server's start they may be loading still.
  const isThere = (name) => models.some((model) => model.name === name && model.state !== "failed");
  return DEMO_PAIR.every(isThere) ? {model: DEMO_PAIR[0], compare: DEMO_PAIR[1], layer: "4", query: "1,1", pins: "1,1;3,5;6,3"} : {model: first.name};
}

/** The reason a model failed: a sentence, or a problem object. */
const failure = ({error}) => typeof error === "string" ? error : error?.detail ?? "See its load report.";

/** One line at the foot of the page for what happened; it goes by itself. */
function createNotice(node) {
  let timer = 0;
  const put = (content, seconds) => {
    clearTimeout(timer);
    node.replaceChildren(content);
    timer = setTimeout(() => node.replaceChildren(), seconds * 1000);
  };
  return {announce: (text) => put(h("p", {}, text), 5), report: (error) => put(problemView(error), 15)};
}

/** The charts' colours, as the style sheet has them now. */
function readTheme() {
  const style = getComputedStyle(document.documentElement);
  const color = (name) => style.getPropertyValue(name).trim();
  return {
    text: color("--text"), muted: color("--muted"), line: color("--line"), card: color("--card"),
    series: [color("--a"), color("--b")]
  };
}

/** Images sent from this browser. The server has them; only the list of their names is kept here. */
function rememberedUploads(current) {
  const key = "vitscope.uploads";
  const read = () => {
    try {
      const names = JSON.parse(localStorage.getItem(key) ?? "[]");
      return Array.isArray(names) ? names.filter((name) => /^sha256:[0-9a-f]{64}$/.test(name)) : [];
    } catch {
      return [];
    }
  };
  const uploads = createValue([...new Set([...(current.startsWith("sha256:") ? [current] : []), ...read()])]);
  uploads.subscribe((names) => {
    try {
      localStorage.setItem(key, JSON.stringify(names.slice(0, 60)));
    } catch {
      // Without storage the list lives as long as the page.
    }
  });
  return uploads;
}

start();
