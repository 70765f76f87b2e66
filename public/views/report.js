// What is on the page as one file that stands alone: models, images, maps, curves, numbers and addresses.

import {h} from "../lib/dom.js";
import {count, imageName} from "../lib/format.js";
import {save} from "./data-menu.js";

const STYLE = `:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;
padding:0 1rem}img,svg{max-width:100%;height:auto;border-radius:6px}figure{margin:1rem 0;break-inside:avoid}
.row{display:flex;flex-wrap:wrap;gap:1rem}.row figure{flex:1 1 18rem}figcaption,.muted{color:#68727d;font-size:.88rem}
h2{margin-top:2.4rem;border-top:1px solid #8886;padding-top:1rem}code,a{overflow-wrap:anywhere}
table{border-collapse:collapse}td,th{border-bottom:1px solid #8886;padding:.2rem .7rem;text-align:left}
@media print{body{max-width:none;margin:0;font-size:11px}}`;

/** The text of the file. `{sentence, models, image, probe, maps, panels, address}`. */
export function reportText({sentence, models, image, probe, maps, panels, address}) {
  const words = (panel) => panel.summary();
  const page = h("html", {lang: "en"},
    h("head", {}, h("meta", {charset: "utf-8"}), h("meta", {name: "viewport", content: "width=device-width, initial-scale=1"}),
      h("title", {}, `ViTScope: ${models.map(({name}) => name).join(", ")}`), h("style", {}, STYLE)),
    h("body", {},
      h("h1", {}, models.map(({name}) => name).join(" and ")), h("p", {}, sentence),
      h("table", {}, h("thead", {}, h("tr", {}, ["Model", "Read as", "Parameters", "SHA-256"].map((name) => h("th", {}, name)))),
        h("tbody", {}, models.map((model) => h("tr", {}, [model.name, model.recognised_as ?? "", count(model.parameters),
          model.sha256 ?? ""].map((text) => h("td", {}, h("code", {}, text))))))),
      h("p", {class: "muted"}, `Image ${imageName(image)}; curves measured on ${probe}. `, h("a", {href: address}, address)),
      h("h2", {}, "Maps"), h("div", {class: "row"}, maps.map(({title, canvas}) => h("figure", {},
        h("img", {src: canvas.toDataURL("image/png"), alt: title}), h("figcaption", {}, title)))),
      panels.map((panel) => {
        const {title, reading, note} = words(panel);
        return [h("h2", {}, title), reading && h("p", {}, reading), panel.charts().map(({title: name, chart}) =>
          h("figure", {}, svgNode(chart.svg(name)))), h("p", {class: "muted"}, note), links(panel)];
      }),
      h("p", {class: "muted"}, `Made on ${new Date().toISOString().slice(0, 16).replace("T", " ")} UTC.`)));
  return `<!doctype html>\n${page.outerHTML}\n`;
}

const svgNode = (text) => document.importNode(new DOMParser().parseFromString(text, "image/svg+xml").documentElement, true);

/** The calls behind a panel, as its own menu has them. */
const links = (panel) => h("p", {class: "muted"}, [...panel.node.querySelectorAll(".menu a")]
  .flatMap((link) => [h("a", {href: link.href}, `${link.closest(".menu-row").querySelector(".menu-label").textContent} ` +
    link.textContent), " "]));

/** Saves the report under a name with the models. */
export function saveReport(parts) {
  const name = `vitscope-${parts.models.map((model) => model.name).join("-")}`.replaceAll(/[^\w.-]+/g, "-");
  save(new Blob([reportText(parts)], {type: "text/html"}), `${name}.html`);
}
