import {button, h} from "../lib/dom.js";
import {curl} from "../lib/format.js";
import {picturePNG} from "../lib/picture.js";

/**
 * Everything that a panel can be taken away as: pictures, the numbers in each format, and the call as a link, curl,
 * a command and Python.
 * calls: `[{label, url(format), model}]`; permalinks: of each call the address under which its result stays;
 * charts: a function that gives `[{title, chart}]`, or null.
 */
export function dataMenu(calls, {
  formats = ["json", "csv", "npy", "npz"], announce, name = "Save", permalinks = [], charts = null, isAnalysis = true
} = {}) {
  const menu = h("details", {class: "menu"},
    h("summary", {class: "button quiet"}, name),
    h("div", {class: "menu-body"},
      charts && h("div", {class: "menu-row"}, h("span", {class: "menu-label"}, "Picture"),
        button("PNG", () => saveCharts(charts(), "png"), {look: "link"}),
        button("SVG", () => saveCharts(charts(), "svg"), {look: "link"})),
      calls.map(({label, url, model}, i) => h("div", {class: "menu-row"},
        h("span", {class: "menu-label"}, label),
        formats.map((format) => link(url(format), format)),
        permalinks[i] && button("Copy permalink", () => copy(permalinks[i], announce), {look: "link"}),
        button("Copy curl", () => copy(curl(url("json")), announce), {look: "link"}),
        isAnalysis && button("Command", () => copy(command(url("json"), model), announce),
          {look: "link", title: "Copy the vitscope command that computes it without a server"}),
        isAnalysis && button("Python", () => copy(python(url("npy")), announce), {look: "link", title: "Copy the lines for NumPy"}))),
      h("div", {class: "menu-row"}, h("span", {class: "menu-label"}, "This page"),
        button("Copy link", () => copy(location.href, announce), {look: "link"}))));
  closeOutside(menu);
  return menu;
}

const link = (href, format) => format === "json"
  ? h("a", {href, target: "_blank"}, "JSON")
  : h("a", {href, download: ""}, format.toUpperCase());

/** `vitscope analyze` for an analysis address: the file of the model, and a folder of images to be named. */
export function command(address, model) {
  const url = new URL(address);
  const kind = /\/(?:analyses\/)?([a-z-]+)$/.exec(url.pathname)?.[1] ?? "";
  const word = (text) => /^[\w./:,=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
  const options = [...url.searchParams].filter(([key]) => !["image", "probe_set", "format", "a", "b"].includes(key))
    .map(([key, value]) => `--${key.replaceAll("_", "-")} ${word(value)}`);
  const file = model?.path && model.path !== "built-in" ? `data/models/${model.path}` : "FILE";
  return ["vitscope analyze", kind, `--model ${word(file)}`, "--images DIR", ...options].join(" ");
}

/** Lines that read an .npy answer into NumPy. */
export const python = (address) => [
  "import io, urllib.request", "import numpy as np", `url = ${JSON.stringify(address)}`,
  "values = np.load(io.BytesIO(urllib.request.urlopen(url).read()))", "print(values.shape)"
].join("\n");

/** Saves each chart under its title. */
export async function saveCharts(charts, format) {
  for (const {title, chart} of charts) {
    const text = chart.svg(title);
    const name = `${title.replaceAll(/[^\w.-]+/g, "-").replace(/^-|-$/g, "").toLowerCase()}.${format}`;
    if (format === "svg") save(new Blob([text], {type: "image/svg+xml"}), name);
    else save(await picturePNG(text), name);
  }
}

/** Menus close as people expect: with Escape, and when the focus or the pointer goes elsewhere. */
function closeOutside(menu) {
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
  menu.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
  });
  const outside = (event) => {
    if (!menu.contains(event.target)) menu.open = false;
  };
  menu.addEventListener("toggle", () => {
    if (menu.open) document.addEventListener("pointerdown", outside);
    else document.removeEventListener("pointerdown", outside);
  });
}

/** Copies text. Outside secure contexts the clipboard interface is missing, and a selection does it. */
export async function copy(text, announce) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = h("textarea", {class: "off-screen", value: text, "aria-hidden": "true"});
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  announce(`Copied: ${text}`);
}

/** Saves a blob under a name. */
export function save(blob, name) {
  const url = URL.createObjectURL(blob);
  h("a", {href: url, download: name}).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
