import {button, h} from "../lib/dom.js";
import {curl} from "../lib/format.js";

/**
 * The call behind a picture: links to it in each format, and the curl command.
 * calls: `[{label, url(format)}]`; permalinks: of each call the address under which its result stays.
 */
export function dataMenu(calls, {
  formats = ["json", "csv", "npy", "npz"], announce, name = "Data", permalinks = []
} = {}) {
  const menu = h("details", {class: "menu"},
    h("summary", {class: "button quiet"}, name),
    h("div", {class: "menu-body"}, calls.map(({label, url}, i) => h("div", {class: "menu-row"},
      h("span", {class: "menu-label"}, label),
      formats.map((format) => link(url(format), format)),
      button("Copy curl", () => copy(curl(url("json")), announce), {look: "link"}),
      permalinks[i] && button("Copy permalink", () => copy(permalinks[i], announce), {look: "link"})))));
  closeOutside(menu);
  return menu;
}

const link = (href, format) => format === "json"
  ? h("a", {href, target: "_blank"}, "JSON")
  : h("a", {href, download: ""}, format.toUpperCase());

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
